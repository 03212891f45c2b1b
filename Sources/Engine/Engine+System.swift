import Glibc
import Host
import Images
import Model

extension Engine {
    package func systemInfo() async throws(EngineError) -> SystemInfo {
        var info = SystemInfo()
        info.id = networks.values.first { $0.spec.name == "bridge" }?.id ?? ""
        info.name = host.hostname
        info.version = "0.1.0"
        info.isRootless = configuration.isRootless
        info.kernel = host.kernel
        info.operatingSystem = Self.operatingSystem()
        info.architecture = host.architecture
        info.cpus = host.cpus
        info.memory = host.memory
        info.dataFolder = configuration.data
        info.cgroupVersion = host.cgroupVersion
        info.securityOptions =
            ["name=seccomp,profile=builtin"] + (configuration.isRootless ? ["name=rootless"] : [])
        info.instances = instances.count
        for entry in instances.values {
            switch entry.instance.state {
            case .running, .restarting: info.running += 1
            case .paused: info.paused += 1
            case .created, .exited, .removing, .dead: info.stopped += 1
            }
        }
        info.images = (try? await images.list().count) ?? 0
        info.warnings = warnings
        return info
    }

    private static func operatingSystem() -> String {
        let lines = (SmallFile.text("/etc/os-release") ?? "").split(separator: "\n")
        let line = lines.first { $0.hasPrefix("PRETTY_NAME=") } ?? ""
        return line.dropFirst("PRETTY_NAME=".count).filter { $0 != "\"" }
    }

    private var warnings: [String] {
        var warnings: [String] = []
        if !host.has("CAP_SYS_RESOURCE") {
            warnings.append("CAP_SYS_RESOURCE is withheld: limits cannot be raised beyond the daemon's own")
        }
        if host.cgroupVersion == 1 { warnings.append("control groups are those of version 1") }
        return warnings
    }

    package func diskUsage() async throws(EngineError) -> DiskUsage {
        var usage = DiskUsage()
        do {
            let content = try await images.usage()
            usage.layers = UInt64(max(content.layerBytes, 0))
            usage.images = try await images.list().map { image in
                DiskUsage.Item(
                    id: image.id.description, name: image.tags.first ?? "", size: UInt64(max(image.size, 0)),
                    isInUse: image.holders > 0, created: image.created)
            }
        } catch {
            throw EngineError(error)
        }
        for entry in instances.values {
            let size = try? await size(entry.id.text)
            usage.instances.append(
                DiskUsage.Item(
                    id: entry.id.text, name: entry.instance.name, size: UInt64(max(size?.written ?? 0, 0)),
                    isInUse: entry.isRunning, created: entry.instance.created))
        }
        let used = usedVolumes
        for volume in volumes.values {
            let path = volume.mountPoint
            let size = (try? await blocking { TreeSize.bytes(below: path) }) ?? 0
            usage.volumes.append(
                DiskUsage.Item(
                    id: volume.name, name: volume.name, size: UInt64(max(size, 0)),
                    isInUse: used.contains(volume.name), created: volume.created))
        }
        usage.buildCache = await builder.cache.items().map { item in
            DiskUsage.Item(
                id: item.id, name: item.text, size: UInt64(max(item.size, 0)), isInUse: item.isInUse,
                created: item.lastUsed)
        }
        return usage
    }
}
