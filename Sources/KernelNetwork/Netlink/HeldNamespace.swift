import CLinux
import Glibc
import Host

/// A new net namespace that lasts as long as this value, without a process in it.
package final class HeldNamespace: Sendable {
    private let descriptor: Int32

    /// - Throws: `refusedByHost` without the right to make one.
    package init() throws(KernelNetworkError) {
        descriptor = try NetworkBackend.explained("make a network for a step") { () throws(SystemError) in
            try NetNamespace.create { () throws(SystemError) in
                let own = "/proc/self/task/\(viv_thread_id())/ns/net"
                return try FileDescriptor.open(own).release()
            }
        }
    }

    deinit { close(descriptor) }

    /// Leads there from any process of this user's.
    package var path: String { "/proc/\(getpid())/fd/\(descriptor)" }
}
