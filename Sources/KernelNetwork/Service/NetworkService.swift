import CLinux
import Glibc
import Host
import Model
import NetworkStack

/// One named network's process: names, published ports, and the control socket. Everything runs on one loop.
///
/// As root the kernel carries the packets, and the name server listens at the gateway's addresses. Rootless, this
/// process makes a net namespace with the bridge and is the gateway itself, by user-mode translation.
final class NetworkService {
    let configuration: ServiceConfiguration
    let folder: ServiceFolder
    let loop: EventLoop
    let names: NameService
    let ports: any PortHolder
    /// Of a rootless network: the namespace, and what translates for it.
    private let namespace: Int32?
    /// Of gateways whose name server is not at port 53.
    private var namePorts: [String: UInt16] = [:]
    private let pump: Pump?
    private let listener: FileDescriptor
    private var connections: [Int32: ControlConnection] = [:]
    private var neighbours: [String: [String: UInt64]] = [:]
    private static let maximumConnections = 64

    init(_ folder: ServiceFolder) throws(KernelNetworkError) {
        self.folder = folder
        guard let configuration = folder.read(ServiceConfiguration.self, folder.configuration) else {
            throw KernelNetworkError(.invalid, "\(folder.configuration) is missing or damaged")
        }
        self.configuration = configuration
        do {
            var uplink: Uplink?
            if configuration.isKernel {
                loop = try EventLoop()
                (pump, namespace) = (nil, nil)
            } else {
                let made = try Uplink(configuration)
                uplink = made
                (loop, pump, namespace) = (made.pump.loop, made.pump, made.namespace)
            }
            let gateways = configuration.subnets.map(\.gateway)
            names = NameService(
                loop: loop, subnets: configuration.subnets.map(\.block), isInternal: configuration.isInternal,
                own: gateways)
            if let uplink {
                uplink.pump.names = names
                ports = TranslatedPorts(uplink.pump)
            } else {
                for gateway in gateways { namePorts[gateway.description] = try Self.listen(names, gateway) }
                ports = RelayedPorts(loop)
            }
            listener = try UnixSocket.listen(folder.socket)
        } catch let error as NetworkError {
            throw KernelNetworkError(.conflict, "cannot serve the network \(configuration.name): \(error)")
        } catch let error as SystemError {
            throw KernelNetworkError(error, while: "serve the network \(configuration.name)")
        } catch {
            throw KernelNetworkError(.system, "cannot serve the network \(configuration.name): \(error)")
        }
        takeUpPorts()
    }

    /// Where the host's own resolver has port 53 of every address, names are served at another one, to which rules lead.
    ///
    /// - Returns: the port, unless it is 53.
    private static func listen(_ names: NameService, _ gateway: IPAddress) throws(NetworkError) -> UInt16? {
        do {
            try names.listen(at: NetworkStack.Endpoint(gateway, 53))
            return nil
        } catch .portInUse(let first) {
            for port in UInt16(15353)...15372 {
                if (try? names.listen(at: NetworkStack.Endpoint(gateway, port))) != nil { return port }
            }
            throw .portInUse(first)
        }
    }

    /// Serves until it is told to stop.
    func run() {
        do {
            try loop.add(listener.raw, .read) { [unowned self] _ in accept() }
        } catch {
            return
        }
        loop.run()
        unlink(folder.socket)
    }

    /// Ports of an earlier life of this network's process, which did not end by itself.
    private func takeUpPorts() {
        for port in folder.read([PublishedPort].self, folder.ports) ?? [] { _ = try? ports.add(port) }
    }

    private func accept() {
        while let socket = UnixSocket.accept(listener.raw) {
            guard connections.count < Self.maximumConnections else { continue }
            let raw = socket.raw
            let connection = ControlConnection(socket: socket)
            do {
                try loop.add(raw, .read) { [unowned self] _ in serve(raw) }
                connections[raw] = connection
            } catch {
                continue
            }
        }
    }

    private func serve(_ raw: Int32) {
        guard let connection = connections[raw] else { return }
        guard let lines = connection.receive() else {
            loop.remove(raw)
            connections[raw] = nil
            return
        }
        for line in lines {
            guard let request = JSONLine.decode(ServiceRequest.self, from: line) else {
                connection.send(ServiceReply(KernelNetworkError(.invalid, "that is no request")))
                continue
            }
            if request.operation == .namespace {
                if let namespace { try? DescriptorPassing.send(namespace, over: raw) }
                loop.remove(raw)
                connections[raw] = nil
                return
            }
            connection.send(reply(to: request))
        }
    }

    private func reply(to request: ServiceRequest) -> ServiceReply {
        var reply = ServiceReply()
        do throws(KernelNetworkError) {
            switch request.operation {
            case .publish: reply.ports = try publish(request.ports ?? [])
            case .unpublish: unpublish(request.endpointID ?? "")
            case .names: names.replace(request.names ?? NameTable())
            case .neighbours: pin(request.neighbours ?? [:])
            case .status:
                reply.ports = ports.held
                reply.namePorts = namePorts
                reply.process = getpid()
            case .stop: loop.stop()
            case .namespace: break
            }
            return reply
        } catch {
            return ServiceReply(error)
        }
    }

    /// All or none: what was added before a failure is taken back.
    private func publish(_ wanted: [PublishedPort]) throws(KernelNetworkError) -> [PublishedPort] {
        var (added, result) = ([PublishedPort](), [PublishedPort]())
        do {
            for port in wanted {
                // A port that is asked for by number is not what another request's 0 means.
                let held = ports.held.first {
                    $0.satisfies(port) && !result.contains($0) && (port.hostPort != 0 || !wanted.contains($0))
                }
                if let held {
                    result.append(held)
                    continue
                }
                let new = try add(port)
                added.append(new)
                result.append(new)
            }
            try NetworkBackend.explained("remember published ports") { () throws(SystemError) in
                try folder.write(ports.held, folder.ports)
            }
        } catch {
            for port in added { ports.remove(port) }
            throw error
        }
        return result
    }

    /// Takes the first free port of a range.
    private func add(_ wanted: PublishedPort) throws(KernelNetworkError) -> PublishedPort {
        let last = wanted.lastHostPort ?? wanted.hostPort
        for number in wanted.hostPort...max(wanted.hostPort, last) {
            do {
                return try ports.add(wanted.at(number))
            } catch {
                guard error.kind == .conflict, number < last else { throw error }
            }
        }
        return try ports.add(wanted.at(last))
    }

    private func unpublish(_ endpointID: String) {
        for port in ports.held where port.endpointID == endpointID { ports.remove(port) }
        try? folder.write(ports.held, folder.ports)
    }

    private func pin(_ changes: [String: [String: UInt64]]) {
        for (endpoint, addresses) in changes { neighbours[endpoint] = addresses.isEmpty ? nil : addresses }
        var known: [IPAddress: MACAddress] = [:]
        for (text, bits) in neighbours.values.joined() {
            if let address = IPAddress(text) { known[address] = MACAddress(bits: bits) }
        }
        pump?.pinNeighbours(known)
    }
}

extension PublishedPort {
    /// Whether this is what `wanted` asks for, whose host port may be 0.
    fileprivate func satisfies(_ wanted: PublishedPort) -> Bool {
        endpointID == wanted.endpointID && transport == wanted.transport && hostAddress == wanted.hostAddress
            && address == wanted.address && port == wanted.port
            && (wanted.hostPort == 0
                || hostPort >= wanted.hostPort && hostPort <= wanted.lastHostPort ?? wanted.hostPort)
    }

    /// The same at one port of the host.
    fileprivate func at(_ number: UInt16) -> PublishedPort {
        PublishedPort(
            transport: transport, hostAddress: hostAddress, hostPort: number, address: address, port: port,
            endpointID: endpointID)
    }
}

/// A client of the control socket, whose uid is ours: the socket's rights see to it.
final class ControlConnection {
    private let socket: FileDescriptor
    private var rest: [UInt8] = []
    /// Room for the names of tens of thousands of containers.
    private static let longestLine = 16 << 20

    init(socket: consuming FileDescriptor) { self.socket = socket }

    /// The lines that have come in; nil at the end of the stream or when a line is too long.
    func receive() -> [ArraySlice<UInt8>]? {
        do {
            while let bytes = try Descriptors.read(socket.raw) {
                guard !bytes.isEmpty, rest.count + bytes.count <= Self.longestLine else { return nil }
                rest += bytes
            }
        } catch {
            return nil
        }
        let pieces = rest.split(separator: 0x0A, omittingEmptySubsequences: false)
        rest = Array(pieces.last ?? [])
        return pieces.dropLast().filter { !$0.isEmpty }
    }

    func send(_ reply: ServiceReply) { try? Descriptors.writeAll(socket.raw, JSONLine.encode(reply)) }
}
