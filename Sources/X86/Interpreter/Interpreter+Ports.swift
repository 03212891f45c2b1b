import CLinux
import Machine

// Input and output (SDM vol. 1, chapter 19).
extension Interpreter {
    func portAccess(_ i: UnsafePointer<Instruction>) throws(Fault) {
        // A port is 32 bits wide at most, REX.W or not.
        let size = min(i.pointee.size, 2)
        let isImmediate = i.pointee.op == .inImmediate || i.pointee.op == .outImmediate
        let port = isImmediate ? UInt64(i.pointee.immediate & 0xFF) : r[2] & 0xFFFF
        try demandPort(port, size)
        switch i.pointee.op {
        case .inImmediate, .inDX: setRegister(0, size, input(port, size))
        case .outImmediate, .outDX: output(port, size, r[0])
        default: try portString(i, port, size)
        }
    }

    private func input(_ port: UInt64, _ size: UInt8) -> UInt64 {
        cpu.ports.read(port, width: AccessWidth(rawValue: 1 << size) ?? .byte) ?? .max
    }

    private func output(_ port: UInt64, _ size: UInt8, _ value: UInt64) {
        _ = cpu.ports.write(port, width: AccessWidth(rawValue: 1 << size) ?? .byte, truncate(value, size))
    }

    /// Beyond IOPL the task's permission bitmap decides.
    private func demandPort(_ port: UInt64, _ size: UInt8) throws(Fault) {
        guard s.pointee.privilege > ioPrivilege || cpu.isVirtual8086 else { return }
        let task = s.pointee.task
        guard task.limit >= 103 else { throw .protection }
        let map = try cpu.systemLoad(task.base &+ 102, 1)
        let place = map &+ port >> 3
        guard place &+ 1 <= UInt64(task.limit) else { throw .protection }
        let bits = try cpu.systemLoad(task.base &+ place, 1) >> (port & 7)
        let mask = UInt64(1) << (UInt64(1) << UInt64(size)) &- 1
        guard bits & mask == 0 else { throw .protection }
    }

    /// Goes on with a repeated instruction for as long as nobody asks for attention: leaving it after each turn would
    /// cost several times what a turn does.
    private func portString(_ i: UnsafePointer<Instruction>, _ port: UInt64, _ size: UInt8) throws(Fault) {
        let mask = addressMask(i)
        guard i.pointee.flags.contains(.rep) || i.pointee.flags.contains(.repne) else {
            return try portStringStep(i, port, size, mask)
        }
        var left = isTraced ? 1 : Self.turns
        while r[1] & mask != 0 {
            try portStringStep(i, port, size, mask)
            countDown(1, mask)
            left -= 1
            if left == 0 || viv_load32(cpu.exitRequest) != 0, r[1] & mask != 0 { return pauseRepeat(i) }
        }
    }

    private func portStringStep(
        _ i: UnsafePointer<Instruction>, _ port: UInt64, _ size: UInt8, _ mask: UInt64
    ) throws(Fault) {
        if !cpu.isWide {
            let isInput = i.pointee.op == .ins
            try checkString(i, mask, reads: !isInput, target: isInput, writes: true)
        }
        if i.pointee.op == .ins {
            try cpu.probeWrite(stringTarget(mask), 1 << UInt64(size))
            try store(stringTarget(mask), size, input(port, size))
            advance(7, i, mask, 1 << UInt64(size))
        } else {
            output(port, size, try load(stringSource(i, mask), size))
            advance(6, i, mask, 1 << UInt64(size))
        }
    }
}
