import CLinux
import Glibc
import Host
import KVM
import Machine
import Synchronization

/// A device that keeps what was written to it, and answers with a constant.
final class Sink: Device {
    struct Write: Equatable {
        let offset: UInt64
        let width: AccessWidth
        let value: UInt64
    }

    private let written = Mutex<[Write]>([])
    let answer: UInt64

    init(answer: UInt64 = 0) { self.answer = answer }

    var writes: [Write] { written.withLock { $0 } }
    var values: [UInt64] { writes.map(\.value) }

    func read(at offset: UInt64, width: AccessWidth) -> UInt64 { answer &+ offset }
    func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        written.withLock { $0.append(Write(offset: offset, width: width, value: value)) }
    }
    func reset() {}
}

/// A small machine on the host's KVM: 1 MiB of RAM, a device at port 0x10 and one at 0xD000_0000.
final class KVMGuest {
    static let isThere = access("/dev/kvm", R_OK | W_OK) == 0 && (try? KVMSystem()) != nil

    let memory: GuestMemory
    let machine: KVMMachine
    let cpu: KVMCPU
    let (bus, ports) = (AddressSpace(), AddressSpace())
    let port = Sink(answer: 0x42)
    let device = Sink(answer: 0x1122_3344_5566_7788)

    struct NoMemory: Error {}

    init(controllers: Bool = false) throws {
        guard let memory = GuestMemory(base: 0, size: 1 << 20) else { throw NoMemory() }
        self.memory = memory
        machine = try KVMMachine(KVMSystem())
        if controllers { try machine.addInterruptControllers() }
        try machine.map(memory, slot: 0, logsWrites: true)
        cpu = try KVMCPU(machine, id: 0)
        try ports.attach(port, name: "port", at: 0x10, size: 0x10)
        try bus.attach(device, name: "device", at: 0xD000_0000, size: 0x1000)
    }

    func write(_ bytes: [UInt8], at address: UInt64) {
        _ = bytes.withUnsafeBytes { memory.write(address, from: $0) }
    }

    /// Lets the code at 0x1000 begin, in real mode.
    func startRealMode(_ code: [UInt8]) throws {
        write(code, at: 0x1000)
        var special = try cpu.systemRegisters
        special.cs.base = 0
        special.cs.selector = 0
        try cpu.set(special)
        try place()
    }

    private func place() throws {
        var registers = kvm_regs()
        registers.rip = 0x1000
        registers.rsp = 0x8000
        registers.rflags = 2
        try cpu.set(registers)
    }

    /// The same in flat 32-bit protected mode.
    func startProtectedMode(_ code: [UInt8]) throws {
        write(code, at: 0x1000)
        var special = try cpu.systemRegisters
        special.cr0 |= 1
        flatten(&special, isLong: false)
        try cpu.set(special)
        try place()
    }

    /// The same in 64-bit mode: the lowest 1 GiB and the one from 3 GiB on are mapped where they are.
    func startLongMode(_ code: [UInt8]) throws {
        write(code, at: 0x1000)
        _ = memory.store64(0x2000, 0x3003)
        _ = memory.store64(0x3000, 0x4003)
        _ = memory.store64(0x3018, 0x5003)
        for index in 0..<512 as Range<UInt64> {
            _ = memory.store64(0x4000 + 8 * index, index << 21 | 0x83)
            _ = memory.store64(0x5000 + 8 * index, 3 << 30 | index << 21 | 0x83)
        }
        var special = try cpu.systemRegisters
        special.cr3 = 0x2000
        special.cr4 |= 1 << 5
        special.cr0 |= 1 << 31 | 1
        special.efer |= 1 << 8 | 1 << 10
        flatten(&special, isLong: true)
        try cpu.set(special)
        try place()
    }

    private func flatten(_ special: inout kvm_sregs, isLong: Bool) {
        var code = kvm_segment()
        (code.base, code.limit, code.selector, code.type) = (0, 0xFFFF_FFFF, 8, 11)
        (code.present, code.s, code.g) = (1, 1, 1)
        (code.l, code.db) = isLong ? (1, 0) : (0, 1)
        special.cs = code
        var data = code
        (data.selector, data.type, data.l, data.db) = (16, 3, 0, 1)
        (special.ds, special.es, special.ss, special.fs, special.gs) = (data, data, data, data, data)
    }

    /// Runs, accesses carried out, until the guest halts or worse; a bound keeps a wrong guest from running on.
    func run(exits: Int = 1000) -> KVMExit {
        for _ in 0..<exits {
            let exit = cpu.enter()
            guard exit == .access else { return exit }
            cpu.serve(bus: bus, ports: ports)
        }
        return .kicked
    }
}
