/// `--mount=type=cache,target=/root/.cache,sharing=locked`.
enum MountOptions {
    private static let names = [
        "type", "from", "source", "src", "target", "dst", "destination", "readonly", "ro", "readwrite", "rw",
        "id",
        "sharing", "required", "size", "mode", "uid", "gid", "env",
    ]

    static func parse(_ text: String, at position: SourcePosition) throws(DockerfileError) -> RunMount {
        let fields = text.split(separator: ",", omittingEmptySubsequences: false).map { field in
            let name = field.prefix { $0 != "=" }
            return (
                name: name.trimmed.lowercased(),
                value: field.contains("=") ? String(field.dropFirst(name.count + 1)) : nil
            )
        }
        var mount = RunMount(isReadOnly: true)
        if let type = fields.first(where: { $0.name == "type" })?.value {
            guard let kind = RunMount.Kind(rawValue: type) else {
                let all = RunMount.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw DockerfileError("--mount has no type “\(type)”; there are \(all)", at: position)
            }
            mount.kind = kind
        }
        mount.isReadOnly = mount.kind == .bind
        for field in fields where field.name != "type" {
            do throws(ExpansionError) {
                try set(&mount, field.name, field.value)
            } catch {
                throw DockerfileError(error.message, at: position)
            }
        }
        try check(mount, at: position)
        return mount
    }

    private static func set(_ mount: inout RunMount, _ name: String, _ value: String?) throws(ExpansionError)
    {
        switch name {
        case "readonly", "ro": mount.isReadOnly = try flag(name, value)
        case "readwrite", "rw": mount.isReadOnly = try !flag(name, value)
        case "required": mount.isRequired = try flag(name, value)
        default:
            guard names.contains(name) else {
                let near = Suggestion.nearest(to: name, among: names).map { "; did you mean \($0)?" } ?? ""
                throw ExpansionError("--mount has no option “\(name)”\(near)")
            }
            guard let value, !value.isEmpty else { throw ExpansionError("--mount: \(name) needs a value") }
            try setValue(&mount, name, value)
        }
    }

    private static func setValue(
        _ mount: inout RunMount, _ name: String, _ value: String
    ) throws(ExpansionError) {
        switch name {
        case "from": mount.from = value
        case "source", "src": mount.source = value
        case "target", "dst", "destination": mount.target = value
        case "id": mount.id = value
        case "env": mount.variable = value
        case "sharing":
            guard let sharing = RunMount.Sharing(rawValue: value.lowercased()) else {
                throw ExpansionError("--mount: sharing is shared, private or locked")
            }
            mount.sharing = sharing
        case "size": mount.size = try size(value)
        case "mode": mount.mode = try number(value, radix: 8, largest: 0o7777, name)
        case "uid": mount.uid = try number(value, radix: 10, largest: .max - 1, name)
        default: mount.gid = try number(value, radix: 10, largest: .max - 1, name)
        }
    }

    private static func flag(_ name: String, _ value: String?) throws(ExpansionError) -> Bool {
        switch value?.lowercased() {
        case nil, "true", "1": return true
        case "false", "0": return false
        default: throw ExpansionError("--mount: \(name) is true or false")
        }
    }

    private static func number(
        _ text: String, radix: Int, largest: UInt32, _ name: String
    ) throws(ExpansionError) -> UInt32 {
        guard let value = UInt32(text, radix: radix), value <= largest else {
            throw ExpansionError(
                "--mount: \(name) is a number\(radix == 8 ? " in octal" : ""), not “\(text)”")
        }
        return value
    }

    /// Bytes, or with k, m, g.
    private static func size(_ text: String) throws(ExpansionError) -> UInt64 {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let shifts = ["": 0, "b": 0, "k": 10, "kb": 10, "m": 20, "mb": 20, "g": 30, "gb": 30]
        let unit = text.dropFirst(digits.count).lowercased()
        guard let count = UInt64(digits), let shift = shifts[unit], count < 1 << 33 else {
            throw ExpansionError("--mount: size is bytes, or such as 64m or 1g")
        }
        return count << UInt64(shift)
    }

    private static func check(_ mount: RunMount, at position: SourcePosition) throws(DockerfileError) {
        let name = mount.kind.rawValue
        if mount.target == nil, mount.kind != .secret, mount.kind != .ssh {
            throw DockerfileError("--mount=type=\(name) needs target=/path", at: position)
        }
        if mount.from != nil, mount.kind != .bind, mount.kind != .cache {
            throw DockerfileError("--mount=type=\(name) takes no from=", at: position)
        }
        if mount.from?.contains("$") == true {
            throw DockerfileError(
                "--mount: from= takes no variables; name a stage with FROM … AS", at: position)
        }
        if mount.kind == .secret, mount.id == nil, mount.source == nil, mount.target == nil {
            throw DockerfileError("--mount=type=secret needs id=name", at: position)
        }
    }
}

extension Substring {
    /// Without white space at its ends.
    var trimmed: Substring {
        var rest = drop { $0.isWhitespace }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }
}
