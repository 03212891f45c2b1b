// SSE (SDM vol. 1, chapters 10 to 12): moves here, computation by the host.
extension Interpreter {
    var xmm: UnsafeMutablePointer<Vector> {
        (UnsafeMutableRawPointer(cpu.float) + 160).assumingMemoryBound(to: Vector.self)
    }

    /// #UD without OSFXSR or with EM, #NM when the state belongs to another task.
    @inline(__always)
    func demandVectors() throws(Fault) {
        if s.pointee.cr0 & Control.emulation != 0 || s.pointee.cr4 & Control.cr4FXSR == 0 { throw .undefined }
        if s.pointee.cr0 & Control.taskSwitched != 0 { throw .noFPU }
    }

    /// Vectors in memory lie at multiples of 16, unless the instruction says otherwise.
    @inline(__always)
    func vectorAddress(_ i: UnsafePointer<Instruction>) throws(Fault) -> UInt64 {
        let place = address(i)
        if place & 15 != 0, !i.pointee.flags.contains(.unaligned) { throw .protection }
        return place
    }

    func vectorMove(_ i: UnsafePointer<Instruction>) throws(Fault) {
        if i.pointee.op.rawValue >= Operation.mmxMovd.rawValue { return try multimediaMove(i) }
        try demandVectors()
        switch i.pointee.op {
        case .movups, .movdqu, .movaps, .movdqa, .movnt: try moveWhole(i)
        case .movss: try moveScalar(i, 2)
        case .movsd: try moveScalar(i, 3)
        case .movhlps: xmm[Int(i.pointee.destination)].low = xmm[Int(i.pointee.source)].high
        case .movlhps: xmm[Int(i.pointee.destination)].high = xmm[Int(i.pointee.source)].low
        case .movlp: try moveHalf(i, \.low)
        case .movhp: try moveHalf(i, \.high)
        case .movd:
            xmm[Int(i.pointee.destination)] = Vector(
                low: truncate(try source(i, i.pointee.sourceSize), i.pointee.sourceSize))
        case .movdTo: try moveToGeneral(i, xmm[Int(i.pointee.source)].low)
        case .pextrb: try extract(i, 0)
        case .pextrwTo: try extract(i, 1)
        case .extractps: try extract(i, 2)
        case .pextrd: try extract(i, i.pointee.size == 3 ? 3 : 2)
        case .movq:
            let low = i.pointee.source < 0x80 ? xmm[Int(i.pointee.source)].low : try load(address(i), 3)
            xmm[Int(i.pointee.destination)] = Vector(low: low)
        case .movqTo:
            let low = xmm[Int(i.pointee.source)].low
            if i.pointee.destination < 0x80 {
                xmm[Int(i.pointee.destination)] = Vector(low: low)
            } else {
                try store(address(i), 3, low)
            }
        default: try storeMasked(i)
        }
    }

    private func moveWhole(_ i: UnsafePointer<Instruction>) throws(Fault) {
        if i.pointee.destination == Operand.memory {
            try storeVector(try vectorAddress(i), xmm[Int(i.pointee.source)])
        } else if i.pointee.source == Operand.memory {
            xmm[Int(i.pointee.destination)] = try loadVector(try vectorAddress(i))
        } else {
            xmm[Int(i.pointee.destination)] = xmm[Int(i.pointee.source)]
        }
    }

    /// A load clears the rest of the register, a move between registers keeps it.
    private func moveScalar(_ i: UnsafePointer<Instruction>, _ size: UInt8) throws(Fault) {
        if i.pointee.destination == Operand.memory {
            try store(address(i), size, xmm[Int(i.pointee.source)].low)
        } else if i.pointee.source == Operand.memory {
            xmm[Int(i.pointee.destination)] = Vector(low: try load(address(i), size))
        } else {
            let mask: UInt64 = size == 2 ? 0xFFFF_FFFF : .max
            let low = xmm[Int(i.pointee.source)].low & mask
            xmm[Int(i.pointee.destination)].low = xmm[Int(i.pointee.destination)].low & ~mask | low
        }
    }

    private func moveHalf(_ i: UnsafePointer<Instruction>, _ half: WritableKeyPath<Vector, UInt64>)
        throws(Fault)
    {
        if i.pointee.destination == Operand.memory {
            try store(address(i), 3, xmm[Int(i.pointee.source)][keyPath: half])
        } else {
            xmm[Int(i.pointee.destination)][keyPath: half] = try load(address(i), 3)
        }
    }

    private func moveToGeneral(_ i: UnsafePointer<Instruction>, _ value: UInt64) throws(Fault) {
        // Ey: the size of the general operand is in the first place.
        try setDestination(i, i.pointee.size == 3 ? 3 : 2, value)
    }

    /// PEXTRB and its like: the element of 2^`size` bytes that the immediate numbers, to memory or extended by zeros.
    private func extract(_ i: UnsafePointer<Instruction>, _ size: UInt8) throws(Fault) {
        let vector = xmm[Int(i.pointee.source)]
        let bit = (UInt64(truncatingIfNeeded: i.pointee.immediate) << UInt64(size) & 15) * 8
        let value = truncate((bit < 64 ? vector.low : vector.high) >> (bit & 63), size)
        if i.pointee.destination == Operand.memory {
            try store(address(i), size, value)
        } else {
            try moveToGeneral(i, value)
        }
    }

    /// MASKMOVDQU: the bytes whose mask has its highest bit set.
    private func storeMasked(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let value = xmm[Int(i.pointee.destination)]
        let mask = xmm[Int(i.pointee.source)]
        let (base, wrap) = (cpu.bases[Int(i.pointee.segment)], addressMask(i))
        let first = r[7] & wrap
        if (mask.low | mask.high) & 0x8080_8080_8080_8080 != 0 {
            // Short addresses begin anew behind the last one.
            let length = min(15, wrap &- first) + 1
            try cpu.probeWrite(first &+ base, length)
            if length < 16 { try cpu.probeWrite(base, 16 - length) }
        }
        for index in 0..<UInt64(16) {
            let (bytes, bits) = index < 8 ? (value.low, mask.low) : (value.high, mask.high)
            let shift = (index & 7) * 8
            let place = (first &+ index) & wrap
            if bits >> shift & 0x80 != 0 { try store(place &+ base, 0, bytes >> shift) }
        }
    }

    // MARK: Computation

    func vector(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let encoding = EncodingTable.shared.encodings[Int(i.pointee.encoding)]
        // An operand in memory leaves the MMX registers out of it.
        let namesMMX = encoding.flags.contains(.mmx)
        let isMMX = namesMMX && !(i.pointee.op == .cvtpi2p && i.pointee.source == Operand.memory)
        if !namesMMX || encoding.flags.contains(.vector) { try demandVectors() }
        if isMMX { try demandMultimedia() }
        guard let native = cpu.native else { throw .undefined }
        let hasImmediate = encoding.third.kind == .immediate || encoding.second.kind == .immediate
        let piece = native.piece(VectorPiece.key(i, hasImmediate: hasImmediate)) {
            var maker = VectorPiece(encoding, i.pointee)
            return maker.make()
        }
        let isVectorTarget = encoding.first.kind == .vectorReg || encoding.first.kind == .vectorRM
        let source = try vectorSource(i, encoding)
        if isMMX { enterMultimedia() }
        let isMMXTarget = encoding.first.kind == .mmxReg || encoding.first.kind == .mmxRM
        let place =
            isMMXTarget
            ? multimediaPlace(i.pointee.destination)
            : UnsafeMutableRawPointer(isVectorTarget ? xmm + Int(i.pointee.destination & 15) : xmm)
        var environment = NativeEnvironment()
        if encoding.flags.contains(.usesXMM0) { environment.xmm0 = xmm[0] }
        let comparesStrings = VectorPiece.comparesStrings(i.pointee.op)
        if comparesStrings { setLengths(i, &environment) }
        let result: UInt64
        if encoding.flags.contains(.float) {
            result = try compute(piece, place, source, &environment)
        } else {
            result = withUnsafeMutableBytes(of: &environment) {
                piece(place, source, $0.baseAddress.unsafelyUnwrapped)
            }
        }
        if isMMXTarget { markMultimedia(i.pointee.destination) }
        guard encoding.chapter == .vectorResult else { return }
        if isVectorTarget {
            s.setArithmetic(result)
            if comparesStrings { finishComparison(i.pointee.op, environment) }
        } else {
            setRegister(i.pointee.destination, i.pointee.size == 3 ? 3 : 2, result)
        }
    }

    /// The explicit lengths of strings are 32 bits wide without REX.W, which is in `extra`.
    private func setLengths(_ i: UnsafePointer<Instruction>, _ environment: inout NativeEnvironment) {
        let size: UInt8 = i.pointee.extra & 8 != 0 ? 3 : 2
        environment.rax = signExtend(r[0], size)
        environment.rdx = signExtend(r[2], size)
    }

    private func finishComparison(_ op: Operation, _ environment: NativeEnvironment) {
        if op == .pcmpestrm || op == .pcmpistrm {
            xmm[0] = environment.xmm0
        } else {
            r[1] = environment.rcx & 0xFFFF_FFFF
        }
    }

    /// Runs with all exceptions masked, and raises afterwards what the guest has not masked.
    private func compute(
        _ piece: NativeCode.Piece, _ place: UnsafeMutableRawPointer, _ source: UnsafeMutableRawPointer,
        _ environment: inout NativeEnvironment
    ) throws(Fault) -> UInt64 {
        let guest = cpu.float.pointee.mxcsr
        let saved = place.load(as: Vector.self)
        environment.mxcsr = guest & ~0x3F | 0x1F80
        let result = withUnsafeMutableBytes(of: &environment) {
            piece(place, source, $0.baseAddress.unsafelyUnwrapped)
        }
        let raised = environment.mxcsr & 0x3F
        cpu.float.pointee.mxcsr = guest | raised
        if raised & ~(guest >> 7) & 0x3F != 0 {
            place.storeBytes(of: saved, as: Vector.self)
            throw s.pointee.cr4 & 1 << 10 != 0 ? .vectorFloat : .undefined
        }
        return result
    }

    /// Where the source lies: a register of the guest, its memory, or a copy of it.
    private func vectorSource(_ i: UnsafePointer<Instruction>, _ encoding: Encoding) throws(Fault)
        -> UnsafeMutableRawPointer
    {
        guard i.pointee.source == Operand.memory else {
            if encoding.second.kind == .registerOrMemory || encoding.second.kind == .register {
                return UnsafeMutableRawPointer(r) + Int(i.pointee.source & 0x7F)
            }
            if encoding.second.kind == .mmxOrMemory || encoding.second.kind == .mmxRM {
                // The stack of x87 registers is about to be turned so that they are in their order.
                cpu.scratch.storeBytes(of: multimediaValue(i.pointee.source), as: UInt64.self)
                return cpu.scratch
            }
            return UnsafeMutableRawPointer(xmm + Int(i.pointee.source & 15))
        }
        let size = i.pointee.sourceSize
        let place = size == 4 ? try vectorAddress(i) : address(i)
        if let host = direct(place, 1 << UInt64(size), write: false) { return host }
        if size == 4 {
            cpu.scratch.storeBytes(of: try loadVector(place), as: Vector.self)
        } else {
            cpu.scratch.storeBytes(of: try load(place, size), as: UInt64.self)
        }
        return cpu.scratch
    }
}
