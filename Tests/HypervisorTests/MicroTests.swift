import Hypervisor
import Model
import Testing

/// The micro board with x86-64 programs of a few bytes in a bzImage.
struct MicroTests {
    /// A kernel whose 64-bit entry is `code`.
    static func kernel(_ code: [UInt8]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1024)
        bytes[0x1F1] = 1
        bytes[0x201] = 0x6A
        bytes.replaceSubrange(0x202..<0x206, with: "HdrS".utf8)
        bytes.replaceSubrange(0x206..<0x208, with: [0x0F, 0x02])
        bytes.replaceSubrange(0x22C..<0x230, with: [0xFF, 0xFF, 0xFF, 0x7F])
        bytes[0x236] = 1
        bytes.replaceSubrange(0x238..<0x23A, with: [0xFF, 0x07])
        // 16 MiB.
        bytes[0x25B] = 1
        return bytes + [UInt8](repeating: 0x90, count: 0x200) + code
    }

    /// mov dx, port; mov al, value; out dx, al
    static func output(_ port: UInt16, _ value: UInt8) -> [UInt8] {
        [0x66, 0xBA, UInt8(port & 0xFF), UInt8(port >> 8), 0xB0, value, 0xEE]
    }

    static let powerOff = output(0x600, 5 << 2 | 0x20)

    private static func end(of code: [UInt8], _ change: (inout MachineSpec) -> Void = { _ in }) throws -> (
        MachineEvent?, Bench
    ) {
        let bench = try Bench()
        let last = try bench.run {
            $0.arch = .x86
            $0.kernel = try Bench.file(kernel(code))
            change(&$0)
        }
        return (last, bench)
    }

    @Test func aGuestThatPowersOffEndsWell() throws {
        let text = Array("hello\n".utf8).flatMap { Self.output(0x3F8, $0) }
        let (last, bench) = try Self.end(of: text + Self.powerOff + [0xF4])
        #expect(last?.kind == .poweredOff)
        #expect(last?.exitCode == .success)
        #expect(try bench.consoleText() == "hello\n")
    }

    @Test func aGuestThatResetsStartsAgain() throws {
        #expect(try Self.boots(of: Self.output(0x602, 1) + [0xF4]) == 3)
    }

    @Test func aTripleFaultStartsAgain() throws {
        #expect(try Self.boots(of: [0x0F, 0x0B]) == 3)
    }

    /// How often the machine has started again when it is ended after three times.
    private static func boots(of code: [UInt8]) throws -> Int {
        let bench = try Bench()
        var boots = 0
        bench.onEvent = { [unowned bench] event in
            guard event.kind == .rebooted else { return }
            boots += 1
            if boots == 3 { bench.machine?.kill("enough") }
        }
        _ = try bench.run {
            $0.arch = .x86
            $0.kernel = try Bench.file(kernel(code))
        }
        return boots
    }

    @Test func aHaltWithInterruptsOffIsTheEnd() throws {
        let (last, _) = try Self.end(of: [0xFA, 0xF4])
        #expect(last?.kind == .guestFailed)
    }

    /// Code that starts all other cores in x2APIC mode, in real mode at 0x5000, where they count themselves, and goes
    /// on when the byte at 0x6000 says that `count` have.
    private static func startOthers(_ count: UInt8) -> [UInt8] {
        // lock incb 0x6000; cli; hlt, copied to 0x5000 as one word of eight bytes.
        let start: [UInt8] = [0xF0, 0xFE, 0x06, 0x00, 0x60, 0xFA, 0xF4, 0xF4]
        // mov $start, %rax; mov %rax, 0x5000
        return [0x48, 0xB8] + start + [0x48, 0x89, 0x04, 0x25, 0x00, 0x50, 0, 0]
            // mov $0x1B, %ecx; rdmsr; or $0xC00, %eax; wrmsr
            + [0xB9, 0x1B, 0, 0, 0, 0x0F, 0x32, 0x0D, 0, 0x0C, 0, 0, 0x0F, 0x30]
            // mov $0x830, %ecx; xor %edx, %edx; mov $0xC4500, %eax; wrmsr; mov $0xC4605, %eax; wrmsr
            + [0xB9, 0x30, 0x08, 0, 0, 0x31, 0xD2, 0xB8, 0x00, 0x45, 0x0C, 0, 0x0F, 0x30]
            + [0xB8, 0x05, 0x46, 0x0C, 0, 0x0F, 0x30]
            // wait: cmpb $count, 0x6000; jne wait
            + [0x80, 0x3C, 0x25, 0x00, 0x60, 0, 0, count, 0x75, 0xF6]
    }

    @Test(arguments: [Accelerator.interpret, .auto], [2, 8])
    func theFirstCoreStartsTheOthers(_ accelerator: Accelerator, _ cores: Int) throws {
        let code = Self.startOthers(UInt8(cores - 1)) + Self.output(0x3F8, 0x2B) + Self.powerOff + [0xF4]
        let (last, bench) = try Self.end(of: code) {
            $0.cpus = cores
            $0.accelerator = accelerator
        }
        #expect(last?.kind == .poweredOff)
        #expect(try bench.consoleText() == "+")
    }

    /// Leaf 1, ECX, and leaf 7, EBX, as the guest sees them, by the bits that a level has and has not.
    @Test(
        arguments: [
            (CPUModel.v1, 0 as UInt32, 0x40D8_2201 as UInt32, 0x000C_0108 as UInt32),
            (.v2, 0x0098_2201, 0x4040_0002, 0x000C_0108), (.host, 0x40D8_2201, 0, 0),
        ]) func modelsTellOfTheirLevel(_ model: CPUModel, _ has: UInt32, _ lacks: UInt32, _ lacks7: UInt32)
        throws
    {
        func bytes(_ word: UInt32) -> [UInt8] { withUnsafeBytes(of: word.littleEndian) { Array($0) } }
        // mov $1, %eax; cpuid; mov %ecx, %esi; mov $7, %eax; xor %ecx, %ecx; cpuid
        let read: [UInt8] = [
            0xB8, 1, 0, 0, 0, 0x0F, 0xA2, 0x89, 0xCE, 0xB8, 7, 0, 0, 0, 0x31, 0xC9, 0x0F, 0xA2,
        ]
        // A trap for each that is not so: mov %esi, %eax; and $mask, %eax; cmp $wanted, %eax; je over; ud2
        func check(_ move: [UInt8], _ mask: UInt32, _ wanted: UInt32) -> [UInt8] {
            move + [0x25] + bytes(mask) + [0x3D] + bytes(wanted) + [0x74, 0x02, 0x0F, 0x0B]
        }
        let code =
            read + check([0x89, 0xF0], has, has) + check([0x89, 0xF0], lacks, 0)
            + check([0x89, 0xD8], lacks7, 0)
        let bench = try Bench()
        bench.onEvent = { [unowned bench] event in
            if event.kind == .rebooted { bench.machine?.kill("a check has failed") }
        }
        let last = try bench.run {
            $0.arch = .x86
            $0.kernel = try Bench.file(Self.kernel(code + Self.powerOff + [0xF4]))
            $0.cpuModel = model
        }
        #expect(last?.kind == .poweredOff)
    }

    @Test func whatCannotBeIsRefused() throws {
        for change in [
            { (spec: inout MachineSpec) in spec.deviceTreeDump = 2 }, { $0.memory = 4 << 30 },
            { $0.cpuModel = .v3 }, { $0.cpuModel = .v4 },
        ] {
            let bench = try Bench()
            #expect(throws: MachineError.self) {
                _ = try bench.assemble {
                    $0.arch = .x86
                    $0.kernel = try Bench.file(Self.kernel([0xF4]))
                    change(&$0)
                }
            }
        }
    }
}
