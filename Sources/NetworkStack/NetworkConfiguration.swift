/// What a network is made with.
package struct NetworkConfiguration: Sendable {
    /// Whether large TCP segments and unfinished checksums may be sent to guests that show, by doing so
    /// themselves, that they take them.
    package var offloads = true
    /// Ports of the host that lead to the guest.
    package var forwards: [PortForward] = []
    /// Name servers to ask; nil means those of the host's `/etc/resolv.conf`.
    package var resolvers: [IPAddress]?
    /// The name that DHCP offers to the guest.
    package var hostName: String?
    /// Addresses of the link.
    package var plan = AddressPlan.standard
    /// Whether the driver answers queries of names (`Action.ask`), in place of the resolvers.
    package var asksForNames = false

    package init(
        offloads: Bool = true, forwards: [PortForward] = [], resolvers: [IPAddress]? = nil,
        hostName: String? = nil
    ) {
        self.offloads = offloads
        self.forwards = forwards
        self.resolvers = resolvers
        self.hostName = hostName
    }
}
