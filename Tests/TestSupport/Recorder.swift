import Synchronization

/// Collects what a device tells its back end, from whatever thread.
package final class Recorder<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    package init() {}

    /// Everything recorded so far, oldest first.
    package var recorded: [Element] { elements.withLock { $0 } }

    package func record(_ element: Element) { elements.withLock { $0.append(element) } }

    package func record(contentsOf more: some Sequence<Element>) { elements.withLock { $0 += more } }
}
