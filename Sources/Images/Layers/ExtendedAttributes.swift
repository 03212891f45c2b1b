import CLinux
import Glibc
import Host

/// Extended attributes of files, links not followed.
package enum ExtendedAttributes {
    /// All attributes of `path` with their values; none where the file system has no such thing.
    package static func read(_ path: String) throws(ImageError) -> [String: [UInt8]] {
        let size = FileName.with(path) { viv_list_attributes($0, nil, 0) }
        if size <= 0 { return [:] }
        var list = [CChar](repeating: 0, count: Int(size))
        let length = try call("list attributes") {
            FileName.with(path) { viv_list_attributes($0, &list, list.count) }
        }
        let names = list.prefix(Int(length)).map { UInt8(bitPattern: $0) }.split(separator: 0)
        var result: [String: [UInt8]] = [:]
        for name in names.map({ String(decoding: $0, as: UTF8.self) }) {
            if let value = value(name, of: path) { result[name] = value }
        }
        return result
    }

    /// One attribute; `nil` when the file does not have it or we may not see it.
    package static func value(_ name: String, of path: String) -> [UInt8]? {
        let size = FileName.with(path) { viv_get_attribute($0, name, nil, 0) }
        guard size >= 0 else { return nil }
        var value = [UInt8](repeating: 0, count: Int(size))
        let length = FileName.with(path) { viv_get_attribute($0, name, &value, value.count) }
        return length >= 0 ? Array(value.prefix(Int(length))) : nil
    }
}

/// What overlayfs's attributes say of a file (kernel, overlayfs.rst).
struct OverlayMarks {
    var isOpaque = false
    var isWhiteout = false
    /// Names data elsewhere: a folder that was renamed, a file whose data was not copied.
    var leadsElsewhere = false

    /// Takes overlayfs's attributes out of `attributes`.
    init(taking attributes: inout [String: [UInt8]]) {
        for prefix in ["trusted.overlay.", "user.overlay."] {
            for key in attributes.keys where key.hasPrefix(prefix) {
                let value = attributes.removeValue(forKey: key)
                switch key.dropFirst(prefix.count) {
                case "opaque": isOpaque = value == Array("y".utf8)
                case "whiteout": isWhiteout = true
                case "redirect", "metacopy": leadsElsewhere = true
                default: break
                }
            }
        }
    }
}
