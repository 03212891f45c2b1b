import Glibc
import Host
import Model

/// The descriptors that a machine will be given, kept open until it has been started, and the
/// numbers under which it will find them.
final class Handover {
    private(set) var inheritance: [ChildProcess.Inheritance] = []
    private var next = MachineSpec.controlDescriptor

    deinit { for item in inheritance { close(item.ours) } }

    /// Takes a descriptor over; the first one becomes the control socket.
    func give(_ descriptor: consuming FileDescriptor) -> MachineSpec.Descriptor {
        defer { next += 1 }
        inheritance.append(ChildProcess.Inheritance(descriptor.release(), as: next))
        return next
    }
}
