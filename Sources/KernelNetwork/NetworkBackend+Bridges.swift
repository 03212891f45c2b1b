import Glibc
import Host
import NetworkStack

// The kernel's part of a network: bridge, addresses, settings.
extension NetworkBackend {
    func createBridge(_ plan: BridgePlan, mayExist: Bool) throws(KernelNetworkError) {
        let name = plan.bridge.description
        try Self.explained("make network \(plan.name)") { () throws(SystemError) in
            var netlink = try NetlinkSocket()
            var link = try netlink.link(name)
            if let link {
                let isOurs = mayExist || plan.bridge == BridgeName(networkID: plan.id)
                guard link.kind == "bridge", isOurs else {
                    throw SystemError("use the name \(name), which another interface has", code: EEXIST)
                }
            } else {
                try netlink.createBridge(name, plan.mac, mtu: plan.mtu)
                link = try netlink.link(name)
            }
            guard let link else { throw SystemError("find bridge \(name)", code: ENODEV) }
            if !plan.subnets.contains(where: { !$0.block.isV4 }) { netlink.disableLinkLocal(link.index) }
            try? NetworkSetting.write("0", to: "ipv6/conf/\(name)/accept_ra")
            for subnet in plan.subnets {
                try netlink.addAddress(subnet.gateway, prefixLength: subnet.block.length, to: link.index)
            }
            try netlink.setUp(link.index)
            // Published ports on the host's loopback; the rules' guard chain keeps it safe.
            try NetworkSetting.write("1", to: "ipv4/conf/\(name)/route_localnet")
            if !plan.isInternal { try turnOnForwarding(plan) }
        }
    }

    /// Lets the host forward packets where it did not. It is never turned off again: others may have come to rely on
    /// it; the file says that it was us.
    private func turnOnForwarding(_ plan: BridgePlan) throws(SystemError) {
        if NetworkSetting.read("ipv4/ip_forward") != "1" {
            try NetworkSetting.write("1", to: "ipv4/ip_forward")
            try remember("ipv4/ip_forward")
        }
        let hasIPv6 = plan.subnets.contains { !$0.block.isV4 }
        guard hasIPv6, NetworkSetting.read("ipv6/conf/all/forwarding") != "1" else { return }
        // A forwarding host ignores router advertisements unless told otherwise: keep the addresses that it got so.
        for interface in Folder.names(in: "/proc/sys/net/ipv6/conf")
        where NetworkSetting.read("ipv6/conf/\(interface)/accept_ra") == "1" {
            try? NetworkSetting.write("2", to: "ipv6/conf/\(interface)/accept_ra")
        }
        try NetworkSetting.write("1", to: "ipv6/conf/all/forwarding")
        try remember("ipv6/conf/all/forwarding")
    }

    private func remember(_ setting: String) throws(SystemError) {
        try Folder.create(run + "/networks", mode: 0o700)
        let file = try FileDescriptor.open(run + "/networks/turned-on", O_WRONLY | O_CREAT | O_APPEND)
        try Descriptors.writeAll(file.raw, Array((setting + "\n").utf8))
    }

    /// Takes the bridge away, and interfaces that were left on it.
    func removeBridge(_ plan: BridgePlan) throws(KernelNetworkError) {
        try Self.explained("remove network \(plan.name)") { () throws(SystemError) in
            var netlink = try NetlinkSocket()
            guard let bridge = try netlink.link(plan.bridge.description) else { return }
            for port in try netlink.links() where port.master == bridge.index && port.name.hasPrefix("vv") {
                try netlink.removeLink(port.name)
            }
            try netlink.removeLink(plan.bridge.description)
        }
    }
}
