import Synchronization

/// A message to local APICs: an interrupt command of one of them, what the I/O APIC sends, or what a function of PCI
/// writes (SDM vol. 3, sections 10.6 and 10.11).
package struct APICMessage: Equatable, Sendable {
    /// The delivery mode.
    package enum Mode: Equatable, Sendable {
        case fixed, lowestPriority, management, reserved, nonMaskable, initialise, startUp, external

        /// By the three bits that tell it in every register.
        package init(rawValue: UInt32) {
            let modes: [Mode] = [
                .fixed, .lowestPriority, .management, .reserved, .nonMaskable, .initialise, .startUp,
                .external,
            ]
            self = modes[Int(rawValue & 7)]
        }
    }

    /// Whom a command means without naming them.
    package enum Shorthand: UInt32, Sendable {
        case none, own, all, others
    }

    package var vector: UInt8
    package var mode = Mode.fixed
    package var isLevel = false
    /// False only for the message that ends INIT in processors of old.
    package var isAsserted = true
    package var destination: UInt32 = 0
    package var isLogical = false
    package var shorthand = Shorthand.none

    package init(
        vector: UInt8, mode: Mode = .fixed, isLevel: Bool = false, isAsserted: Bool = true,
        destination: UInt32 = 0, isLogical: Bool = false, shorthand: Shorthand = .none
    ) {
        self.vector = vector
        self.mode = mode
        self.isLevel = isLevel
        self.isAsserted = isAsserted
        self.destination = destination
        self.isLogical = isLogical
        self.shorthand = shorthand
    }
}

/// Carries messages to the local APICs of a machine.
package final class APICBus: Sendable {
    private let members = Mutex<[LocalAPIC]>([])

    package init() {}

    package func join(_ apic: LocalAPIC) { members.withLock { $0.append(apic) } }

    /// A write of `data` to where local APICs take messages (SDM vol. 3, section 10.11), which is at 0xFEE0_0000 and in
    /// the MiB from there on; elsewhere nothing. From any thread.
    package func write(_ address: UInt64, _ data: UInt32) {
        guard address >> 20 == LocalAPIC.address >> 20 else { return }
        send(
            APICMessage(
                vector: UInt8(truncatingIfNeeded: data), mode: APICMessage.Mode(rawValue: data >> 8),
                destination: UInt32(truncatingIfNeeded: address >> 12 & 0xFF), isLogical: address & 4 != 0))
    }

    /// Hands a message to all that it is for. From any thread.
    ///
    /// - Parameter sender: whose command it is; `nil` for devices.
    package func send(_ message: APICMessage, from sender: LocalAPIC? = nil) {
        let all = members.withLock { $0 }
        let targets: [LocalAPIC] =
            switch message.shorthand {
            case .own: all.filter { $0 === sender }
            case .all: all
            case .others: all.filter { $0 !== sender }
            case .none: all.filter { $0.isNamed(by: message) }
            }
        guard message.mode == .lowestPriority else {
            for target in targets { target.take(message) }
            return
        }
        // Whoever is at the least urgent task; of those the first.
        targets.min { $0.processorPriority < $1.processorPriority }?.take(message)
    }
}
