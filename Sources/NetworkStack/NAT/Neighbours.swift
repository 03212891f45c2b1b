/// Which Ethernet address has which IP address on the guest's side, learned from every frame it sends.
struct Neighbours {
    static let capacity = 64
    private var table: [IPAddress: MACAddress] = [:]
    /// The source of the last frame: on a link with one guest, a good guess for all its addresses.
    private var lastSeen: MACAddress?

    mutating func saw(_ mac: MACAddress) {
        lastSeen = mac
    }

    mutating func learn(_ address: IPAddress, _ mac: MACAddress) {
        guard AddressPlan.isGuest(address), !mac.isGroup else { return }
        if table.count >= Self.capacity, table[address] == nil { table.removeAll() }
        table[address] = mac
    }

    /// Nil before the guest has sent its first frame.
    func find(_ address: IPAddress) -> MACAddress? {
        table[address] ?? lastSeen
    }
}
