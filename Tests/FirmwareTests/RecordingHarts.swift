import Firmware
import Machine
import Synchronization

/// Harts that do nothing but remember what the SBI asked of them.
final class RecordingHarts: SBIHarts {
    enum Event: Equatable {
        case timer(UInt64, hart: Int)
        case softwareInterrupt(Bool, hart: Int)
        case fence(RemoteFence, HartSet)
        case start(HartEntry)
        case power(PowerRequest)
        case printed([UInt8])
    }

    let count: Int
    private let events = Mutex<[Event]>([])
    /// Words that `load` finds, by virtual address.
    let virtualMemory: [UInt64: UInt64]

    init(count: Int, virtualMemory: [UInt64: UInt64] = [:]) {
        self.count = count
        self.virtualMemory = virtualMemory
    }

    /// What has happened since the last time this was asked.
    func takeEvents() -> [Event] {
        events.withLock { events in
            defer { events = [] }
            return events
        }
    }

    func record(_ event: Event) { events.withLock { $0.append(event) } }

    func setTimer(_ time: UInt64, of hart: Int) { record(.timer(time, hart: hart)) }
    func setSoftwareInterrupt(_ pending: Bool, of hart: Int) {
        record(.softwareInterrupt(pending, hart: hart))
    }
    func fence(_ fence: RemoteFence, on harts: HartSet) { record(.fence(fence, harts)) }
    func start(at entry: HartEntry) { record(.start(entry)) }
    func load(virtual address: UInt64, of hart: Int) -> UInt64? { virtualMemory[address] }
}
