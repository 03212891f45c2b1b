import CLinux
import Glibc
import Host
import Machine

/// Why a vCPU has come back from the guest.
package enum KVMExit: Equatable, Sendable {
    /// An access to a port or to memory that is no RAM: `KVMCPU.serve` carries it out.
    case access
    /// HLT, in a machine without the kernel's interrupt controllers.
    case halted
    /// The guest has lost control of the processor (a triple fault).
    case shutDown
    /// Somebody kicked the vCPU, or a signal came.
    case kicked
    /// An interrupt can be injected now.
    case interruptWindow
    /// KVM cannot go on: the exit's reason, as its interface numbers them.
    case failed(UInt32)
}

/// One vCPU of KVM's. All methods but `kick` belong to the thread that runs it.
package final class KVMCPU: @unchecked Sendable {
    // SAFETY: other threads touch nothing but `immediate_exit`, a byte that the kernel reads.

    private let machine: KVMMachine
    private let descriptor: FileDescriptor
    /// What the vCPU shares with the kernel: `struct kvm_run`.
    private let run: UnsafeMutableRawPointer

    /// A vCPU in its state after power-on, with every feature that KVM offers.
    package init(_ machine: KVMMachine, id: Int) throws(SystemError) {
        self.machine = machine
        let parent = machine.descriptor.raw
        let raw = try checked("make a vCPU of KVM") {
            viv_kvm_number(parent, VIV_KVM_CREATE_VCPU, UInt(id))
        }
        descriptor = FileDescriptor(owning: raw)
        let size = machine.system.runSize
        guard let area = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, raw, 0), area != MAP_FAILED
        else {
            throw SystemError("share memory with KVM")
        }
        run = area
        let device = machine.system.device.raw
        try checked("tell KVM the vCPU's features") { viv_kvm_offer_features(device, raw, UInt32(id)) }
    }

    deinit { munmap(run, machine.system.runSize) }

    // MARK: State

    package var registers: kvm_regs {
        get throws(SystemError) {
            var value = kvm_regs()
            try ask("read registers from KVM", VIV_KVM_GET_REGS, &value)
            return value
        }
    }

    package func set(_ registers: kvm_regs) throws(SystemError) {
        var value = registers
        try ask("write registers to KVM", VIV_KVM_SET_REGS, &value)
    }

    package var systemRegisters: kvm_sregs {
        get throws(SystemError) {
            var value = kvm_sregs()
            try ask("read registers from KVM", VIV_KVM_GET_SREGS, &value)
            return value
        }
    }

    package func set(_ registers: kvm_sregs) throws(SystemError) {
        var value = registers
        try ask("write registers to KVM", VIV_KVM_SET_SREGS, &value)
    }

    private func ask<Structure>(
        _ purpose: String, _ request: UInt, _ structure: inout Structure
    ) throws(SystemError) {
        let raw = descriptor.raw
        let result = withUnsafeMutablePointer(to: &structure) { viv_kvm_structure(raw, request, $0) }
        guard result == 0 else { throw SystemError(purpose) }
    }

    // MARK: Running

    /// Runs guest instructions until something needs looking after.
    package func enter() -> KVMExit {
        guard viv_kvm_number(descriptor.raw, VIV_KVM_RUN, 0) == 0 else {
            let isKicked = errno == EINTR || errno == EAGAIN
            viv_kvm_leave_at_once(run, 0)
            return isKicked ? .kicked : .failed(UInt32(KVM_EXIT_UNKNOWN))
        }
        return switch Int32(bitPattern: viv_kvm_reason(run)) {
        case KVM_EXIT_IO, KVM_EXIT_MMIO: .access
        case KVM_EXIT_HLT: .halted
        case KVM_EXIT_SHUTDOWN: .shutDown
        case KVM_EXIT_INTR: .kicked
        case KVM_EXIT_IRQ_WINDOW_OPEN: .interruptWindow
        default: .failed(viv_kvm_reason(run))
        }
    }

    /// Enters the guest and leaves it before its first instruction. The first entry of a machine's life makes a thread
    /// of the kernel's (since Linux 6.14 in our process), which a jail without new threads would refuse.
    package func enterOnce() {
        kick()
        _ = enter()
    }

    /// Makes the next `enter` return at once. The caller interrupts the vCPU's thread by a signal, too. *Any thread.*
    package func kick() { viv_kvm_leave_at_once(run, 1) }

    /// Carries out the access that the vCPU came back for. What no device claims reads as ones.
    package func serve(bus: AddressSpace, ports: AddressSpace) {
        let exit = viv_kvm_exit_of(run)
        guard let data = exit.data else { return }
        let space = exit.reason == UInt32(KVM_EXIT_IO) ? ports : bus
        for index in 0..<Int(exit.count) {
            let place = data + index * Int(exit.width)
            access(
                space, exit.address, UnsafeMutableRawBufferPointer(start: place, count: Int(exit.width)),
                exit.is_write != 0)
        }
    }

    /// Widths that no device knows, such as parts of accesses across pages, go byte by byte.
    private func access(
        _ space: AddressSpace, _ address: UInt64, _ bytes: UnsafeMutableRawBufferPointer, _ isWrite: Bool
    ) {
        guard let width = AccessWidth(rawValue: UInt8(truncatingIfNeeded: bytes.count)) else {
            for index in bytes.indices {
                let byte = UnsafeMutableRawBufferPointer(rebasing: bytes[index...index])
                access(space, address &+ UInt64(index), byte, isWrite)
            }
            return
        }
        if isWrite {
            let value = LittleEndian.value(bytes)
            _ = space.write(address, width: width, value)
        } else {
            let value = space.read(address, width: width) ?? .max
            bytes.copyBytes(from: LittleEndian.bytes(value, bytes.count))
        }
    }

    // MARK: Interrupts without the kernel's controllers

    /// Whether an interrupt can be injected before the next `enter`.
    package var takesInterrupt: Bool { viv_kvm_takes_interrupt(run) != 0 }

    /// Asks to come back as soon as an interrupt can be injected.
    package func awaitInterruptWindow(_ isWanted: Bool) {
        viv_kvm_await_window(run, isWanted ? 1 : 0)
    }

    /// Injects an external interrupt.
    package func inject(_ vector: UInt8) throws(SystemError) {
        var request = kvm_interrupt(irq: UInt32(vector))
        try ask("inject an interrupt", VIV_KVM_INTERRUPT, &request)
    }
}
