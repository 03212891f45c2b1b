import Machine

// The guest's RAM by virtual or physical address. Devices are left alone: to read one may change it.
extension DebugSession {
    /// So that the answer fits into one packet.
    static let longestRead = UInt64(PacketReader.longest / 2)

    /// `ADDRESS,COUNT`: what can be read of it.
    func readMemory(_ rest: ArraySlice<UInt8>) -> String {
        guard let (address, count) = Self.range(rest) else { return Self.error }
        if count == 0 { return "" }
        var bytes: [UInt8] = []
        for index in 0..<min(count, Self.longestRead) {
            guard let place = place(address &+ index), let byte = cpus[current].memory.load8(place) else {
                break
            }
            bytes.append(byte)
        }
        return bytes.isEmpty ? Self.error : Hex.digits(bytes)
    }

    /// `ADDRESS,COUNT:DATA`, written as a whole or not at all.
    func writeMemory(_ rest: ArraySlice<UInt8>, isBinary: Bool) -> String {
        let parts = rest.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard isStopped, parts.count == 2, let (address, count) = Self.range(parts[0]),
            let data = isBinary ? PacketReader.unescaped(parts[1]) : Hex.bytes(parts[1]),
            count == UInt64(data.count)
        else { return Self.error }
        let memory = cpus[current].memory
        let places = (0..<count).map { place(address &+ $0) }
        guard places.allSatisfy({ $0.map { memory.contains($0, 1) } ?? false }) else { return Self.error }
        for (byte, place) in zip(data, places) { if let place { _ = memory.store8(place, byte) } }
        return "OK"
    }

    private func place(_ address: UInt64) -> UInt64? {
        isPhysical ? address : cpus[current].debugTranslate(address)
    }

    /// `ADDRESS,COUNT`, or what else stands in two numbers.
    static func range(_ text: ArraySlice<UInt8>) -> (UInt64, UInt64)? {
        let parts = text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard parts.count == 2, let address = Hex.number(parts[0]), let count = Hex.number(parts[1]) else {
            return nil
        }
        return (address, count)
    }

    // MARK: Points

    /// More are refused: each is looked at on the engines' slow paths.
    private static let mostPoints = 256

    /// `TYPE,ADDRESS,KIND`: 0 and 1 are breakpoints, 2 to 4 watch writing, reading and both; conditions are not
    /// taken.
    func setPoint(_ rest: ArraySlice<UInt8>, isSet: Bool) -> String {
        let parts = rest.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard isStopped, parts.count == 3, let type = Hex.number(parts[0]),
            let address = Hex.number(parts[1]),
            let kind = Hex.number(parts[2]), !isSet || points.count < Self.mostPoints
        else { return Self.error }
        switch type {
        case 0, 1:
            let breakKind: DebugPoints.BreakKind = type == 0 ? .software : .hardware
            isSet ? points.setBreak(address, breakKind) : points.clearBreak(address, breakKind)
        case 2...4:
            let watchKind: DebugPoints.Watch.Kind = type == 2 ? .write : type == 3 ? .read : .any
            guard kind <= 4096,
                let watch = DebugPoints.Watch(kind: watchKind, address: address, count: kind)
            else { return Self.error }
            isSet ? points.set(watch) : points.clear(watch)
        default: return ""
        }
        pointsChanged()
        return "OK"
    }
}
