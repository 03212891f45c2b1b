/// A stack that a transfer of control is about to use, before it is the core's.
struct StackFrame {
    /// Null for the flat stack of 64-bit mode.
    var segment: Segment
    var pointer: UInt64
    let isFlat: Bool

    /// The bits of the pointer that count.
    var mask: UInt64 {
        isFlat ? .max : segment.attributes & 1 << 14 != 0 ? 0xFFFF_FFFF : 0xFFFF
    }
}

extension Core {
    /// The stack in use.
    var currentStack: StackFrame {
        StackFrame(
            segment: state.pointee.segments[Int(SegmentSlot.ss)], pointer: registers[4], isFlat: isWide)
    }

    /// The stack that the task keeps for a privilege level, checked (SDM vol. 3, section 5.8.5).
    func innerStack(_ level: UInt8) throws(Fault) -> StackFrame {
        if isLongMode {
            let pointer = try taskStack(UInt64(4) + 8 * UInt64(level))
            return StackFrame(
                segment: .flat(selector: UInt16(level), attributes: 0), pointer: pointer, isFlat: true)
        }
        let task = state.pointee.task
        let is32 = task.attributes & 8 != 0
        let offset = is32 ? 4 + 8 * UInt64(level) : 2 + 4 * UInt64(level)
        guard offset + (is32 ? 5 : 3) <= UInt64(task.limit) else {
            throw Fault(10, UInt32(task.selector & ~3))
        }
        let pointer = try systemLoad(task.base &+ offset, is32 ? 2 : 1)
        let selector = UInt16(truncatingIfNeeded: try systemLoad(task.base &+ offset &+ (is32 ? 4 : 2), 1))
        let code = UInt32(selector & ~3)
        guard code != 0, selector & 3 == UInt16(level) else { throw Fault(10, code) }
        let segment: Segment
        do throws(Fault) {
            segment = try descriptor(selector)
        } catch {
            throw error.vector == 13 ? Fault(10, code) : error
        }
        guard segment.attributes & 0x1A == 0x12, segment.attributes >> 5 & 3 == UInt16(level) else {
            throw Fault(10, code)
        }
        guard segment.attributes & 0x80 != 0 else { throw Fault(12, code) }
        return StackFrame(segment: segment, pointer: pointer, isFlat: false)
    }

    /// Pushes 2, 4 or 8 bytes (`size` 1 to 3).
    func push(_ word: UInt64, _ size: UInt8, onto frame: inout StackFrame) throws(Fault) {
        let bytes = UInt64(1) << UInt64(size)
        let offset = (frame.pointer &- bytes) & frame.mask
        if frame.isFlat {
            try systemStore(offset, size, word)
        } else {
            guard allows(frame.segment, offset, bytes, write: true) else {
                throw Fault(12, UInt32(frame.segment.selector & ~3))
            }
            try systemStore((offset &+ frame.segment.base) & 0xFFFF_FFFF, size, word)
        }
        frame.pointer = frame.mask == 0xFFFF ? frame.pointer & ~0xFFFF | offset : offset
    }

    /// Makes a stack the core's, at its privilege level.
    func adopt(_ frame: StackFrame, _ level: UInt8) {
        state.pointee.segments[Int(SegmentSlot.ss)] = frame.segment
        registers[4] = frame.pointer
        state.pointee.privilege = level
        updateMode()
    }
}
