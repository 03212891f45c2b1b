import Containers

/// Options of the `local` driver: `type`, `device` and `o`, as mount(8) takes them.
struct VolumeOptions: Equatable, Sendable {
    var type = ""
    var device = ""
    var options: [String] = []

    /// Whether the kernel mounts something in place of the volume's own folder.
    var isSpecial: Bool { !device.isEmpty }

    /// - Throws: `invalid` for options that contradict each other or that nobody knows.
    init(_ given: [String: String]) throws(EngineError) {
        for (key, value) in given.sorted(by: { $0.key < $1.key }) {
            switch key {
            case "type": type = value
            case "device": device = value
            case "o": options = value.split(separator: ",").map(String.init)
            case "size": options.append("size=\(value)")
            default: throw EngineError(.invalid, "invalid option: \"\(key)\"; use type, device and o")
            }
        }
        if !device.isEmpty, type.isEmpty, !options.contains("bind"), !options.contains("rbind") {
            throw EngineError(.invalid, "missing required option: \"type\"")
        }
        if device.isEmpty, !type.isEmpty { throw EngineError(.invalid, "missing device in volume options") }
        if options.contains("bind"), !device.hasPrefix("/") {
            throw EngineError(.invalid, "the device of a bind mount is an absolute path")
        }
    }

    /// The mount that stands for the volume; `nil` when it is a folder of ours.
    func mount(at target: String) -> RuntimeSpec.Mount? {
        guard isSpecial else { return nil }
        let isBind = options.contains("bind") || options.contains("rbind")
        return RuntimeSpec.Mount(
            destination: target, type: isBind ? "bind" : type, source: device, options: options)
    }
}
