import Glibc
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
/// Everything blocks for milliseconds (a program is started, a process is asked), so call it off the main path, and for
/// one network one call at a time. Different networks do not wait for each other.
package final class NetworkBackend: Sendable {
    let run: String
    let isRootless: Bool
    let program: String
    private let plans = Mutex<[String: BridgePlan]>([:])

    /// - Parameters:
    ///   - run: the daemon's run folder; sockets come to `run/networks/ID/`.
    ///   - isRootless: whether this process is root in a user namespace of its own and has no say over the host's
    ///     network: then each network has a net namespace of its own, and leaves it through user-mode translation.
    ///   - program: the path of `viv-network`.
    package init(run: String, isRootless: Bool, program: String) throws(KernelNetworkError) {
        guard run.hasPrefix("/") else {
            throw KernelNetworkError(.invalid, "the run folder \"\(run)\" must be an absolute path")
        }
        self.run = run
        self.isRootless = isRootless
        self.program = program
    }

    /// The blocks of addresses that the host reaches by routes of its own, for `AddressPool.addNetwork`.
    package static func hostPrefixes() -> [Prefix] {
        guard var netlink = try? NetlinkSocket() else { return [] }
        return (try? netlink.routes()) ?? []
    }

    func plan(_ networkID: String) throws(KernelNetworkError) -> BridgePlan {
        guard let plan = plans.withLock({ $0[networkID] }) else {
            throw KernelNetworkError(.notFound, "network \(networkID.prefix(12)) was not created")
        }
        return plan
    }

    func folder(_ networkID: String) -> ServiceFolder { ServiceFolder(run: run, networkID: networkID) }

    func service(_ networkID: String) -> ServiceClient {
        ServiceClient(folder: folder(networkID), program: program)
    }

    /// Calls `body`, with what went wrong in the words of this module.
    static func explained<Result: ~Copyable>(
        _ action: String, _ body: () throws(SystemError) -> Result
    ) throws(KernelNetworkError) -> Result {
        do {
            return try body()
        } catch {
            throw KernelNetworkError(error, while: action)
        }
    }
}

// MARK: - Networks

extension NetworkBackend {
    /// Makes a network, or takes over what is there of it. `record.spec.pools` must be complete, as
    /// `AddressPool.addNetwork` returns them. A failure leaves nothing behind.
    package func create(_ record: NetworkRecord) throws(KernelNetworkError) {
        let plan = try BridgePlan(record)
        let isNew = !service(plan.id).isAlive
        do {
            if !isRootless { try createBridge(plan, mayExist: !isNew) }
            try service(plan.id).start(ServiceConfiguration(plan, isKernel: !isRootless))
            if !isRootless { try applyRules(plan) }
            plans.withLock { $0[plan.id] = plan }
        } catch {
            if isNew { try? takeDown(plan) }
            throw error
        }
    }

    /// Takes a network down: bridge, rules, published ports, names. Harmless when it is gone already.
    package func remove(_ networkID: String) throws(KernelNetworkError) {
        guard let plan = plans.withLock({ $0[networkID] }) else {
            service(networkID).stop()
            Folder.remove(folder(networkID).path)
            return
        }
        try takeDown(plan)
        _ = plans.withLock { $0.removeValue(forKey: networkID) }
    }

    /// Takes down what is there of a network that nobody uses now; `create` brings it back.
    package func retire(_ record: NetworkRecord) throws(KernelNetworkError) {
        guard Folder.exists(folder(record.id).path) else { return }
        try takeDown(try BridgePlan(record))
        _ = plans.withLock { $0.removeValue(forKey: record.id) }
    }

    /// After a restart of the daemon: takes over the networks that are there, with their ports, and makes those that
    /// are not. Names have to be set again.
    /// - Returns: what could not be brought back and why; the others work.
    package func restore(_ records: [NetworkRecord]) -> [(NetworkRecord, KernelNetworkError)] {
        var failures: [(NetworkRecord, KernelNetworkError)] = []
        for record in records {
            do { try create(record) } catch { failures.append((record, error)) }
        }
        return failures
    }

    private func takeDown(_ plan: BridgePlan) throws(KernelNetworkError) {
        service(plan.id).stop()
        if !isRootless {
            try Firewall.apply(Ruleset(plan: plan).removal, "remove the rules of network \(plan.name)")
            try removeBridge(plan)
        }
        Folder.remove(folder(plan.id).path)
    }

    /// Puts the rules in place with what is published already, replacing those that are there.
    func applyRules(_ plan: BridgePlan) throws(KernelNetworkError) {
        let status = try service(plan.id).ask(ServiceRequest(.status))
        let rules = Ruleset(plan: plan, namePorts: status.namePorts ?? [:])
        try Firewall.apply(
            rules.creation(publishing: status.ports ?? []), "set the rules of network \(plan.name)")
    }
}

// MARK: - Names and numbers

extension NetworkBackend {
    /// Replaces what the network's name server answers.
    package func setNames(_ names: NameTable, networkID: String) throws(KernelNetworkError) {
        var request = ServiceRequest(.names)
        request.names = names
        try service(networkID).ask(request)
    }

    /// The process that serves a network.
    /// - Throws: when there is none.
    package func process(networkID: String) throws(KernelNetworkError) -> Int32 {
        guard let process = try service(networkID).ask(ServiceRequest(.status)).process else {
            throw KernelNetworkError(.system, "the process of network \(networkID.prefix(12)) has no number")
        }
        return process
    }

    /// The address of the network's name server, for `resolv.conf`; empty for a network that is not there.
    package func nameServer(networkID: String) -> String {
        (try? plan(networkID))?.nameServer?.description ?? ""
    }

    /// Counters of the interfaces in the net namespace of `pid`; empty when the process is gone.
    package static func statistics(pid: Int32) -> [InterfaceStatistics] {
        guard let file = try? FileDescriptor.open("/proc/\(pid)/net/dev") else { return [] }
        var bytes: [UInt8] = []
        while let more = try? Descriptors.read(file.raw), !more.isEmpty, bytes.count < 1 << 20 {
            bytes += more
        }
        return InterfaceStatistics.parse(String(decoding: bytes, as: UTF8.self))
    }
}
