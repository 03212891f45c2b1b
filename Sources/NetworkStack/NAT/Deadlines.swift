/// Which flow wants to be called when: a binary heap. Entries are never removed early; a flow remembers the deadline
/// it is entered for, and an entry that no longer matches is passed over when it comes up.
struct Deadlines {
    struct Entry {
        let time: UInt64
        let flow: FlowID
    }

    private var heap: [Entry] = []

    /// The earliest, possibly outdated; `UInt64.max` if there is none.
    var earliest: UInt64 { heap.first?.time ?? .max }

    mutating func insert(_ flow: FlowID, at time: UInt64) {
        heap.append(Entry(time: time, flow: flow))
        var index = heap.count - 1
        while index > 0, heap[index].time < heap[(index - 1) / 2].time {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    /// Takes out the earliest entry that is due at `now`.
    mutating func next(due now: UInt64) -> Entry? {
        guard let first = heap.first, first.time <= now else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < heap.count && heap[child].time < heap[least].time { least = child }
            if least == index { return first }
            heap.swapAt(index, least)
            index = least
        }
    }
}

/// First in, first out.
struct Queue<Element> {
    private var items: [Element?] = []
    private var head = 0

    var count: Int { items.count - head }
    var isEmpty: Bool { head == items.count }

    mutating func push(_ item: Element) {
        items.append(item)
    }

    mutating func pop() -> Element? {
        guard head < items.count else { return nil }
        let item = items[head]
        items[head] = nil
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 256, head * 2 >= items.count {
            items.removeFirst(head)
            head = 0
        }
        return item
    }
}
