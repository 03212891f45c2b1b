import Host
import Model
import NetworkStack
import Synchronization

/// What a network's name server answers; values of module `NetworkStack`.
package typealias NameTable = NetworkStack.NameTable
package typealias IPAddress = NetworkStack.IPAddress
package typealias Prefix = NetworkStack.Prefix

/// Makes named networks real: bridges, interfaces of containers, translation, published ports, names.
///
/// Everything blocks for milliseconds (a program is started, a process is asked), so call it off the main path. All
/// operations may be called from any thread and are taken one at a time per network.
package final class NetworkBackend: Sendable {
    let run: String
    let isRootless: Bool
    let program: String
    let records = Mutex<[String: NetworkRecord]>([:])

    /// - Parameters:
    ///   - run: the daemon's run folder; sockets come to `run/networks/ID/`.
    ///   - isRootless: whether this process is root in a user namespace of its own and has no say over the host's
    ///     network: then each network has a net namespace of its own, and leaves it through user-mode translation.
    ///   - program: the path of `viv-network`.
    package init(run: String, isRootless: Bool, program: String) throws(KernelNetworkError) {
        self.run = run
        self.isRootless = isRootless
        self.program = program
    }

    /// The blocks of addresses that the host reaches by routes of its own, for `AddressPool.addNetwork`.
    package static func hostPrefixes() -> [Prefix] { [] }

    /// Makes a network. `record.spec.pools` must be complete, as `AddressPool.addNetwork` returns them.
    package func create(_ record: NetworkRecord) throws(KernelNetworkError) { throw .unsupported }

    /// Takes a network down: bridge, rules, published ports, names. Harmless when it is gone already.
    package func remove(_ networkID: String) throws(KernelNetworkError) { throw .unsupported }

    /// After a restart of the daemon: takes over the networks that are there and makes those that are not.
    /// - Returns: what could not be brought back and why; the others work.
    package func restore(_ records: [NetworkRecord]) -> [(NetworkRecord, KernelNetworkError)] { [] }

    /// Connects the net namespace of process `pid` to a network by a new interface with the endpoint's addresses.
    package func attach(
        pid: Int32, networkID: String, endpoint: Model.Endpoint, interface: String, isDefaultRoute: Bool
    ) throws(KernelNetworkError) { throw .unsupported }

    /// Takes an endpoint's interface away and unpublishes its ports; harmless when both are gone.
    package func detach(networkID: String, endpoint: Model.Endpoint) throws(KernelNetworkError) {
        throw .unsupported
    }

    /// Publishes ports of an endpoint on the host, all or none. A host port 0 is chosen; an empty host address is
    /// 127.0.0.1. Ports that this endpoint has published already stay as they are.
    ///
    /// - Returns: the mappings with host addresses and ports filled in, in the same order.
    /// - Throws: `conflict` naming the port that somebody else has.
    package func publish(
        _ ports: [PortMapping], to endpoint: Model.Endpoint, networkID: String
    ) throws(KernelNetworkError) -> [PortMapping] { throw .unsupported }

    /// Takes all published ports of an endpoint back; harmless when there are none.
    package func unpublish(_ endpoint: Model.Endpoint, networkID: String) throws(KernelNetworkError) {
        throw .unsupported
    }

    /// Replaces what the network's name server answers.
    package func setNames(_ names: NameTable, networkID: String) throws(KernelNetworkError) {
        throw .unsupported
    }

    /// The address of the network's name server, for `resolv.conf`.
    package func nameServer(networkID: String) -> String { "" }

    /// Brings up the loopback interface of the net namespace of `pid`.
    package static func bringUpLoopback(pid: Int32) throws(KernelNetworkError) { throw .unsupported }

    /// Counters of the interfaces in the net namespace of `pid`; empty when the process is gone.
    package static func statistics(pid: Int32) -> [InterfaceStatistics] { [] }
}

extension KernelNetworkError {
    static let unsupported = KernelNetworkError(.system, "networks are not available in this build")
}
