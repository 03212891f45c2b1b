// The stack. In 64-bit mode it is flat; elsewhere the stack segment says where it lies and how wide its pointer is.
extension Interpreter {
    @inline(__always)
    func push(_ value: UInt64, _ size: UInt8) throws(Fault) {
        guard cpu.isWide else { return try pushSegmented(value, size) }
        let top = r[4] &- (1 &<< UInt64(size))
        try store(top, size, value)
        r[4] = top
    }

    private func pushSegmented(_ value: UInt64, _ size: UInt8) throws(Fault) {
        let bytes = UInt64(1) << UInt64(size)
        let offset = (r[4] &- bytes) & s.pointee.stackMask
        try cpu.checkSegment(SegmentSlot.ss, offset, bytes, write: true)
        try store(offset &+ cpu.bases[Int(SegmentSlot.ss)], size, value)
        setStackPointer(offset)
    }

    /// What lies on top of the stack; `drop` takes it off.
    @inline(__always)
    func top(_ size: UInt8) throws(Fault) -> UInt64 {
        cpu.isWide ? try load(r[4], size) : try stackWord(0, size)
    }

    /// What lies `offset` bytes above the top of the stack.
    func stackWord(_ offset: UInt64, _ size: UInt8) throws(Fault) -> UInt64 {
        let place = (r[4] &+ offset) & s.pointee.stackMask
        if !cpu.isWide {
            try cpu.checkSegment(SegmentSlot.ss, place, 1 << UInt64(size), write: false)
        }
        return try load(place &+ cpu.bases[Int(SegmentSlot.ss)], size)
    }

    @inline(__always)
    func drop(_ bytes: UInt64) {
        if cpu.isWide { r[4] = r[4] &+ bytes } else { setStackPointer(r[4] &+ bytes) }
    }

    /// RSP, ESP or SP, whichever the stack has; of RSP the rest stays with SP.
    func setStackPointer(_ value: UInt64) {
        let mask = s.pointee.stackMask
        r[4] = mask == 0xFFFF ? r[4] & ~0xFFFF | value & 0xFFFF : value & mask
    }

    func leave(_ size: UInt8) throws(Fault) {
        let stack = r[4]
        setStackPointer(r[5])
        do throws(Fault) {
            let value = try top(size)
            drop(1 << UInt64(size))
            setRegister(40, size, value)
        } catch {
            r[4] = stack
            throw error
        }
    }

    /// ENTER's third byte is its nesting level, which sits above the first immediate (SDM vol. 2, ENTER).
    func enter(_ i: UnsafePointer<Instruction>, _ size: UInt8) throws(Fault) {
        let stack = r[4]
        let level = UInt64(bitPattern: i.pointee.immediate >> 16 & 31)
        let width = UInt64(1) << UInt64(size)
        do throws(Fault) {
            try push(r[5], size)
            let frame = r[4] & s.pointee.stackMask
            if level > 0 {
                for step in 1..<level { try push(try frameWord(step &* width, size), size) }
                try push(frame, size)
            }
            let top = r[4] &- UInt64(i.pointee.immediate & 0xFFFF)
            if cpu.isWide {
                try cpu.probeWrite(top, 1)
                r[4] = top
            } else {
                let offset = top & s.pointee.stackMask
                try cpu.checkSegment(SegmentSlot.ss, offset, 1, write: true)
                try cpu.probeWrite(offset &+ cpu.bases[Int(SegmentSlot.ss)], 1)
                setStackPointer(offset)
            }
            setRegister(40, size, frame)
        } catch {
            r[4] = stack
            throw error
        }
    }

    /// What lies `offset` bytes below the frame pointer.
    private func frameWord(_ offset: UInt64, _ size: UInt8) throws(Fault) -> UInt64 {
        let place = (r[5] &- offset) & s.pointee.stackMask
        if !cpu.isWide {
            try cpu.checkSegment(SegmentSlot.ss, place, 1 << UInt64(size), write: false)
        }
        return try load(place &+ cpu.bases[Int(SegmentSlot.ss)], size)
    }

    // MARK: All registers at once

    func pushAll(_ size: UInt8) throws(Fault) {
        let stack = r[4]
        do throws(Fault) {
            for register in 0..<8 { try push(register == 4 ? stack : r[register], size) }
        } catch {
            r[4] = stack
            throw error
        }
    }

    /// What was pushed of the stack pointer is dropped.
    func popAll(_ size: UInt8) throws(Fault) {
        let width = UInt64(1) << UInt64(size)
        var values = InlineArray<8, UInt64>(repeating: 0)
        for place in 0..<8 { values[place] = try stackWord(UInt64(place) * width, size) }
        for place in 0..<8 where place != 3 { setRegister(UInt8(7 - place) * 8, size, values[place]) }
        drop(8 * width)
    }
}
