import Host
import Model

/// The way by which debuggers get to the machine: their sockets are handed over, and nothing of what they say comes by
/// here.
final class DebugDoor {
    private let socket: FileDescriptor
    private let channel: MachineChannel

    /// - Parameter socket: the machine has the other end.
    init(_ socket: consuming FileDescriptor, channel: MachineChannel) {
        self.socket = socket
        self.channel = channel
    }

    /// Asks whether a debugger may come; the answer is why not, or `nil`.
    func knock(_ answer: @escaping (String?) -> Void) {
        channel.ask(.debug) { answer($0.refusal) }
    }

    /// Gives the machine a copy of a debugger's socket.
    func pass(_ debugger: Int32) { try? DescriptorPassing.send(debugger, over: socket.raw) }
}
