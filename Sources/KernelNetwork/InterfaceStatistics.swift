/// What has passed through one interface since it was made.
package struct InterfaceStatistics: Codable, Equatable, Sendable {
    package var name: String
    package var receivedBytes: UInt64 = 0
    package var receivedPackets: UInt64 = 0
    package var receiveErrors: UInt64 = 0
    package var receiveDrops: UInt64 = 0
    package var sentBytes: UInt64 = 0
    package var sentPackets: UInt64 = 0
    package var sendErrors: UInt64 = 0
    package var sendDrops: UInt64 = 0

    package init(name: String) { self.name = name }

    /// Parses `/proc/PID/net/dev`; the loopback is left out, lines in another form are skipped.
    package static func parse(_ text: String) -> [InterfaceStatistics] {
        text.split(separator: "\n").compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let name = line[..<colon].filter { $0 != " " }
            let numbers = line[line.index(after: colon)...].split(separator: " ").map { UInt64($0) ?? 0 }
            guard name != "lo", numbers.count >= 12 else { return nil }
            var item = InterfaceStatistics(name: name)
            (item.receivedBytes, item.receivedPackets) = (numbers[0], numbers[1])
            (item.receiveErrors, item.receiveDrops) = (numbers[2], numbers[3])
            (item.sentBytes, item.sentPackets) = (numbers[8], numbers[9])
            (item.sendErrors, item.sendDrops) = (numbers[10], numbers[11])
            return item
        }
    }
}
