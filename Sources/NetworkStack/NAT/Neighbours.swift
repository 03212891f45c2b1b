/// Which Ethernet address has which IP address on the guest's side, learned from every frame it sends.
struct Neighbours {
    static let capacity = 8192
    private let plan: AddressPlan
    private var table: [IPAddress: MACAddress] = [:]
    /// The source of the last frame: on a link with one guest, a good guess for all its addresses.
    private var lastSeen: MACAddress?
    /// What the network's owner said; no frame changes it.
    private var pinned: [IPAddress: MACAddress] = [:]

    init(plan: AddressPlan) {
        self.plan = plan
    }

    /// Replaces what is known for certain.
    mutating func pin(_ known: [IPAddress: MACAddress]) {
        pinned = known
        table.removeAll()
    }

    mutating func saw(_ mac: MACAddress) {
        if plan.assignsAddresses { lastSeen = mac }
    }

    mutating func learn(_ address: IPAddress, _ mac: MACAddress) {
        guard plan.isGuest(address), !mac.isGroup else { return }
        if table.count >= Self.capacity, table[address] == nil { table.removeAll() }
        table[address] = mac
    }

    /// Nil before a guest has sent its first frame.
    func find(_ address: IPAddress) -> MACAddress? {
        pinned[address] ?? table[address] ?? lastSeen
    }
}
