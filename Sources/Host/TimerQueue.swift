/// Deadlines in order: a binary heap whose cancelled entries are dropped when they come up.
struct TimerQueue {
    private struct Entry {
        let deadline: UInt64
        let number: UInt64

        func precedes(_ other: Entry) -> Bool {
            (deadline, number) < (other.deadline, other.number)
        }
    }

    private var heap: [Entry] = []
    private var handlers: [UInt64: () -> Void] = [:]
    private var issued: UInt64 = 0

    /// Adds a timer; its number serves to cancel it.
    mutating func insert(_ deadline: UInt64, _ handler: @escaping () -> Void) -> UInt64 {
        issued += 1
        handlers[issued] = handler
        heap.append(Entry(deadline: deadline, number: issued))
        siftUp(heap.count - 1)
        return issued
    }

    mutating func cancel(_ number: UInt64) {
        handlers[number] = nil
        if handlers.isEmpty { heap.removeAll(keepingCapacity: true) }
    }

    /// Takes out the handler of the earliest timer whose deadline is not after `now`.
    mutating func next(at now: UInt64) -> (() -> Void)? {
        while let first = heap.first {
            if let handler = handlers[first.number] {
                guard first.deadline <= now else { return nil }
                handlers[first.number] = nil
                removeFirst()
                return handler
            }
            removeFirst()
        }
        return nil
    }

    /// Milliseconds to wait from `now`, rounded up; -1 when there is no timer.
    mutating func timeout(at now: UInt64) -> Int32 {
        while let first = heap.first, handlers[first.number] == nil { removeFirst() }
        guard let first = heap.first else { return -1 }
        guard first.deadline > now else { return 0 }
        return Int32(clamping: (first.deadline - now + 999_999) / 1_000_000)
    }

    private mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        siftDown()
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        while index > 0, heap[index].precedes(heap[(index - 1) / 2]) {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    private mutating func siftDown() {
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < heap.count && heap[child].precedes(heap[least]) { least = child }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
