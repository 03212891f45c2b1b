import CLinux
import Glibc
import Host
import Model

/// The daemon's end of a `viv-network` process: starts it, finds it again, asks it.
struct ServiceClient: Sendable {
    let folder: ServiceFolder
    let program: String

    /// Seconds that a request may take.
    private static let patience = 20
    private static let maximumReply = 16 << 20

    /// Whether a process serves there.
    var isAlive: Bool { (try? ask(ServiceRequest(.status))) != nil }

    /// Starts the process, unless one serves already, and waits until it does.
    func start(_ configuration: ServiceConfiguration) throws(KernelNetworkError) {
        if isAlive { return }
        do {
            try Folder.create(folder.path, mode: 0o700)
            try folder.write(configuration, folder.configuration)
            try launch()
        } catch let error as KernelNetworkError {
            throw error
        } catch {
            throw KernelNetworkError(.system, "cannot start the network \(configuration.name): \(error)")
        }
    }

    private func launch() throws {
        var pair = try SocketPair(.stream)
        let ours = pair.takeNear()
        let theirs = pair.takeFar()
        let null = try FileDescriptor.open("/dev/null", O_RDWR)
        let log = try FileDescriptor.open(folder.log, O_WRONLY | O_CREAT | O_TRUNC)
        let child = try ChildProcess(
            program, [folder.path],
            inherit: [
                .init(null.raw, as: 0), .init(null.raw, as: 1), .init(log.raw, as: 2),
                .init(theirs.raw, as: 3),
            ])
        _ = consume theirs
        let line = try Self.readLine(ours.raw)
        // The child has moved its work to a process of its own, which outlives us, and ends.
        let exit = child.reap()
        guard let reply = line.flatMap({ JSONLine.decode(ServiceReply.self, from: $0) }) else {
            throw KernelNetworkError(.system, "\(program) ended at its start (\(exit)); see \(folder.log)")
        }
        if let failure = reply.failure { throw failure }
    }

    /// The reply to a request; errors of the process come as its own kind.
    @discardableResult
    func ask(_ request: ServiceRequest) throws(KernelNetworkError) -> ServiceReply {
        let socket = try connect()
        do {
            try Descriptors.writeAll(socket.raw, JSONLine.encode(request))
            guard let line = try Self.readLine(socket.raw),
                let reply = JSONLine.decode(ServiceReply.self, from: line)
            else {
                throw KernelNetworkError(.system, "the network's process at \(folder.socket) does not answer")
            }
            if let failure = reply.failure { throw failure }
            return reply
        } catch let error as KernelNetworkError {
            throw error
        } catch {
            throw KernelNetworkError(.system, "cannot ask the network's process: \(error)")
        }
    }

    /// The net namespace that the process holds; networks of the kernel have none of their own.
    func namespace() throws(KernelNetworkError) -> NetNamespace {
        let socket = try connect()
        do {
            try Descriptors.writeAll(socket.raw, JSONLine.encode(ServiceRequest(.namespace)))
        } catch {
            throw KernelNetworkError(.system, "cannot ask the network's process: \(error)")
        }
        guard let descriptor = DescriptorPassing.receive(from: socket.raw) else {
            throw KernelNetworkError(.system, "the network's process at \(folder.socket) gave no namespace")
        }
        return NetNamespace(owning: descriptor)
    }

    /// Ends the process and waits until it has gone; harmless when it is not there.
    func stop() {
        guard let reply = try? ask(ServiceRequest(.status)), let process = reply.process else { return }
        let handle = viv_pidfd_open(process)
        _ = try? ask(ServiceRequest(.stop))
        guard handle >= 0 else { return }
        var slot = pollfd(fd: handle, events: Int16(POLLIN), revents: 0)
        poll(&slot, 1, Int32(Self.patience) * 1000)
        close(handle)
    }

    private func connect() throws(KernelNetworkError) -> FileDescriptor {
        do {
            let socket = try UnixSocket.connect(folder.socket)
            var time = timeval(tv_sec: Self.patience, tv_usec: 0)
            for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
                setsockopt(socket.raw, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
            }
            return socket
        } catch {
            throw KernelNetworkError(.notFound, "no process serves the network: \(error)")
        }
    }

    private static func readLine(_ raw: Int32) throws(SystemError) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.last != 0x0A, bytes.count < maximumReply {
            guard let more = try Descriptors.read(raw) else { throw SystemError("read", code: ETIMEDOUT) }
            if more.isEmpty { return nil }
            bytes += more
        }
        return bytes
    }
}
