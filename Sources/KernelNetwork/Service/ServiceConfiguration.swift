import Glibc
import Host
import Model
import NetworkStack

/// What one `viv-network` process serves; a file in its folder, so that it can be started again.
struct ServiceConfiguration: Codable, Sendable {
    let id: String
    let name: String
    let bridge: String
    let mac: UInt64
    let subnets: [BridgePlan.Subnet]
    let isInternal: Bool
    let mtu: Int
    let mapsHostLoopback: Bool
    /// Whether the kernel carries packets; if not, this process makes the network in a namespace of its own.
    let isKernel: Bool

    init(_ plan: BridgePlan, isKernel: Bool) {
        (id, name, bridge, mac) = (plan.id, plan.name, plan.bridge.description, plan.mac.bits)
        (subnets, isInternal, mtu) = (plan.subnets, plan.isInternal, plan.mtu)
        mapsHostLoopback = plan.mapsHostLoopback
        self.isKernel = isKernel
    }

    var addresses: AddressPlan {
        AddressPlan(
            gatewayMAC: MACAddress(bits: mac), subnets: subnets.map { ($0.block, $0.gateway) },
            maximumTransmissionUnit: mtu, mapsGatewayToHost: mapsHostLoopback, reachesOutside: !isInternal)
    }
}

/// The folder of a network in the daemon's run folder.
struct ServiceFolder: Sendable {
    let path: String

    /// The short id: socket paths may have 107 octets.
    init(run: String, networkID: String) { path = "\(run)/networks/\(networkID.prefix(12))" }

    init(path: String) { self.path = path }

    var socket: String { path + "/control.sock" }
    var configuration: String { path + "/network.json" }
    var ports: String { path + "/ports.json" }
    var log: String { path + "/log" }

    /// Nil when there is none or it is damaged.
    func read<Value: Decodable>(_ type: Value.Type, _ file: String) -> Value? {
        guard let descriptor = try? FileDescriptor.open(file) else { return nil }
        var bytes: [UInt8] = []
        while let more = try? Descriptors.read(descriptor.raw), !more.isEmpty, bytes.count < 16 << 20 {
            bytes += more
        }
        return JSONLine.decode(type, from: bytes)
    }

    /// Either the old content or the whole new one is there, whatever happens.
    func write(_ value: some Encodable, _ file: String) throws(SystemError) {
        let temporary = file + ".new"
        let descriptor = try FileDescriptor.open(temporary, O_WRONLY | O_CREAT | O_TRUNC)
        try Descriptors.writeAll(descriptor.raw, JSONLine.encode(value))
        try checked("write \(file)") { fsync(descriptor.raw) }
        try checked("write \(file)") { rename(temporary, file) }
    }
}

/// What the backend asks of a `viv-network` process: one line of JSON a request, one a reply.
struct ServiceRequest: Codable {
    enum Operation: String, Codable {
        case publish, unpublish, names, neighbours, status, namespace, stop
    }

    var operation: Operation
    /// To publish; all or none.
    var ports: [PublishedPort]?
    /// Whose ports to take back.
    var endpointID: String?
    var names: NameTable?
    /// Ethernet addresses by endpoint and then by address; an endpoint with none is forgotten.
    var neighbours: [String: [String: UInt64]]?

    init(_ operation: Operation) { self.operation = operation }
}

struct ServiceReply: Codable {
    var error: String?
    var kind: String?
    /// All that are published now, after `status`; those that were asked for, after `publish`.
    var ports: [PublishedPort]?
    var process: Int32?
    /// After `status`: ports of gateways' name servers that are not 53.
    var namePorts: [String: UInt16]?

    init() {}

    init(_ failure: KernelNetworkError) {
        error = failure.description
        kind = "\(failure.kind)"
    }

    /// The failure that the reply tells of.
    var failure: KernelNetworkError? {
        guard let error else { return nil }
        let kinds: [KernelNetworkError.Kind] = [.invalid, .notFound, .conflict, .refusedByHost, .system]
        return KernelNetworkError(kinds.first { "\($0)" == kind } ?? .system, error)
    }
}
