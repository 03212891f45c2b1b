import Catalogue
import Glibc
import Host
import Testing

@Suite struct CPIOArchiveTests {
    private func sample() -> [UInt8] {
        var archive = CPIOArchive()
        archive.addFolder("bin")
        archive.addCharacterDevice("console", major: 5, minor: 1, mode: 0o600)
        archive.addFile("bin/tool", Array("12345".utf8), mode: 0o755)
        archive.addLink("bin/sh", to: "tool")
        return archive.finished()
    }

    @Test func `an entry is a header of hexadecimal fields, a name and contents, all padded to four`() {
        var archive = CPIOArchive()
        archive.addFile("ab", [0x78], mode: 0o644)
        let text = String(decoding: archive.finished().prefix(120), as: UTF8.self)
        let fields = [
            "00000001", "000081A4", "00000000", "00000000", "00000001", "00000000", "00000001",
            "00000000", "00000000", "00000000", "00000000", "00000003", "00000000",
        ]
        // 110 bytes of header and 3 of name make 113, padded to 116; then the contents, padded to 120.
        #expect(text == "070701" + fields.joined() + "ab\0" + "\0\0\0" + "x\0\0\0")
    }

    @Test func `the archive ends with a trailer at a multiple of four`() {
        let bytes = sample()
        #expect(bytes.count % 4 == 0)
        #expect(String(decoding: bytes.suffix(14), as: UTF8.self).contains("TRAILER!!!\0"))
    }

    @Test(.enabled(if: access("/usr/bin/cpio", X_OK) == 0, "cpio is not installed"))
    func `cpio itself reads the archive`() throws {
        let file = try FileDescriptor.unlinked(in: "/tmp")
        try Descriptors.writeAll(file.raw, sample())
        lseek(file.raw, 0, SEEK_SET)
        let output = try FileDescriptor.unlinked(in: "/tmp")
        let child = try ChildProcess(
            "/usr/bin/cpio", ["--list", "--verbose", "--numeric-uid-gid", "--quiet"],
            inherit: [.init(file.raw, as: 0), .init(output.raw, as: 1)], environment: ["LC_ALL=C"])
        #expect(child.reap() == .exited(0))
        lseek(output.raw, 0, SEEK_SET)
        let lines = String(decoding: try Descriptors.read(output.raw) ?? [], as: UTF8.self).split(
            separator: "\n")
        #expect(lines.count == 4)
        #expect(lines[0].hasPrefix("drwxr-xr-x   2 0        0"))
        #expect(lines[1].hasPrefix("crw-------   1 0        0          5,   1"))
        #expect(
            lines[2].hasPrefix("-rwxr-xr-x   1 0        0               5") && lines[2].hasSuffix("bin/tool"))
        #expect(lines[3].hasSuffix("bin/sh -> tool"))
    }
}
