import Glibc
import Host

/// Finds out who holds a port of the host, as far as this process may see it.
enum PortOwner {
    private static let maximumTable = 16 << 20

    /// ` (held by nginx, process 12)` for a message that names `tcp ADDRESS:PORT` or `udp …`, or nothing.
    static func description(in message: String) -> String {
        let words = message.split { $0 == " " || $0 == ";" || $0 == "," }
        guard let index = words.firstIndex(where: { $0 == "tcp" || $0 == "udp" }), index + 1 < words.count,
            let port = words[index + 1].split(separator: ":").last.flatMap({ UInt16($0) }),
            let owner = find(String(words[index]), port)
        else { return "" }
        return " (held by \(owner.name), process \(owner.pid))"
    }

    static func find(_ transport: String, _ port: UInt16) -> (name: String, pid: Int32)? {
        let tables = [transport, transport + "6"].compactMap { read("/proc/thread-self/net/\($0)") }
        let sockets = Set(tables.flatMap { inodes(in: $0, transport, port) }.map { "socket:[\($0)]" })
        guard !sockets.isEmpty else { return nil }
        for name in Folder.names(in: "/proc") {
            guard let pid = Int32(name) else { continue }
            let folder = "/proc/\(pid)/fd"
            for item in Folder.names(in: folder) where sockets.contains(target(of: "\(folder)/\(item)")) {
                let command = read("/proc/\(pid)/comm") ?? ""
                return (String(command.prefix { $0 != "\n" }), pid)
            }
        }
        return nil
    }

    /// The sockets of `/proc/net/tcp` or `udp` that are bound to a port and, of TCP, listen.
    static func inodes(in table: String, _ transport: String, _ port: UInt16) -> [String] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 9, let local = fields[1].split(separator: ":").last,
                UInt16(local, radix: 16) == port, transport != "tcp" || fields[3] == "0A"
            else { return nil }
            return String(fields[9])
        }
    }

    private static func target(of link: String) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            guard let base = buffer.baseAddress else { return "" }
            let count = readlink(link, base, buffer.count)
            return count > 0
                ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : ""
        }
    }

    private static func read(_ path: String) -> String? {
        guard let file = try? FileDescriptor.open(path) else { return nil }
        var bytes: [UInt8] = []
        while let more = try? Descriptors.read(file.raw), !more.isEmpty, bytes.count < maximumTable {
            bytes += more
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
