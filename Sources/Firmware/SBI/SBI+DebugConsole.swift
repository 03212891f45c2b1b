/// Debug console (chapter 12).
extension SBI {
    /// At most this much moves in one call; callers ask again for the rest.
    private static let largestTransfer: UInt64 = 64 << 10

    func debugConsole(_ call: SBICall) -> SBIReply {
        switch call.functionID {
        case 0: consoleWrite(call)
        case 1: consoleRead(call)
        case 2: consoleWriteByte(call)
        default: SBIReply(.notSupported)
        }
    }

    private func consoleWrite(_ call: SBICall) -> SBIReply {
        guard let buffer = buffer(call) else { return SBIReply(.invalidParameter) }
        console.write(UnsafeRawBufferPointer(buffer))
        return .success(UInt64(buffer.count))
    }

    private func consoleRead(_ call: SBICall) -> SBIReply {
        guard let buffer = buffer(call) else { return SBIReply(.invalidParameter) }
        let count = UInt64(console.read(buffer))
        memory.didWrite(call.a1, count)
        return .success(count)
    }

    private func consoleWriteByte(_ call: SBICall) -> SBIReply {
        withUnsafeBytes(of: UInt8(truncatingIfNeeded: call.a0), console.write)
        return .success()
    }

    /// The guest's buffer of a0 bytes at physical address a2:a1, cut to the largest transfer. `nil` unless all of
    /// it is RAM.
    private func buffer(_ call: SBICall) -> UnsafeMutableRawBufferPointer? {
        guard call.a0 > 0 else { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
        guard call.a2 == 0, let start = memory.pointer(to: call.a1, count: call.a0) else { return nil }
        return UnsafeMutableRawBufferPointer(start: start, count: Int(min(call.a0, Self.largestTransfer)))
    }
}
