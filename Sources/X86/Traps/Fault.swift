/// Why an instruction did not complete, or (INT n, INT3) why it ends in a handler.
package struct Fault: Error, Equatable, Sendable {
    package let vector: UInt8
    /// The handler returns behind the instruction (a trap), not to it.
    package let isTrap: Bool
    /// An INT n instruction: gates are checked against its privilege.
    package let isSoftware: Bool
    /// What is pushed for vectors that have an error code.
    package let code: UInt32

    package init(_ vector: UInt8, _ code: UInt32 = 0, isTrap: Bool = false, isSoftware: Bool = false) {
        self.vector = vector
        self.code = code
        self.isTrap = isTrap
        self.isSoftware = isSoftware
    }

    /// SDM vol. 3, table 6-1.
    package static let divide = Fault(0)
    package static let undefined = Fault(6)
    package static let noFPU = Fault(7)
    package static let double = Fault(8)
    package static let protection = Fault(13)
    package static let stack = Fault(12)
    package static let math = Fault(16)
    package static let vectorFloat = Fault(19)

    package static func protection(_ code: UInt32) -> Fault { Fault(13, code) }
    package static func page(_ code: UInt32) -> Fault { Fault(14, code) }

    /// Whether an error code is pushed.
    var hasCode: Bool {
        switch vector {
        case 8, 10, 11, 12, 13, 14, 17, 21: !isSoftware
        default: false
        }
    }

    /// How two faults in a row combine (SDM vol. 3, table 6-5).
    enum Class { case benign, contributory, page }

    var kind: Class {
        if isSoftware { return .benign }
        return switch vector {
        case 0, 10, 11, 12, 13: .contributory
        case 14: .page
        default: .benign
        }
    }
}

/// Bits of a page fault's error code (SDM vol. 3, section 4.7).
package enum PageFaultCode {
    package static let present: UInt32 = 1
    package static let write: UInt32 = 2
    package static let user: UInt32 = 4
    package static let reserved: UInt32 = 8
    package static let fetch: UInt32 = 16
}
