import Machine
import Synchronization

/// Up to 64 wires whose levels several threads compute and drive.
///
/// A device computes its level under its own lock but drives the wire after releasing it. Two
/// threads could then drive in the wrong order and leave the wire at a stale level. This turns
/// the race harmless: driving is serialised, and each drive asks for the levels of that moment,
/// so the last one to drive always drives the truth.
final class InterruptOutputs: Sendable {
    private let lines: [InterruptLine]
    private let driven = Mutex<UInt64>(0)

    init(_ lines: [InterruptLine]) { self.lines = Array(lines.prefix(64)) }

    /// Brings the wires to `levels`, bit 0 being the first wire. `levels` may take the device's lock;
    /// the caller may not hold it.
    func drive(_ levels: () -> UInt64) {
        driven.withLock { driven in
            let wanted = levels()
            let changed = wanted ^ driven
            guard changed != 0 else { return }
            for (index, line) in lines.enumerated() where changed >> UInt64(index) & 1 != 0 {
                line.set(wanted >> UInt64(index) & 1 != 0)
            }
            driven = wanted
        }
    }
}
