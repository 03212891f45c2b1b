import Containers
import Glibc
import Host

/// Files that are read and written whole.
enum SmallFile {
    /// The bytes of a file, at most `limit`; `nil` when it cannot be opened.
    static func read(_ path: String, limit: Int = 1 << 20) -> [UInt8]? {
        guard let file = try? FileDescriptor.open(path) else { return nil }
        return read(file.raw, limit: limit)
    }

    static func read(_ descriptor: Int32, limit: Int = 1 << 20) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < limit {
            guard let more = try? Descriptors.read(descriptor, limit: min(limit - bytes.count, 65536)) else {
                return nil
            }
            if more.isEmpty { break }
            bytes += more
        }
        return bytes
    }

    static func text(_ path: String) -> String? { read(path).map { String(decoding: $0, as: UTF8.self) } }

    /// Writes a file by way of another name: nobody sees half of it, not even after a crash of the host.
    ///
    /// - Parameter durable: whether it must survive such a crash; what is made anew at each start need not.
    static func write(
        _ path: String, _ bytes: some Collection<UInt8>, mode: mode_t = 0o644, durable: Bool = false
    ) throws(SystemError) {
        let temporary = "\(path).new"
        do {
            let file = try FileDescriptor.open(temporary, O_WRONLY | O_CREAT | O_TRUNC, mode: mode)
            try Descriptors.writeAll(file.raw, Array(bytes))
            if durable {
                let raw = file.raw
                try checked("write \(path)") { fsync(raw) }
            }
        } catch {
            unlink(temporary)
            throw error
        }
        try checked("write \(path)") { rename(temporary, path) }
    }
}

/// What a monitor leaves behind when its process has ended.
enum ExitFile {
    static func read(_ path: String) -> ExitRecord? {
        SmallFile.read(path, limit: 4096).flatMap { ExitRecord(json: $0) }
    }
}
