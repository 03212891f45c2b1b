import Machine

/// Read-only memory on the bus.
package final class ROM: Device {
    private let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<UInt64(width.rawValue) {
            guard let place = Int(exactly: offset &+ index), place < bytes.count else { break }
            value |= UInt64(bytes[place]) << (8 * index)
        }
        return value
    }

    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {}

    package func reset() {}
}
