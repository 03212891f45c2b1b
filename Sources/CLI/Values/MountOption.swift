import Model

/// `-v`, `--mount` and `--tmpfs`.
package enum MountOption {
    private static let propagations: Set = [
        "private", "rprivate", "shared", "rshared", "slave", "rslave",
    ]

    // MARK: -v

    /// Parses `[SOURCE:]TARGET[:OPTIONS]`. A source that starts with `/`, `.` or `~` is a path, made if it is
    /// missing; any other is a volume's name; without one a volume is made.
    ///
    /// - Parameter absolute: turns a relative path into one that the daemon can use.
    package static func volume(_ text: String, absolute: (String) -> String) throws(Failure) -> MountSpec {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        var options: [String] = []
        if parts.count == 3 || (parts.count == 2 && !parts[1].hasPrefix("/")) {
            options = parts.removeLast().split(separator: ",").map(String.init)
        }
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }),
            let target = parts.last, target.hasPrefix("/"), target != "/"
        else {
            throw .badCommandLine(
                "'\(text)' is no volume: use [SOURCE:]TARGET[:ro], TARGET being an absolute path other than /"
            )
        }
        var mount = MountSpec(.volume, target: target)
        if parts.count == 2 {
            let isPath = "/.~".contains(parts[0].prefix(1))
            mount.kind = isPath ? .bind : .volume
            mount.source = isPath ? absolute(parts[0]) : parts[0]
            mount.createsSource = isPath
        }
        for option in options { try apply(option, to: &mount, text) }
        return mount
    }

    private static func apply(_ option: String, to mount: inout MountSpec, _ text: String) throws(Failure) {
        switch option {
        case "ro": mount.isReadOnly = true
        case "rw", "z", "Z", "cached", "delegated", "consistent": break
        case "nocopy": mount.copiesNothing = true
        case "rbind": break
        case "bind": mount.isNonRecursive = true
        case _ where propagations.contains(option) && mount.kind == .bind: mount.propagation = option
        default: throw .badCommandLine("unknown option '\(option)' in '\(text)': use ro, rw, nocopy…")
        }
    }

    // MARK: --mount

    /// Parses `type=bind|volume|tmpfs|image,source=…,target=…[,readonly]…`.
    package static func mount(_ text: String, absolute: (String) -> String) throws(Failure) -> MountSpec {
        var mount = MountSpec(.volume, target: "")
        let fields = try CommaList.split(text)
        for field in fields where CommaList.key(of: field) == "type" {
            guard let kind = MountSpec.Kind(rawValue: CommaList.value(of: field) ?? "") else {
                throw .badCommandLine("unknown type in '\(text)': use bind, volume, tmpfs or image")
            }
            mount.kind = kind
        }
        for field in fields { try set(field, of: &mount, text) }
        guard mount.target.hasPrefix("/"), mount.target != "/" else {
            throw .badCommandLine("'\(text)' needs target=PATH, absolute and other than /")
        }
        if mount.kind == .bind { mount.source = absolute(mount.source) }
        if mount.source.isEmpty, mount.kind == .bind || mount.kind == .image {
            throw .badCommandLine("'\(text)' needs source=…")
        }
        return mount
    }

    private static func set(_ field: String, of mount: inout MountSpec, _ text: String) throws(Failure) {
        let value = CommaList.value(of: field)
        let key = CommaList.key(of: field)
        switch key {
        case "type", "consistency": break
        case "source", "src": mount.source = value ?? ""
        case "target", "dst", "destination": mount.target = value ?? ""
        case "readonly", "ro": mount.isReadOnly = try truth(value, text)
        case "bind-propagation": mount.propagation = value
        case "bind-nonrecursive": mount.isNonRecursive = try truth(value, text)
        case "bind-recursive": mount.isNonRecursive = value == "disabled"
        case "bind-create-src": mount.createsSource = try truth(value, text)
        case "volume-subpath", "image-subpath": mount.subpath = value
        case "volume-nocopy": mount.copiesNothing = try truth(value, text)
        case "volume-driver": mount.volumeDriver = value
        case "volume-label": add(value, to: &mount.volumeLabels)
        case "volume-opt": add(value, to: &mount.volumeOptions)
        case "tmpfs-size": mount.tmpfsSize = UInt64(try Amount.bytes(value ?? "", option: "tmpfs-size"))
        case "tmpfs-mode": mount.tmpfsMode = try mode(value, text)
        default:
            let known = [
                "type", "source", "target", "readonly", "volume-subpath", "tmpfs-size", "tmpfs-mode",
            ]
            let nearest = Suggestion.nearest(to: key, among: known).map { "; did you mean '\($0)'?" } ?? ""
            throw .badCommandLine("unknown key '\(key)' in '\(text)'\(nearest)")
        }
    }

    private static func add(_ pair: String?, to values: inout [String: String]) {
        guard let pair else { return }
        values[CommaList.key(of: pair)] = CommaList.value(of: pair) ?? ""
    }

    private static func truth(_ value: String?, _ text: String) throws(Failure) -> Bool {
        switch value?.lowercased() {
        case nil, "true", "1": true
        case "false", "0": false
        default: throw .badCommandLine("'\(value ?? "")' in '\(text)' is neither true nor false")
        }
    }

    private static func mode(_ value: String?, _ text: String) throws(Failure) -> UInt32 {
        guard let mode = UInt32(value ?? "", radix: 8), mode <= 0o7777 else {
            throw .badCommandLine("tmpfs-mode in '\(text)' takes octal digits, such as 1777")
        }
        return mode
    }

    // MARK: --tmpfs

    /// Parses `TARGET[:OPTIONS]` with the options of mount(8).
    package static func tmpfs(_ text: String) throws(Failure) -> MountSpec {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard let target = parts.first, target.hasPrefix("/"), target != "/" else {
            throw .badCommandLine("'\(text)' is no tmpfs: use TARGET[:size=64m,mode=1777]")
        }
        var mount = MountSpec(.tmpfs, target: target)
        mount.isTmpfsOption = true
        for option in parts.count > 1 ? parts[1].split(separator: ",").map(String.init) : [] {
            let value = CommaList.value(of: option)
            switch CommaList.key(of: option) {
            case "size": mount.tmpfsSize = UInt64(try Amount.bytes(value ?? "", option: "size"))
            case "mode": mount.tmpfsMode = try mode(value, text)
            case "ro": mount.isReadOnly = true
            default: mount.options.append(option)
            }
        }
        return mount
    }
}

/// Lists of fields with commas between them; a field that holds a comma stands in quotation marks.
enum CommaList {
    static func split(_ text: String) throws(Failure) -> [String] {
        var fields = [""]
        var isQuoted = false
        for character in text {
            switch character {
            case "\"": isQuoted.toggle()
            case "," where !isQuoted: fields.append("")
            default: fields[fields.count - 1].append(character)
            }
        }
        guard !isQuoted else { throw .badCommandLine("a quotation mark is missing in '\(text)'") }
        return fields.filter { !$0.isEmpty }
    }

    static func key(of field: String) -> String { String(field.prefix { $0 != "=" }) }

    static func value(of field: String) -> String? {
        field.firstIndex(of: "=").map { String(field[field.index(after: $0)...]) }
    }
}
