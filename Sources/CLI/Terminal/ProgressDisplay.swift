import Glibc
import Host

/// The state of several things at once, such as the layers of an image: redrawn in place on a terminal, one line
/// for each change of state elsewhere. Goes to standard error, so that results can be piped.
package struct ProgressDisplay {
    /// One thing that goes forward.
    package struct Item: Equatable, Sendable {
        let id: String
        var status: String
        var current: UInt64 = 0
        var total: UInt64 = 0
        /// Seconds, when the counting of this state began.
        var since = 0.0
    }

    private static let interval = 0.1

    private let descriptor: Int32
    private let isLive: Bool
    private var items: [Item] = []
    private var drawn = 0
    private var lastDrawn = 0.0

    package init(descriptor: Int32 = STDERR_FILENO) {
        self.descriptor = descriptor
        isLive = Terminal.isTerminal(descriptor)
    }

    /// Takes news of the thing called `id`.
    package mutating func update(
        _ id: String, _ status: String, current: UInt64 = 0, total: UInt64 = 0, now: Double = Amounts.now
    ) {
        let index = items.firstIndex { $0.id == id }
        let isNews = index.map { items[$0].status != status } ?? true
        var item = index.map { items[$0] } ?? Item(id: id, status: status)
        if isNews { item.since = now }
        item.status = status
        item.current = current
        item.total = total
        if let index { items[index] = item } else { items.append(item) }
        if isLive {
            if isNews || now - lastDrawn >= Self.interval { draw(now) }
        } else if isNews {
            write("\(id): \(status)\n")
        }
    }

    /// Writes a line that stays.
    package mutating func line(_ text: String) {
        erase()
        write(text + "\n")
        if isLive { draw(Amounts.now) }
    }

    /// Leaves the last state on the screen.
    package mutating func finish() {
        if isLive { draw(Amounts.now) }
        items = []
        drawn = 0
    }

    private mutating func erase() {
        if isLive, drawn > 0 { write("\u{1b}[\(drawn)A\u{1b}[J") }
        drawn = 0
    }

    private mutating func draw(_ now: Double) {
        let size = Terminal.size(of: descriptor) ?? Terminal.Size(columns: 80, rows: 24)
        // What has scrolled out of the screen cannot be redrawn.
        let visible = items.suffix(max(size.rows - 2, 1))
        var text = drawn > 0 ? "\u{1b}[\(drawn)A" : ""
        for item in visible { text += Self.text(item, width: size.columns - 1, now: now) + "\u{1b}[K\n" }
        write(text)
        drawn = visible.count
        lastDrawn = now
    }

    /// `a1b2c3: Downloading  [=====>    ]  3.1MB/9.9MB  1.2MB/s  5s`, cut to `width`.
    package static func text(_ item: Item, width: Int, now: Double) -> String {
        var text = "\(item.id): \(item.status)"
        if item.current > 0 {
            let amount = Amounts.decimal(item.current)
            if item.total > 0 {
                let done = min(Double(item.current) / Double(item.total), 1)
                let filled = Int(done * 20)
                let bar = String(repeating: "=", count: filled) + (filled < 20 ? ">" : "")
                text += " [" + bar + String(repeating: " ", count: max(20 - bar.count, 0)) + "]"
                text += " \(amount)/\(Amounts.decimal(item.total))"
            } else {
                text += " \(amount)"
            }
            text += Self.pace(item, now)
        }
        return String(text.prefix(max(width, 20)))
    }

    /// The rate so far and the seconds to come, once there is something to judge by.
    private static func pace(_ item: Item, _ now: Double) -> String {
        let seconds = now - item.since
        guard seconds >= 1, item.current < item.total || item.total == 0 else { return "" }
        let rate = Double(item.current) / seconds
        let left = rate > 0 && item.total > item.current ? Double(item.total - item.current) / rate : 0
        return " \(Amounts.decimal(UInt64(rate)))/s" + (left >= 1 ? " \(Int(left))s" : "")
    }

    private func write(_ text: String) { try? Descriptors.writeAll(descriptor, Array(text.utf8)) }
}

extension ProgressDisplay.Item {
    package init(_ id: String, _ status: String, current: UInt64, total: UInt64, since: Double) {
        self.init(id: id, status: status, current: current, total: total, since: since)
    }
}
