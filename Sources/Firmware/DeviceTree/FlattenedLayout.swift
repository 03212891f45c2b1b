/// Numbers of the flattened format, version 17 (Devicetree Specification 0.4, chapter 5).
enum FlattenedLayout {
    static let magic: UInt32 = 0xd00d_feed
    static let version: UInt32 = 17
    /// The oldest version whose readers understand ours.
    static let compatibleVersion: UInt32 = 16
    static let headerSize = 40

    /// The 32-bit words between which the structure block lays names and values.
    enum Token: UInt32 {
        case beginNode = 1
        case endNode = 2
        case property = 3
        case nop = 4
        case end = 9
    }
}
