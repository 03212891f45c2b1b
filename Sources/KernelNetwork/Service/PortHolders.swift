import Glibc
import Host
import Model
import NetworkStack

/// Holds ports of the host for a network's endpoints, each by a socket that is bound to it.
///
/// Two implementations: as root the kernel's rules carry the traffic and the sockets only keep the place (and serve what
/// rules cannot, such as `::1`); rootless, the sockets are the way in.
protocol PortHolder: AnyObject {
    var held: [PublishedPort] { get }
    /// Returns the port with the host port that was chosen for 0. Throws `conflict` or `refusedByHost`.
    func add(_ port: PublishedPort) throws(KernelNetworkError) -> PublishedPort
    /// Harmless when it is not held.
    func remove(_ port: PublishedPort)
}

extension PublishedPort {
    var forward: PortForward {
        PortForward(
            transport: transport == .tcp ? .tcp : .udp, host: NetworkStack.Endpoint(hostAddress, hostPort),
            guest: NetworkStack.Endpoint(address, port))
    }

    func listening(at host: NetworkStack.Endpoint) -> PublishedPort {
        PublishedPort(
            transport: transport, hostAddress: hostAddress, hostPort: host.port, address: address, port: port,
            endpointID: endpointID)
    }

    /// Why the host does not let us have it, in words that help.
    func failure(_ error: NetworkError) -> KernelNetworkError {
        let name = "\(transport.rawValue) \(NetworkStack.Endpoint(hostAddress, hostPort))"
        switch error {
        case .portInUse:
            return KernelNetworkError(
                .conflict,
                "port \(hostPort) is already in use: \(name); stop what uses it or publish another port")
        case .cannotListen(_, EACCES), .cannotListen(_, EPERM):
            let first = NetworkSetting.read("ipv4/ip_unprivileged_port_start") ?? "1024"
            return KernelNetworkError(
                .refusedByHost,
                "port \(hostPort) needs root: without it, publish ports from \(first) on, or lower the sysctl "
                    + "net.ipv4.ip_unprivileged_port_start")
        case .cannotListen(_, EADDRNOTAVAIL):
            return KernelNetworkError(
                .invalid, "cannot publish \(name): this host has no address \(hostAddress)")
        default:
            return KernelNetworkError(.system, "cannot publish \(name): \(error)")
        }
    }
}

/// Ports that enter a rootless network through its translation, with the client's own address.
final class TranslatedPorts: PortHolder {
    private let pump: Pump
    private var indices: [PublishedPort: Int] = [:]
    private(set) var held: [PublishedPort] = []

    init(_ pump: Pump) { self.pump = pump }

    func add(_ port: PublishedPort) throws(KernelNetworkError) -> PublishedPort {
        do {
            let (index, host) = try pump.addForward(port.forward)
            let new = port.listening(at: host)
            indices[new] = index
            held.append(new)
            return new
        } catch {
            throw port.failure(error)
        }
    }

    func remove(_ port: PublishedPort) {
        guard let index = indices.removeValue(forKey: port) else { return }
        held.removeAll { $0 == port }
        pump.removeForward(index)
    }
}

/// Ports of a network that the kernel carries: what comes past its rules is relayed here.
final class RelayedPorts: PortHolder {
    private let loop: EventLoop
    private let relays: RelayService
    private var sockets: [PublishedPort: ListeningSocket] = [:]
    private var datagrams: [PublishedPort: DatagramRelay] = [:]
    private(set) var held: [PublishedPort] = []

    init(_ loop: EventLoop) {
        self.loop = loop
        relays = RelayService(loop)
    }

    func add(_ port: PublishedPort) throws(KernelNetworkError) -> PublishedPort {
        do {
            let socket = try ListeningSocket(port.forward)
            let new = port.listening(at: socket.endpoint)
            let target = NetworkStack.Endpoint(port.address, port.port)
            if port.transport == .tcp {
                try loop.add(socket.raw, .read) { [unowned self] _ in relays.accept(socket, to: target) }
            } else {
                let relay = DatagramRelay(
                    socket.raw, isV4: port.hostAddress.isV4, to: target, loop: loop)
                try loop.add(socket.raw, .read) { _ in relay.receive() }
                datagrams[new] = relay
            }
            sockets[new] = socket
            held.append(new)
            return new
        } catch let error as NetworkError {
            throw port.failure(error)
        } catch {
            throw KernelNetworkError(.system, "cannot publish a port: \(error)")
        }
    }

    func remove(_ port: PublishedPort) {
        guard let socket = sockets.removeValue(forKey: port) else { return }
        held.removeAll { $0 == port }
        loop.remove(socket.raw)
        datagrams.removeValue(forKey: port)?.end()
    }
}
