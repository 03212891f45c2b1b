import Glibc
import Host

/// What the host's own apt is configured with: the mirrors to ask and how to reach them.
enum HostMirrors {
    /// Addresses that may carry Debian, without duplicates; `VIVARIUM_MIRROR` alone when it is set.
    static func addresses(below etc: String = "/etc/apt") -> [String] {
        if let chosen = getenv("VIVARIUM_MIRROR"), chosen.pointee != 0 { return [String(cString: chosen)] }
        var seen: Set<String> = []
        return sources(below: etc).filter(\.mayCarryDebian).map(\.uri).filter { seen.insert($0).inserted }
    }

    static func sources(below etc: String) -> [AptSource] {
        let parts = Folder.names(in: "\(etc)/sources.list.d").map { "\(etc)/sources.list.d/\($0)" }
        return (["\(etc)/sources.list"] + parts).flatMap { path -> [AptSource] in
            guard let text = try? TextFile.read(path) else { return [] }
            if path.hasSuffix(".sources") { return AptSources.parseStanzas(text) }
            return path.hasSuffix(".list") ? AptSources.parseList(text) : []
        }
    }

    /// The host's settings for fetching, proxies above all, as lines of apt.conf.
    static func acquireSettings() -> String {
        guard let tool = try? Tool("apt-config", package: "apt"),
            let result = try? tool.run(["dump", "--no-empty", "Acquire"])
        else { return "" }
        return result.text.split(separator: "\n")
            .filter { $0.lowercased().contains("proxy") }
            .joined(separator: "\n")
    }
}
