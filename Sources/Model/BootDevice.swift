/// What a PC's firmware can start from.
package enum BootDevice: String, Codable, Sendable, CaseIterable {
    case disk, cdrom, floppy, net

    /// The order of a machine whose owner names none.
    package static let standardOrder: [BootDevice] = [.disk, .cdrom, .floppy]
}
