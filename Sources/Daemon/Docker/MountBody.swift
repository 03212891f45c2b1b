import Engine
import Model

/// The four ways in which Docker's API names mounts: `Binds`, `Mounts`, `Tmpfs` and `Volumes`.
enum MountBody {
    static func mounts(_ host: JSON, volumes: JSON) throws(APIError) -> [MountSpec] {
        var mounts: [MountSpec] = []
        let driver = try host.string("VolumeDriver")
        for text in try host.strings("Binds") { mounts.append(try bind(text, driver: driver)) }
        for element in try host.elements("Mounts") { mounts.append(try mount(element)) }
        for (target, options) in try host.dictionary("Tmpfs").sorted(by: { $0.key < $1.key }) {
            var mount = MountSpec(.tmpfs, target: try checked(target))
            mount.isTmpfsOption = true
            mount.options = options.split(separator: ",").map(String.init)
            mounts.append(mount)
        }
        for volume in volumes.fields where !mounts.contains(where: { $0.target == volume.name }) {
            mounts.append(MountSpec(.volume, target: try checked(volume.name)))
        }
        return mounts
    }

    /// `source:target[:options]`, or only a target for an anonymous volume.
    private static func bind(_ text: String, driver: String?) throws(APIError) -> MountSpec {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), !parts.contains("") else {
            throw APIError(.badRequest, "invalid volume specification: '\(text)'")
        }
        if parts.count == 1 { return MountSpec(.volume, target: try checked(parts[0])) }
        let isPath = parts[0].hasPrefix("/")
        var mount = MountSpec(isPath ? .bind : .volume, source: parts[0], target: try checked(parts[1]))
        mount.createsSource = isPath
        if !isPath { mount.volumeDriver = driver }
        for option in (parts.count > 2 ? parts[2] : "").split(separator: ",") {
            try read(option: String(option), of: text, into: &mount)
        }
        return mount
    }

    private static func read(
        option: String, of text: String, into mount: inout MountSpec
    ) throws(APIError) {
        switch option {
        case "ro": mount.isReadOnly = true
        case "rw", "z", "Z", "cached", "delegated", "consistent": break
        case "nocopy": mount.copiesNothing = true
        case "private", "rprivate", "shared", "rshared", "slave", "rslave": mount.propagation = option
        default:
            throw APIError(
                .badRequest, "invalid volume specification: '\(text)': invalid mode: \(option)")
        }
    }

    private static func checked(_ target: String) throws(APIError) -> String {
        guard target.hasPrefix("/") else {
            throw APIError(
                .badRequest,
                "invalid volume specification: '\(target)': invalid mount path: '\(target)' "
                    + "mount path must be absolute")
        }
        return target
    }

    private static func mount(_ body: JSON) throws(APIError) -> MountSpec {
        let type = try body.string("Type") ?? "volume"
        guard let kind = MountSpec.Kind(rawValue: type) else {
            throw APIError(.badRequest, "invalid mount config: mount type unknown: \"\(type)\"")
        }
        guard let target = try body.string("Target") else {
            throw APIError(
                .badRequest, "invalid mount config for type \"\(type)\": field Target must not be empty")
        }
        var mount = MountSpec(kind, source: try body.string("Source") ?? "", target: try checked(target))
        guard kind != .bind || mount.source.hasPrefix("/") else {
            throw APIError(
                .badRequest,
                "invalid mount config for type \"bind\": invalid mount path: "
                    + "'\(mount.source)' mount path must be absolute")
        }
        mount.isReadOnly = try body.bool("ReadOnly")
        try readOptions(body, into: &mount)
        return mount
    }

    private static func readOptions(_ body: JSON, into mount: inout MountSpec) throws(APIError) {
        let bind = try body.object("BindOptions")
        mount.propagation = try bind.string("Propagation")
        mount.isNonRecursive = try bind.bool("NonRecursive")
        mount.createsSource = try bind.bool("CreateMountpoint")
        let volume = try body.object("VolumeOptions")
        mount.copiesNothing = try volume.bool("NoCopy")
        mount.volumeLabels = try volume.dictionary("Labels")
        let image = try body.object("ImageOptions")
        mount.subpath = try volume.string("Subpath")
        if mount.kind == .image { mount.subpath = try image.string("Subpath") }
        let driver = try volume.object("DriverConfig")
        mount.volumeDriver = try driver.string("Name")
        mount.volumeOptions = try driver.dictionary("Options")
        guard mount.kind == .tmpfs else { return }
        mount.isTmpfsOption = false
        let tmpfs = try body.object("TmpfsOptions")
        mount.tmpfsSize = try tmpfs.nonZero("SizeBytes").map { UInt64(clamping: $0) }
        mount.tmpfsMode = try tmpfs.nonZero("Mode").map { UInt32(truncatingIfNeeded: $0) & 0o7777 }
    }
}

/// Mounts as inspection gives them back.
extension MountBody {
    /// `Binds`, `Mounts` and `Tmpfs` of `HostConfig`.
    static func json(_ spec: ContainerSpec) -> JSON {
        let binds = spec.mounts.filter(isBind).map(bindText)
        let tmpfs = spec.mounts.filter(isPlainTmpfs)
        let others = spec.mounts.filter { !isBind($0) && !isPlainTmpfs($0) && !isAnonymous($0) }
        var fields: JSON = ["Binds": .slice(binds)]
        if !others.isEmpty { fields = fields.adding(["Mounts": .array(others.map(mountJSON))]) }
        if !tmpfs.isEmpty {
            let map = tmpfs.map { ($0.target, tmpfsText($0)) }
            fields = fields.adding(["Tmpfs": .map(Dictionary(map) { first, _ in first })])
        }
        return fields
    }

    /// `Volumes` of `Config`: what has a target only.
    static func volumes(_ spec: ContainerSpec) -> JSON {
        let targets = spec.mounts.filter(isAnonymous).map(\.target)
        return targets.isEmpty ? .null : .object(targets.map { JSON.Field(name: $0, value: [:]) })
    }

    private static func isBind(_ mount: MountSpec) -> Bool {
        switch mount.kind {
        case .bind: mount.createsSource && !mount.isNonRecursive
        case .volume: !mount.source.isEmpty && mount.volumeLabels.isEmpty && mount.subpath == nil
        default: false
        }
    }

    private static func isPlainTmpfs(_ mount: MountSpec) -> Bool {
        mount.kind == .tmpfs
            && (mount.isTmpfsOption ?? (mount.tmpfsSize == nil && mount.tmpfsMode == nil))
    }

    private static func tmpfsText(_ mount: MountSpec) -> String {
        var options = mount.options
        if let size = mount.tmpfsSize { options.append("size=\(size)") }
        if let mode = mount.tmpfsMode { options.append("mode=\(String(mode, radix: 8))") }
        if mount.isReadOnly { options.append("ro") }
        return options.joined(separator: ",")
    }

    /// Mounts as they were made, without those of `--tmpfs`, which only `HostConfig` tells of.
    static func made(_ instance: Instance) -> JSON {
        let plain = Set(
            (instance.containerSpec?.mounts ?? []).filter(isPlainTmpfs).map { PathText.clean($0.target) })
        return .array(
            instance.mounts.filter { $0.kind != .tmpfs || !plain.contains($0.target) }.map(MountShape.json))
    }

    private static func isAnonymous(_ mount: MountSpec) -> Bool {
        mount.kind == .volume && mount.source.isEmpty
    }

    private static func bindText(_ mount: MountSpec) -> String {
        var options: [String] = mount.isReadOnly ? ["ro"] : []
        if mount.copiesNothing { options.append("nocopy") }
        if let propagation = mount.propagation { options.append(propagation) }
        let suffix = options.isEmpty ? "" : ":" + options.joined(separator: ",")
        return "\(mount.source):\(mount.target)\(suffix)"
    }

    private static func mountJSON(_ mount: MountSpec) -> JSON {
        var fields: JSON = [
            "Type": .string(mount.kind.rawValue), "Source": .string(mount.source),
            "Target": .string(mount.target),
        ]
        if mount.isReadOnly { fields = fields.adding(["ReadOnly": true]) }
        switch mount.kind {
        case .bind:
            return fields.adding([
                "BindOptions": [
                    "Propagation": .string(mount.propagation ?? "rprivate"),
                    "NonRecursive": .bool(mount.isNonRecursive),
                ]
            ])
        case .volume:
            return fields.adding([
                "VolumeOptions": [
                    "NoCopy": .bool(mount.copiesNothing), "Labels": .map(mount.volumeLabels),
                    "Subpath": .string(mount.subpath ?? ""),
                ]
            ])
        case .tmpfs:
            return fields.adding([
                "TmpfsOptions": [
                    "SizeBytes": .int(mount.tmpfsSize ?? 0), "Mode": .int(mount.tmpfsMode ?? 0),
                ]
            ])
        case .image: return fields.adding(["ImageOptions": ["Subpath": .string(mount.subpath ?? "")]])
        }
    }
}
