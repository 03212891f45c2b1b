// FXSAVE, FXRSTOR and MXCSR (SDM vol. 1, section 10.5).
extension Interpreter {
    /// Bytes that FXSAVE writes; the rest of its 512 are software's.
    private static let imageSize = 416

    func floatState(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let isMXCSR = i.pointee.op == .ldmxcsr || i.pointee.op == .stmxcsr
        if isMXCSR { try demandVectors() } else { try demandFPU() }
        switch i.pointee.op {
        case .stmxcsr: try store(address(i), 2, UInt64(cpu.float.pointee.mxcsr))
        case .ldmxcsr:
            let value = UInt32(truncatingIfNeeded: try load(address(i), 2))
            guard value >> 16 == 0 else { throw .protection }
            cpu.float.pointee.mxcsr = value
        case .fxsave: try saveImage(i)
        default: try restoreImage(i)
        }
    }

    private func saveImage(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let place = address(i)
        guard place & 15 == 0 else { throw .protection }
        try cpu.probeWrite(place, 512)
        let image = UnsafeRawPointer(cpu.float)
        for offset in stride(from: 0, to: Self.imageSize, by: 8) {
            try store(place &+ UInt64(offset), 3, image.load(fromByteOffset: offset, as: UInt64.self))
        }
    }

    private func restoreImage(_ i: UnsafePointer<Instruction>) throws(Fault) {
        let place = address(i)
        guard place & 15 == 0 else { throw .protection }
        var image = InlineArray<52, UInt64>(repeating: 0)
        for word in 0..<52 { image[word] = try load(place &+ UInt64(8 * word), 3) }
        guard image[3] & 0xFFFF_0000 == 0 else { throw .protection }
        image[3] = image[3] & 0xFFFF_FFFF | 0xFFFF << 32
        withUnsafeBytes(of: &image) {
            UnsafeMutableRawPointer(cpu.float).copyMemory(
                from: $0.baseAddress.unsafelyUnwrapped, byteCount: Self.imageSize)
        }
    }
}
