import Machine

// From RIP to decoded instructions.
extension Interpreter {
    /// The block at RIP; `nil` when its first instruction reaches into the next page.
    @inline(__always)
    func findBlock() throws(Fault) -> UnsafeMutablePointer<InstructionBlock>? {
        var rip = r[17] &+ cpu.bases[Int(SegmentSlot.cs)]
        var entry = tlbEntry(rip)
        if entry.pointee.execute ^ rip > 4095 {
            rip = cpu.linear(rip)
            guard try fillExecute(rip) else { return nil }
            entry = tlbEntry(rip)
        }
        let physical = (entry.pointee.host | rip & 0xFFF) &+ physicalDistance
        let block = blocks + BlockCache.index(physical)
        if block.pointee.tag == BlockCache.tag(physical, s.pointee.mode) { return block }
        return decodeBlock(physical)
    }

    /// Makes the page of a linear address executable in the TLB. False when it is no RAM but a device, such as the
    /// ROM that a PC starts in, or a debugger wants to stop there: what lies there is fetched byte by byte.
    private func fillExecute(_ rip: UInt64) throws(Fault) -> Bool {
        let mapping = try cpu.translate(rip, .execute)
        guard !cpu.isObservedCode(rip), let host = cpu.memory.pointer(to: mapping.physical, count: 4096)
        else {
            return false
        }
        cpu.enter(rip, mapping, host)
        return true
    }

    /// Decodes up to where the straight run or the page ends.
    private func decodeBlock(_ physical: UInt64) -> UnsafeMutablePointer<InstructionBlock>? {
        guard let bytes = cpu.memory.pointer(to: physical, count: 4096 - physical & 0xFFF) else { return nil }
        // Making room may forget all, and stores to the page must be seen from before its bytes are read.
        cpu.blocks.makeRoom()
        cpu.watchCode(physical)
        let code = UnsafePointer(bytes.assumingMemoryBound(to: UInt8.self))
        return cpu.watch.reading { decodeBlock(physical, code, cpu.blocks.room) }
    }

    private func decodeBlock(
        _ physical: UInt64, _ code: UnsafePointer<UInt8>, _ room: UnsafeMutablePointer<Instruction>
    ) -> UnsafeMutablePointer<InstructionBlock>? {
        let available = Int(4096 - physical & 0xFFF)
        let mode = Decoder.Mode(rawValue: s.pointee.mode) ?? .bits64
        var count = 0
        var offset = 0
        while count < BlockCache.longest, offset < available {
            guard let instruction = cpu.decoder.decode(code + offset, count: available - offset, mode) else {
                break
            }
            (room + count).initialize(to: instruction)
            lock(&room[count])
            count += 1
            offset += Int(instruction.length)
            if instruction.chapter.endsBlock { break }
        }
        return count == 0 ? nil : cpu.blocks.enter(physical, s.pointee.mode, count: count, bytes: offset)
    }

    /// Executes one instruction that lies on two pages, or in one that is looked at closely; it is decoded each time.
    func executeStraddling() throws(Fault) {
        let start = r[17]
        let linear = start &+ cpu.bases[Int(SegmentSlot.cs)]
        if cpu.stopsHere(cpu.linear(linear)) { return }
        var bytes = InlineArray<16, UInt8>(repeating: 0)
        for index in 0..<Decoder.longest {
            let address = cpu.linear(linear &+ UInt64(index))
            // A page that the instruction does not reach need not be there.
            if index > 0, address & 0xFFF == 0, decode(bytes, count: index) != nil { break }
            bytes[index] = try fetchByte(address)
        }
        guard var instruction = decode(bytes, count: Decoder.longest) else { throw .undefined }
        lock(&instruction)
        r[17] = start &+ UInt64(instruction.length)
        s.pointee.blockEnd = 0
        do throws(Fault) {
            if !cpu.isWide { try checkSegments(&instruction) }
            try execute(&instruction)
            s.pointee.instructions &+= 1
        } catch {
            if !error.isTrap { r[17] = start }
            throw settle(error, &instruction)
        }
    }

    private func decode(_ bytes: InlineArray<16, UInt8>, count: Int) -> Instruction? {
        var bytes = bytes
        return withUnsafeBytes(of: &bytes) { raw in
            guard let base = raw.baseAddress else { return nil }
            let mode = Decoder.Mode(rawValue: s.pointee.mode) ?? .bits64
            return cpu.decoder.decode(base.assumingMemoryBound(to: UInt8.self), count: count, mode)
        }
    }

    private func fetchByte(_ address: UInt64) throws(Fault) -> UInt8 {
        let mapping = try cpu.translate(address, .execute)
        return UInt8(truncatingIfNeeded: cpu.loadPhysical(mapping.physical | address & 0xFFF, 0))
    }
}
