import Foundation
import Glibc
import Hypervisor
import Model
import Testing

/// The micro board under KVM, with x86-64 programs of a few bytes in a bzImage.
@Suite(
    .serialized,
    .enabled(if: access("/dev/kvm", R_OK | W_OK) == 0, "/dev/kvm is not there or cannot be opened"))
struct KVMPlatformTests {
    private func run(_ code: [UInt8], cpus: Int = 1) throws -> (MachineEvent?, String) {
        let bench = try Bench()
        let last = try bench.run {
            $0.arch = .x86
            $0.kernel = try Bench.file(MicroTests.kernel(code))
            $0.accelerator = .kvm
            $0.cpus = cpus
            $0.kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC)
        }
        return (last, try bench.consoleText())
    }

    @Test func aGuestSpeaksAndPowersOff() throws {
        let text = Array("hello\n".utf8).flatMap { MicroTests.output(0x3F8, $0) }
        let (last, console) = try run(text + MicroTests.powerOff + [0xF4])
        #expect(last?.kind == .poweredOff)
        #expect(console == "hello\n")
    }

    /// A KVM in software delivers nothing through a gate of 64 bits: not even INT gets there.
    private static let isHardware =
        (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?
        .split { $0.isWhitespace }.contains { $0 == "vmx" || $0 == "svm" } == true

    /// The transmitter's interrupt comes by the kernel's I/O APIC: the guest waits for it in HLT.
    @Test(.enabled(if: isHardware, "no VMX or SVM behind this /dev/kvm"))
    func aDevicesInterruptWakesTheGuest() throws {
        var code: [UInt8] = []
        // An IDT at 0x100000 whose gate 0x30 leads to the handler, which powers off.
        code += [0x48, 0x8D, 0x05, 0, 0, 0, 0]  // lea rax, [rip + handler]
        let lea = code.count
        code += [0xBF, 0x00, 0x00, 0x10, 0x00]  // mov edi, 0x100000
        code += [0x66, 0x89, 0x87, 0x00, 0x03, 0, 0]  // mov [rdi+0x300], ax
        code += [0xC7, 0x87, 0x02, 0x03, 0, 0, 0x10, 0x00, 0x00, 0x8E]  // selector 0x10, interrupt gate
        code += [0x48, 0xC1, 0xE8, 0x10]  // shr rax, 16
        code += [0x66, 0x89, 0x87, 0x06, 0x03, 0, 0]  // mov [rdi+0x306], ax
        code += [0xC7, 0x87, 0x08, 0x03, 0, 0, 0, 0, 0, 0]  // mov dword [rdi+0x308], 0
        code += [0x66, 0xC7, 0x07, 0xFF, 0x0F, 0x48, 0x89, 0x7F, 0x02]  // limit; mov [rdi+2], rdi
        code += [0x0F, 0x01, 0x1F]  // lidt [rdi]
        code += [0xBC, 0x00, 0x00, 0x20, 0x00]  // mov esp, 0x200000
        // The local APIC on; input 4 of the I/O APIC to vector 0x30.
        code += [0xBB, 0x00, 0x00, 0xE0, 0xFE, 0xC7, 0x83, 0xF0, 0, 0, 0, 0xFF, 0x01, 0, 0]
        code += [0xBB, 0x00, 0x00, 0xC0, 0xFE]
        code += [0xC7, 0x03, 0x18, 0, 0, 0, 0xC7, 0x43, 0x10, 0x30, 0, 0, 0]
        code += [0xC7, 0x03, 0x19, 0, 0, 0, 0xC7, 0x43, 0x10, 0, 0, 0, 0]
        code += MicroTests.output(0x3FC, 8) + MicroTests.output(0x3F9, 2)  // OUT2, transmitter interrupt
        code += [0xFB, 0xF4, 0xEB, 0xFD]  // sti; hlt; jmp back
        let distance = Int32(code.count - lea)
        withUnsafeBytes(of: distance) { code.replaceSubrange(3..<7, with: $0) }
        code += MicroTests.output(0x3F8, UInt8(ascii: "!")) + MicroTests.powerOff + [0xF4]
        let (last, console) = try run(code)
        #expect(last?.kind == .poweredOff)
        #expect(console == "!")
    }

    @Test func aGuestThatLosesControlIsToldOf() throws {
        let (last, _) = try run([0x0F, 0x01, 0x1C, 0x25, 0, 0, 0, 0, 0x0F, 0x0B])  // lidt [0]; ud2
        #expect(last?.kind == .refused)
    }

    @Test func withoutTheDeviceItIsRefused() throws {
        let bench = try Bench()
        #expect(throws: MachineError.self) {
            _ = try bench.assemble {
                $0.arch = .x86
                $0.kernel = try Bench.file(MicroTests.kernel([0xF4]))
                $0.accelerator = .kvm
            }
        }
    }
}
