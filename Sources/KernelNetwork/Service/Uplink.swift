import CLinux
import Glibc
import Host
import NetworkStack

/// A rootless network: a net namespace of its own with the bridge in it, and the translation that is its gateway.
///
/// The namespace's own protocol stack takes no part: the bridge has no address, and frames for the gateway are read and
/// written by a packet socket on it. The kernel's large segments and open checksums pass as they are, in virtio's
/// headers. Sockets belong to the namespace that they were made in: this process itself stays with the host's.
struct Uplink {
    let pump: Pump
    /// Open for as long as the process lives; endpoints are attached through it.
    let namespace: Int32

    private struct Parts: Sendable {
        let namespace: Int32
        let frames: Int32
    }

    init(_ configuration: ServiceConfiguration) throws {
        let parts = try NetNamespace.create { () throws(SystemError) in try Self.make(configuration) }
        namespace = parts.namespace
        var network = NetworkConfiguration()
        network.plan = configuration.addresses
        network.asksForNames = true
        pump = try Pump(packetSocket: parts.frames, configuration: network)
    }

    /// Runs inside the new namespace.
    private static func make(_ configuration: ServiceConfiguration) throws(SystemError) -> Parts {
        var netlink = try NetlinkSocket()
        // The bridge must not fragment what endpoints send, nor answer for anybody.
        try netlink.createBridge(
            configuration.bridge, MACAddress(bits: configuration.mac), mtu: configuration.mtu)
        guard let bridge = try netlink.link(configuration.bridge) else {
            throw SystemError("find the new bridge", code: ENODEV)
        }
        try? NetworkSetting.write("1", to: "ipv6/conf/\(configuration.bridge)/disable_ipv6")
        netlink.disableLinkLocal(bridge.index)
        // A new namespace may start with the host's settings: this one must not route.
        try NetworkSetting.write("0", to: "ipv4/ip_forward")
        try netlink.setUp(bridge.index)
        let frames = FileDescriptor(
            owning: try checked("open a packet socket") { viv_frame_socket(bridge.index) })
        let path = "/proc/self/task/\(viv_thread_id())/ns/net"
        return Parts(namespace: try FileDescriptor.open(path).release(), frames: frames.release())
    }
}
