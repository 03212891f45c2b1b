import CLinux
import Glibc
import Host
import Machine

/// One machine of KVM's: its memory slots, interrupt controllers and event descriptors (Linux,
/// Documentation/virt/kvm/api.rst).
package final class KVMMachine: Sendable {
    let system: KVMSystem
    let descriptor: FileDescriptor
    /// Three pages that Intel's processors need for real mode, where no board has anything.
    private static let taskState: UInt = 0xFFFB_D000

    /// A machine without memory, vCPUs and devices.
    package init(_ system: KVMSystem) throws(SystemError) {
        self.system = system
        let device = system.device.raw
        let raw = try checked("make a machine of KVM") { viv_kvm_number(device, VIV_KVM_CREATE_VM, 0) }
        descriptor = FileDescriptor(owning: raw)
        try checked("place KVM's task state") { viv_kvm_number(raw, VIV_KVM_SET_TSS, Self.taskState) }
    }

    // MARK: Memory

    /// Shows `memory` to the guest, where it lies.
    ///
    /// - Parameters:
    ///   - slot: a number of its own for each piece; the same again replaces it.
    ///   - logsWrites: whether `takeDirtyPages` is to know of this piece.
    package func map(_ memory: GuestMemory, slot: UInt32, logsWrites: Bool = false) throws(SystemError) {
        var region = kvm_userspace_memory_region()
        region.slot = slot
        region.flags = logsWrites ? UInt32(KVM_MEM_LOG_DIRTY_PAGES) : 0
        region.guest_phys_addr = memory.base
        region.memory_size = memory.size
        region.userspace_addr = UInt64(UInt(bitPattern: memory.host))
        let raw = descriptor.raw
        try checked("show memory to KVM") { viv_kvm_structure(raw, VIV_KVM_SET_MEMORY, &region) }
    }

    /// Numbers of the pages of `memory`, mapped as `slot`, that the guest has written to since the last call.
    package func takeDirtyPages(_ memory: GuestMemory, slot: UInt32) throws(SystemError) -> [Int] {
        let pages = Int(memory.size / GuestMemory.pageSize)
        var bitmap = [UInt64](repeating: 0, count: (pages + 63) / 64)
        let raw = descriptor.raw
        try checked("ask KVM for written pages") { viv_kvm_dirty_log(raw, slot, &bitmap) }
        return (0..<pages).filter { bitmap[$0 >> 6] >> UInt64($0 & 63) & 1 != 0 }
    }

    // MARK: Interrupts

    /// Gives the machine the kernel's own 8259s, I/O APIC and 8254, and each vCPU made from now on a local APIC.
    package func addInterruptControllers() throws(SystemError) {
        let raw = descriptor.raw
        try checked("make KVM's interrupt controllers") { viv_kvm_number(raw, VIV_KVM_CREATE_IRQCHIP, 0) }
        try checked("make KVM's timer") { viv_kvm_pit(raw) }
    }

    /// Drives an input of the kernel's interrupt controllers.
    package func setInterrupt(_ line: UInt32, _ asserted: Bool) {
        _ = viv_kvm_irq_line(descriptor.raw, line, asserted ? 1 : 0)
    }

    /// Each write to `event` becomes one edge at an input of the kernel's interrupt controllers.
    package func connectInterrupt(_ event: Int32, to line: UInt32) throws(SystemError) {
        let raw = descriptor.raw
        try checked("connect an interrupt to KVM") { viv_kvm_irqfd(raw, event, line) }
    }

    /// The guest's writes of so many bytes to an address become counts of `event`, and no exits.
    package func connectWrites(
        at address: UInt64, width: AccessWidth, isPort: Bool, to event: Int32
    ) throws(SystemError) {
        let raw = descriptor.raw
        try checked("connect a doorbell to KVM") {
            viv_kvm_ioeventfd(raw, event, address, UInt32(width.rawValue), isPort ? 1 : 0)
        }
    }
}
