import Foundation
import ProgramDriver
import Testing

/// A kernel of a few instructions under the host's KVM, from the command line through the jail to the exit code.
struct KVMTests {
    private static let isThere = access("/dev/kvm", R_OK | W_OK) == 0

    /// A bzImage whose 64-bit entry prints to the serial port and switches the machine off.
    private static func kernel(_ text: String) throws -> URL {
        var bytes = [UInt8](repeating: 0, count: 1024)
        (bytes[0x1F1], bytes[0x201], bytes[0x207], bytes[0x206]) = (1, 0x6A, 2, 0x0F)
        bytes.replaceSubrange(0x202..<0x206, with: "HdrS".utf8)
        bytes.replaceSubrange(0x22C..<0x230, with: [0xFF, 0xFF, 0xFF, 0x7F])
        (bytes[0x236], bytes[0x238], bytes[0x239], bytes[0x25B]) = (1, 0xFF, 7, 1)
        bytes += [UInt8](repeating: 0x90, count: 0x200)
        // mov dx, port; mov al, byte; out dx, al
        for byte in text.utf8 { bytes += [0x66, 0xBA, 0xF8, 0x03, 0xB0, byte, 0xEE] }
        bytes += [0x66, 0xBA, 0x00, 0x06, 0xB0, 0x34, 0xEE, 0xF4]
        let file = Programs.scratch.appending(path: "kvm-\(UUID().uuidString)")
        try Data(bytes).write(to: file)
        return file
    }

    @Test(.enabled(if: isThere, "/dev/kvm is not there or cannot be opened"))
    func aKernelRunsInTheJail() throws {
        let image = try Self.kernel("from the guest")
        let options = ["--arch", "x86_64", "--kernel", image.path(), "--net", "none", "--memory", "64M"]
        let answer = try Command.run(Programs.viv, ["boot"] + options + ["--accel", "kvm"])
        #expect(answer.code == 0, "\(answer.errors)")
        #expect(answer.output.contains("from the guest"))
        // The boards that KVM does not run yet, and other processors.
        for refused in [
            ["--arch", "x86_64", "--board", "pc", "--disk", image.path()], ["--kernel", image.path()],
        ] {
            #expect(try Command.run(Programs.viv, ["boot", "--accel", "kvm"] + refused).code == 69)
        }
    }

    @Test func theDoctorSaysWhatKVMIsWorth() throws {
        let answer = try Command.run(Programs.viv, ["doctor"])
        #expect(answer.code == 0)
        #expect(answer.output.contains("/dev/kvm: "))
    }
}
