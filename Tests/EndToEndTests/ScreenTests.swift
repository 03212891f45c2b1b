import Foundation
import Host
import ProgramDriver
import Testing

/// Screen and keyboard of a PC from outside: what a boot sector prints is seen, what is typed arrives.
@Suite(.serialized, .enabled(if: Programs.hasSeaBIOS, "SeaBIOS is not installed (Debian: seabios)"))
struct ScreenTests {
    /// Prints the text behind its code by INT 10h, then whatever is typed (INT 16h) until a q switches the machine off.
    private static let bootSector: [UInt8] =
        [
            0x31, 0xC0, 0x8E, 0xD8, 0xBE, 0x2A, 0x7C,  // xor ax,ax; mov ds,ax; mov si,text
            0xAC, 0x84, 0xC0, 0x74, 0x06,  // next: lodsb; test al,al; jz keys
            0xB4, 0x0E, 0xCD, 0x10, 0xEB, 0xF5,  // mov ah,0Eh; int 10h; jmp next
            0xB4, 0x00, 0xCD, 0x16, 0x3C, 0x71, 0x74, 0x06,  // keys: mov ah,0; int 16h; cmp al,'q'; je off
            0xB4, 0x0E, 0xCD, 0x10, 0xEB, 0xF2,  // mov ah,0Eh; int 10h; jmp keys
            0xBA, 0x04, 0xB0, 0xB8, 0x00, 0x20, 0xEF,  // off: mov dx,0xB004; mov ax,0x2000; out dx,ax
            0xF4, 0xEB, 0xFD,  // hlt; jmp hlt
        ] + Array("Hello by INT 10h\r\n".utf8) + [0]

    private func boot(_ name: String, _ options: String...) throws -> Guest {
        let image = try Programs.bootDisk("screen", size: 1 << 20, Self.bootSector)
        return try Guest(
            [
                "--arch", "x86_64", "--board", "pc", "--disk", image.path(), "--net", "none", "--name", name,
            ] + options)
    }

    private func viv(_ arguments: String...) throws {
        let result = try Command.run(Programs.viv, arguments, patience: 200)
        #expect(result.code == 0, "viv \(arguments): \(result.output) \(result.errors)")
    }

    @Test func whatABootSectorPrintsIsSeenAndWhatIsTypedArrives() throws {
        let guest = try boot("screen-test")
        try guest.expect("Hello by INT 10h")
        let id = try guest.id
        try viv("wait-text", id, "Hello by INT 10h")
        try viv("type", id, "Typed: {{}#}")
        try viv("wait-text", id, "Typed: {#}")
        let text = try Command.run(Programs.viv, ["screenshot", id, "--text"])
        #expect(text.output.contains("SeaBIOS"))
        #expect(text.output.contains("Hello by INT 10h"))
        // Kept for people to look at.
        let file = try Programs.artefact("screen.png")
        try viv("screenshot", id, file.path())
        let picture = try Data(contentsOf: file)
        #expect(picture.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
        // 720 by 400 pixels by a palette, and more than an empty screen would take.
        #expect(picture[16..<26].elementsEqual([0, 0, 2, 0xD0, 0, 0, 1, 0x90, 8, 3]))
        #expect(picture.count > 1000)
        let missing = try Command.run(Programs.viv, ["wait-text", id, "no such text", "--timeout", "0.5"])
        #expect(missing.code == 75)
        try viv("key", id, "q")
        #expect(try guest.exitCode() == 0)
    }

    @Test func keysThatDoNotExistAreTold() throws {
        let guest = try boot("screen-keys")
        try guest.expect("Hello by INT 10h")
        let id = try guest.id
        for arguments in [["key", id, "nosuchkey"], ["type", id, "{open"], ["type", id, "ж"]] {
            #expect(try Command.run(Programs.viv, arguments).code == 64)
        }
        try viv("key", id, "a", "Q")
        #expect(try guest.exitCode() == 0)
    }

    @Test(.enabled(if: Programs.hasBusybox, "the busybox guest cannot be had"))
    func aSerialConsoleIsTypedOnAndRead() throws {
        let guest = try Guest(["busybox", "--net", "none"])
        try guest.expect("# ")
        let id = try guest.id
        try viv("wait-text", id, "# ")
        try viv("type", id, "echo serial-$((40+2)){enter}")
        try viv("wait-text", id, "serial-42")
        #expect(try Command.run(Programs.viv, ["screenshot", id, "x.png"]).code == 69)
        try viv("type", id, "poweroff{enter}")
        #expect(try guest.exitCode() == 0)
    }

    /// Reads exactly so many bytes.
    private func read(_ count: Int, from socket: borrowing FileDescriptor) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard let some = try Descriptors.read(socket.raw, limit: count - bytes.count), !some.isEmpty
            else {
                throw Disappointment("the connection has ended after \(bytes.count) of \(count) bytes")
            }
            bytes += some
        }
        return bytes
    }

    @Test func viewersSeeTheScreenAndType() throws {
        let path = Programs.scratch.appending(path: "viewers.sock").path()
        let guest = try boot("screen-viewers", "--display", "vnc:unix:\(path)")
        try guest.expect("Hello by INT 10h")
        let id = try guest.id
        try viv("wait-text", id, "Hello by INT 10h")
        // One that talks nonsense is hung up on; the next one is served.
        let rude = try UnixSocket.connect(path)
        _ = try read(12, from: rude)
        try Descriptors.writeAll(rude.raw, Array("GET / HTTP/1.0\r\n\r\n".utf8))
        #expect(try Descriptors.read(rude.raw)?.isEmpty == true)
        let viewer = try UnixSocket.connect(path)
        #expect(try read(12, from: viewer) == Array("RFB 003.008\n".utf8))
        try Descriptors.writeAll(viewer.raw, Array("RFB 003.008\n".utf8))
        #expect(try read(2, from: viewer) == [1, 1])
        try Descriptors.writeAll(viewer.raw, [1, 1])
        let greeting = try read(4 + 24, from: viewer)
        let name = try read(Int(greeting[27]), from: viewer)
        #expect(String(decoding: name, as: UTF8.self) == "screen-viewers")
        // Raw, and pictures of another size; the whole picture, please.
        try Descriptors.writeAll(
            viewer.raw, [2, 0, 0, 1, 0, 0, 0, 0] + [3, 0, 0, 0, 0, 0, 2, 0xD0, 1, 0x90])
        let head = try read(4, from: viewer)
        var lit = 0
        for _ in 0..<Int(head[2]) << 8 + Int(head[3]) {
            let part = try read(12, from: viewer).map(Int.init)
            let pixels = try read((part[4] << 8 + part[5]) * (part[6] << 8 + part[7]) * 4, from: viewer)
            lit += stride(from: 0, to: pixels.count, by: 4).count { pixels[$0] != 0 }
        }
        #expect(lit > 500 && lit < 50_000)
        // A q, down and up.
        try Descriptors.writeAll(viewer.raw, [4, 1, 0, 0, 0, 0, 0, 0x71, 4, 0, 0, 0, 0, 0, 0, 0x71])
        #expect(try guest.exitCode() == 0)
    }
}
