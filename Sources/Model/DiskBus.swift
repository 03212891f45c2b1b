/// What a disk is plugged into.
package enum DiskBus: String, Codable, Sendable, CaseIterable {
    case ide, virtio
}
