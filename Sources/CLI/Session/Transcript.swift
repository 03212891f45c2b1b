/// What has come from a serial port lately.
final class Transcript {
    /// So many bytes at the end are remembered.
    private static let capacity = 8 << 10

    private var bytes: [UInt8] = []

    func take(_ output: some Collection<UInt8>) {
        bytes += output.suffix(Self.capacity)
        if bytes.count > Self.capacity { bytes.removeFirst(bytes.count - Self.capacity) }
    }

    /// Somebody types: what comes from now on is the answer.
    func clear() { bytes = [] }

    /// As text, without a terminal's control sequences (ECMA-48) and carriage returns.
    var text: String {
        var plain: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            if byte == 0x1B {
                Self.skipSequence(&rest)
            } else if byte == 10 || byte >= 32 {
                plain.append(byte)
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }

    private static func skipSequence(_ rest: inout ArraySlice<UInt8>) {
        guard let kind = rest.popFirst(), kind == UInt8(ascii: "[") else { return }
        while let byte = rest.popFirst(), !(0x40...0x7E).contains(byte) {}
    }
}
