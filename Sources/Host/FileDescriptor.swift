import CLinux
import Glibc

/// The sole owner of an open file descriptor: closed when the owner goes.
package struct FileDescriptor: ~Copyable, Sendable {
    /// The kernel's number, for system calls; valid while the owner lives.
    package let raw: Int32

    /// Takes over an open descriptor.
    package init(owning raw: Int32) { self.raw = raw }

    deinit { close(raw) }

    /// Gives the descriptor up without closing it.
    package consuming func release() -> Int32 {
        let raw = raw
        discard self
        return raw
    }

    /// Opens `path`, close-on-exec. `flags` are those of open(2), `mode` the rights of a new file.
    package static func open(
        _ path: String, _ flags: Int32 = O_RDONLY, mode: mode_t = 0o600
    ) throws(SystemError) -> FileDescriptor {
        let raw = try checked("open \(path)") { viv_open(path, flags | O_CLOEXEC, mode) }
        return FileDescriptor(owning: raw)
    }

    /// Makes an empty file without a name in `directory`: its space is free again when it is closed.
    package static func unlinked(in directory: String) throws(SystemError) -> FileDescriptor {
        let raw = try checked("make a scratch file in \(directory)") { viv_unnamed_file(directory) }
        return FileDescriptor(owning: raw)
    }

    /// Locks the whole file against other openers, without waiting; the lock lasts as long as the open
    /// file, also when its descriptor was passed on. Shared locks go together, exclusive ones with none.
    ///
    /// - Returns: whether the lock was granted.
    package func lock(exclusive: Bool) -> Bool { viv_lock_file(raw, exclusive) == 0 }

    /// A second descriptor of the same open file, close-on-exec.
    package func duplicate() throws(SystemError) -> FileDescriptor {
        let raw = raw
        return FileDescriptor(owning: try checked("duplicate a descriptor") { viv_duplicate_above(raw, 3) })
    }

    /// Reads of an empty pipe or socket, and writes to a full one, fail with EAGAIN from now on.
    package func setNonBlocking() throws(SystemError) { try Descriptors.setNonBlocking(raw) }

    /// What kind of file it is, and its size.
    package func status() throws(SystemError) -> FileStatus { try FileStatus(of: raw) }
}

/// Operations on descriptors that somebody else owns.
package enum Descriptors {
    /// See `FileDescriptor.setNonBlocking()`.
    package static func setNonBlocking(_ raw: Int32) throws(SystemError) {
        let flags = try checked("read flags of a descriptor") { viv_status_flags(raw) }
        try checked("set flags of a descriptor") { viv_set_status_flags(raw, flags | O_NONBLOCK) }
    }

    /// At most `limit` bytes; empty at the end of the file, `nil` when none are there yet.
    package static func read(_ raw: Int32, limit: Int = 65536) throws(SystemError) -> [UInt8]? {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            var result: Int
            repeat { result = Glibc.read(raw, buffer.baseAddress, limit) } while result < 0 && errno == EINTR
            failure = result < 0 ? errno : 0
            count = max(result, 0)
        }
        if failure == EAGAIN { return nil }
        guard failure == 0 else { throw SystemError("read", code: failure) }
        return bytes
    }

    /// How many of `bytes` the descriptor took; 0 when it takes none now.
    package static func write(_ raw: Int32, _ bytes: some Collection<UInt8>) throws(SystemError) -> Int {
        let result =
            bytes.withContiguousStorageIfAvailable { write(raw, UnsafeRawBufferPointer($0)) }
            ?? Array(bytes).withUnsafeBytes { write(raw, $0) }
        switch result {
        case .success(let count): return count
        case .failure(let error): throw error
        }
    }

    private static func write(_ raw: Int32, _ bytes: UnsafeRawBufferPointer) -> Result<Int, SystemError> {
        while true {
            let result = Glibc.write(raw, bytes.baseAddress, bytes.count)
            if result >= 0 { return .success(result) }
            if errno == EAGAIN { return .success(0) }
            if errno != EINTR { return .failure(SystemError("write")) }
        }
    }

    /// Writes all of `bytes`, waiting where a non-blocking descriptor is full.
    package static func writeAll(_ raw: Int32, _ bytes: [UInt8]) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = try write(raw, rest)
            if count == 0 {
                var slot = pollfd(fd: raw, events: Int16(POLLOUT), revents: 0)
                poll(&slot, 1, -1)
            }
            rest = rest.dropFirst(count)
        }
    }
}

/// The kind, size and identity of an open file.
package struct FileStatus: Sendable {
    /// What a file is, as far as this project cares.
    package enum Kind: Sendable {
        case regular, directory, blockDevice, terminal, other
    }

    package let kind: Kind
    /// Length in bytes.
    package let size: UInt64
    /// Bytes that it occupies on its disk; less than `size` where it has holes.
    package let allocated: UInt64

    /// Reads the status of an open descriptor.
    package init(of raw: Int32) throws(SystemError) {
        var info = stat()
        try checked("examine a descriptor") { fstat(raw, &info) }
        self.init(info, isTerminal: isatty(raw) == 1)
    }

    /// Reads the status of the file at `path`, following symbolic links.
    package init(path: String) throws(SystemError) {
        var info = stat()
        try checked("find \(path)") { stat(path, &info) }
        self.init(info, isTerminal: false)
    }

    private init(_ info: stat, isTerminal: Bool) {
        kind =
            switch info.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFBLK: .blockDevice
            default: isTerminal ? .terminal : .other
            }
        size = UInt64(max(info.st_size, 0))
        allocated = UInt64(max(info.st_blocks, 0)) * 512
    }
}
