import CLinux
import Glibc
import Host
import KVM
import Machine
import Testing

/// Small guests on whatever KVM this host has.
@Suite(.serialized, .enabled(if: KVMGuest.isThere, "/dev/kvm is not there or cannot be opened"))
struct KVMTests {
    @Test func realModeReachesPortsAndHalts() throws {
        let guest = try KVMGuest()
        try guest.startRealMode([
            0xE4, 0x11,  // in al, 0x11
            0xE6, 0x12,  // out 0x12, al
            0xB8, 0x34, 0x12,  // mov ax, 0x1234
            0xE7, 0x14,  // out 0x14, ax
            0xA3, 0x00, 0x90,  // mov [0x9000], ax
            0xF4,  // hlt
        ])
        #expect(guest.run() == .halted)
        let expected = [
            Sink.Write(offset: 2, width: .byte, value: 0x43),
            Sink.Write(offset: 4, width: .half, value: 0x1234),
        ]
        #expect(guest.port.writes == expected)
        #expect(guest.memory.load16(0x9000) == 0x1234)
        #expect(try guest.cpu.registers.rip == 0x100D)
        // The page that was written to, and nobody else's.
        let dirty = try guest.machine.takeDirtyPages(guest.memory, slot: 0)
        #expect(dirty.contains(9) && !dirty.contains(10))
        #expect(try guest.machine.takeDirtyPages(guest.memory, slot: 0).isEmpty)
    }

    @Test func stringInstructionsMoveEveryPiece() throws {
        let guest = try KVMGuest()
        guest.write(Array("port".utf8), at: 0x9000)
        try guest.startRealMode([
            0xBE, 0x00, 0x90,  // mov si, 0x9000
            0xB9, 0x04, 0x00,  // mov cx, 4
            0xBA, 0x10, 0x00,  // mov dx, 0x10
            0xF3, 0x6E,  // rep outsb
            0xF4,
        ])
        #expect(guest.run() == .halted)
        #expect(guest.port.values == "port".utf8.map(UInt64.init))
    }

    @Test func protectedModeReachesDevicesInMemory() throws {
        let guest = try KVMGuest()
        try guest.startProtectedMode([
            0xBB, 0x00, 0x00, 0x00, 0xD0,  // mov ebx, 0xD0000000
            0x8B, 0x43, 0x10,  // mov eax, [ebx+0x10]
            0x89, 0x43, 0x20,  // mov [ebx+0x20], eax
            0x66, 0xC7, 0x43, 0x30, 0xCD, 0xAB,  // mov word [ebx+0x30], 0xABCD
            0xF4,
        ])
        #expect(guest.run() == .halted)
        let expected = [
            Sink.Write(offset: 0x20, width: .word, value: 0x5566_7798),
            Sink.Write(offset: 0x30, width: .half, value: 0xABCD),
        ]
        #expect(guest.device.writes == expected)
        #expect(guest.port.writes.isEmpty)
    }

    @Test func longModeReachesDevicesByEightBytes() throws {
        let guest = try KVMGuest()
        try guest.startLongMode([
            0xBB, 0x00, 0x00, 0x00, 0xD0,  // mov ebx, 0xD0000000
            0x48, 0x8B, 0x03,  // mov rax, [rbx]
            0x48, 0x89, 0x43, 0x08,  // mov [rbx+8], rax
            0x48, 0x89, 0x04, 0x25, 0x00, 0x90, 0x00, 0x00,  // mov [0x9000], rax
            0xF4,
        ])
        #expect(guest.run() == .halted)
        #expect(
            guest.device.writes == [Sink.Write(offset: 8, width: .double, value: 0x1122_3344_5566_7788)])
        #expect(guest.memory.load64(0x9000) == 0x1122_3344_5566_7788)
    }

    @Test func whatNobodyClaimsReadsAsOnes() throws {
        let guest = try KVMGuest()
        try guest.startRealMode([0xE5, 0x80, 0xA3, 0x00, 0x90, 0xF4])  // in ax, 0x80; mov [0x9000], ax; hlt
        #expect(guest.run() == .halted)
        #expect(guest.memory.load16(0x9000) == 0xFFFF)
    }

    @Test func aTripleFaultEndsIt() throws {
        let guest = try KVMGuest()
        var special = try guest.cpu.systemRegisters
        special.idt.limit = 0
        try guest.cpu.set(special)
        try guest.startProtectedMode([0x0F, 0x0B])  // ud2
        #expect(guest.run() == .shutDown)
    }

    @Test func aKickBringsItBack() throws {
        let guest = try KVMGuest()
        try guest.startRealMode([0xEB, 0xFE])  // jmp to itself
        guest.cpu.kick()
        #expect(guest.run() == .kicked)
    }

    // MARK: Interrupts

    /// An interrupt's handler that writes 0x55 to port 0x1F and halts.
    private func prepareHandler(_ guest: KVMGuest, vector: UInt8, end: [UInt8] = [0xF4]) {
        guest.write([0xB0, 0x55, 0xE6, 0x1F] + end, at: 0x2000)
        _ = guest.memory.store16(4 * UInt64(vector), 0x2000)
        _ = guest.memory.store16(4 * UInt64(vector) + 2, 0)
    }

    @Test func anInterruptIsInjectedWhenTheGuestTakesIt() throws {
        let guest = try KVMGuest()
        prepareHandler(guest, vector: 0x40)
        // out 0x10, al; sti; nop; jmp to itself
        try guest.startRealMode([0xE6, 0x10, 0xFB, 0x90, 0xEB, 0xFE])
        #expect(guest.cpu.enter() == .access)
        guest.cpu.serve(bus: guest.bus, ports: guest.ports)
        guest.cpu.awaitInterruptWindow(true)
        #expect(guest.run() == .interruptWindow)
        #expect(guest.cpu.takesInterrupt)
        guest.cpu.awaitInterruptWindow(false)
        try guest.cpu.inject(0x40)
        #expect(guest.run() == .halted)
        #expect(guest.port.writes.last == Sink.Write(offset: 0xF, width: .byte, value: 0x55))
    }

    /// Sets the 8259s up to deliver line 5 as vector 0x25, then waits for it; the handler asks for a stop by port 0x1F.
    private static let waitForLine: [UInt8] = [
        0xB0, 0x11, 0xE6, 0x20, 0xB0, 0x20, 0xE6, 0x21, 0xB0, 0x04, 0xE6, 0x21, 0xB0, 0x01, 0xE6, 0x21,
        0xB0, 0xDF, 0xE6, 0x21,  // all lines but 5 are masked
        0xFB, 0xE6, 0x10,  // sti; out 0x10, al
        0xF4, 0xEB, 0xFD,  // hlt; jmp back
    ]

    /// Runs until the guest has written to port `offset`.
    private func run(_ guest: KVMGuest, untilPort offset: UInt64) -> Bool {
        for _ in 0..<1000 {
            guard guest.cpu.enter() == .access else { return false }
            guest.cpu.serve(bus: guest.bus, ports: guest.ports)
            if guest.port.writes.last?.offset == offset { return true }
        }
        return false
    }

    @Test func theKernelsControllersDeliverALine() throws {
        let guest = try KVMGuest(controllers: true)
        prepareHandler(guest, vector: 0x25)
        try guest.startRealMode(Self.waitForLine)
        #expect(run(guest, untilPort: 0))
        guest.machine.setInterrupt(5, true)
        #expect(run(guest, untilPort: 0xF))
        #expect(guest.port.values.last == 0x55)
    }

    @Test func anEventDescriptorRaisesALine() throws {
        let guest = try KVMGuest(controllers: true)
        prepareHandler(guest, vector: 0x25)
        let event = FileDescriptor(owning: viv_eventfd())
        try guest.machine.connectInterrupt(event.raw, to: 5)
        try guest.startRealMode(Self.waitForLine)
        #expect(run(guest, untilPort: 0))
        var one: UInt64 = 1
        #expect(write(event.raw, &one, 8) == 8)
        #expect(run(guest, untilPort: 0xF))
    }

    @Test func doorbellsCountWithoutExits() throws {
        let guest = try KVMGuest()
        let port = FileDescriptor(owning: viv_eventfd())
        let memory = FileDescriptor(owning: viv_eventfd())
        try guest.machine.connectWrites(at: 0x18, width: .half, isPort: true, to: port.raw)
        try guest.machine.connectWrites(at: 0xD000_0050, width: .word, isPort: false, to: memory.raw)
        try guest.startProtectedMode([
            0x66, 0xE7, 0x18, 0x66, 0xE7, 0x18, 0x66, 0xE7, 0x18,  // out 0x18, ax, three times
            0xBB, 0x50, 0x00, 0x00, 0xD0,  // mov ebx, 0xD0000050
            0x89, 0x03, 0x89, 0x03,  // mov [ebx], eax, twice
            0xE6, 0x18,  // out 0x18, al: another width
            0xF4,
        ])
        #expect(guest.run() == .halted)
        #expect(count(port) == 3)
        #expect(count(memory) == 2)
        #expect(guest.device.writes.isEmpty)
        #expect(guest.port.writes.map(\.width) == [.byte])
    }

    private func count(_ event: borrowing FileDescriptor) -> UInt64 {
        var count: UInt64 = 0
        return read(event.raw, &count, 8) == 8 ? count : 0
    }
}
