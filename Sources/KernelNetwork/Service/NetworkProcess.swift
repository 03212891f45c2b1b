import CLinux
import Glibc
import Host
import Model

/// The whole life of `viv-network`: one named network's names and ports and, without root, the network itself.
package enum NetworkProcess {
    private static let readiness: Int32 = 3

    /// - Parameter arguments: the program's own name and the network's folder, which holds its configuration.
    /// - Returns: an exit code; 64 for a wrong command line.
    package static func run(_ arguments: [String]) -> Int32 {
        guard arguments.count == 2, arguments[1].hasPrefix("/") else {
            let usage =
                "usage: viv-network FOLDER\nThe daemon starts it; FOLDER holds the network's configuration.\n"
            _ = try? Descriptors.write(2, Array(usage.utf8))
            return 64
        }
        guard viv_detach() == 0 else { return 71 }
        Signals.ignoreBrokenPipes()
        do {
            let service = try NetworkService(ServiceFolder(path: arguments[1]))
            try harden(service.configuration)
            tell(ServiceReply())
            service.run()
            return 0
        } catch {
            tell(ServiceReply(error))
            return 69
        }
    }

    /// Tells whoever started us, if it listens.
    private static func tell(_ reply: ServiceReply) {
        _ = try? Descriptors.write(readiness, JSONLine.encode(reply))
        close(readiness)
    }

    /// From here on the process opens sockets and forwards bytes: nothing else. Ports below 1024 stay within reach of a
    /// rootful one.
    private static func harden(_ configuration: ServiceConfiguration) throws(KernelNetworkError) {
        let bindPrivilegedPorts: UInt32 = 1 << 10
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        try NetworkBackend.explained("give up privileges") { () throws(SystemError) in
            try checked("set no-new-privileges") { viv_no_new_privileges() }
            try checked("drop capabilities") {
                viv_keep_capabilities(configuration.isKernel ? bindPrivilegedPorts : 0)
            }
            try checked("filter system calls") { ServiceFilter.install() }
        }
    }
}
