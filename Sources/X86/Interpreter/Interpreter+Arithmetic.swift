// Addition, subtraction and logic (SDM vol. 1, sections 7.3.2 and 7.3.4).
extension Interpreter {
    /// Operands are moved to the top of a word, so that carries and signs fall where they do for 64 bits.
    @inline(__always)
    func arithmetic(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let size = i.pointee.size
        let room = room(size)
        let b = try source(i, size) &<< room
        let isWritten = i.pointee.op.rawValue < Operation.cmp.rawValue
        let a = (isWritten ? try modified(i, size) : try destination(i, size)) &<< room
        switch i.pointee.op {
        case .add: try finish(i, room, a &+ b) { addFlags(a, b, $0, room) }
        case .sub: try finish(i, room, a &- b) { subtractFlags(a, b, $0, room) }
        case .cmp: subtractFlags(a, b, a &- b, room)
        case .and: try finish(i, room, a & b) { setLogic($0, room) }
        case .or: try finish(i, room, a | b) { setLogic($0, room) }
        case .xor: try finish(i, room, a ^ b) { setLogic($0, room) }
        case .test: setLogic(a & b, room)
        case .adc:
            let carry = s.pointee.flags.carry &<< room
            let result = a &+ b &+ carry
            try finish(i, room, result) {
                addFlags(a, b, $0, room)
                s.pointee.flags.carry = result < a || (carry != 0 && result == a) ? 1 : 0
            }
        default:
            let carry = s.pointee.flags.carry &<< room
            let result = a &- b &- carry
            try finish(i, room, result) {
                subtractFlags(a, b, $0, room)
                s.pointee.flags.carry = a < b || (carry != 0 && a == b) ? 1 : 0
            }
        }
    }

    /// Writes the result, and only if that did not fault sets the flags.
    @inline(__always)
    private func finish(
        _ i: UnsafePointer<Instruction>, _ room: UInt64, _ result: UInt64, _ flags: (UInt64) -> Void
    ) throws(Fault) {
        try setDestination(i, i.pointee.size, result &>> room)
        flags(result)
    }

    @inline(__always)
    func addFlags(_ a: UInt64, _ b: UInt64, _ result: UInt64, _ room: UInt64) {
        setResult(result, room)
        s.pointee.flags.carry = result < a ? 1 : 0
        s.pointee.flags.overflow = (a ^ result) & (b ^ result)
        s.pointee.flags.adjust = (a ^ b ^ result) &>> room
    }

    @inline(__always)
    func subtractFlags(_ a: UInt64, _ b: UInt64, _ result: UInt64, _ room: UInt64) {
        setResult(result, room)
        s.pointee.flags.carry = a < b ? 1 : 0
        s.pointee.flags.overflow = (a ^ b) & (a ^ result)
        s.pointee.flags.adjust = (a ^ b ^ result) &>> room
    }
}
