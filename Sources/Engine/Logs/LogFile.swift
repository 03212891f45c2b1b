import Glibc
import Host

/// The files of one log, followed through rotations: `log.json`, and older ones as `log.json.1`, `log.json.2`…
///
/// Reads blocks of whole lines. Blocks shortly; one thread at a time.
struct LogFile: ~Copyable {
    /// A longer line than this is skipped; monitors write none.
    private static let longestLine = 1 << 20

    let path: String
    /// The open file; -1 for none.
    private var current: Int32 = -1
    private var rest: [UInt8] = []
    /// Older files still to be read, oldest first, before `path` itself.
    private var pending: [String] = []

    /// - Parameter tail: how many lines from the end to begin with; `nil` means all.
    init(path: String, tail: Int?) {
        self.path = path
        let files = Self.files(path)
        guard let tail else {
            pending = files
            openNext()
            return
        }
        begin(at: tail, files)
    }

    deinit { if current >= 0 { close(current) } }

    /// The files of a log that exist, oldest first.
    static func files(_ path: String) -> [String] {
        var files = [path]
        for number in 1... {
            guard access("\(path).\(number)", F_OK) == 0 else { break }
            files.append("\(path).\(number)")
        }
        return files.reversed()
    }

    /// Goes back from the newest file until `count` lines lie ahead.
    private mutating func begin(at count: Int, _ files: [String]) {
        var missing = count
        for (index, name) in files.enumerated().reversed() {
            guard let file = try? FileDescriptor.open(name) else { continue }
            let (offset, found) = Self.offset(ofLast: missing, in: file.raw)
            missing -= found
            guard missing <= 0 || index == 0 else { continue }
            lseek(file.raw, off_t(offset), SEEK_SET)
            current = file.release()
            pending = Array(files[(index + 1)...])
            return
        }
    }

    /// Where the last `count` lines begin, and how many there are.
    private static func offset(ofLast count: Int, in file: Int32) -> (offset: Int, found: Int) {
        let end = Int(lseek(file, 0, SEEK_END))
        guard count > 0 else { return (max(end, 0), 0) }
        var block = [UInt8](repeating: 0, count: 64 << 10)
        var position = end
        var found = 0
        while position > 0 {
            let start = max(position - block.count, 0)
            let length = pread(file, &block, position - start, off_t(start))
            guard length == position - start else { break }
            for index in (0..<length).reversed() where block[index] == 0x0a && start + index + 1 < end {
                found += 1
                if found == count { return (start + index + 1, found) }
            }
            position = start
        }
        return (0, end > 0 ? found + 1 : 0)
    }

    /// The next whole lines, without newlines; empty when there are no more now.
    mutating func lines() -> [[UInt8]] {
        while true {
            let lines = read()
            if !lines.isEmpty { return lines }
            if pending.isEmpty {
                guard current >= 0 else { return openNext() ? self.lines() : [] }
                guard let newer = filesAfterRotation() else { return [] }
                // What was written between our last read and the renaming comes first.
                let last = read()
                if !last.isEmpty { return last }
                pending = newer
            }
            guard openNext() else { return [] }
        }
    }

    private mutating func read() -> [[UInt8]] {
        var lines: [[UInt8]] = []
        while lines.isEmpty {
            guard current >= 0, let bytes = try? Descriptors.read(current), !bytes.isEmpty else {
                break
            }
            var start = bytes.startIndex
            while let end = bytes[start...].firstIndex(of: 0x0a) {
                lines.append(rest + bytes[start..<end])
                rest = []
                start = end + 1
            }
            rest += bytes[start...]
            if rest.count > Self.longestLine { rest = [] }
        }
        return lines
    }

    /// The files that came after ours, oldest first, once ours was renamed; `nil` while it is the newest.
    private func filesAfterRotation() -> [String]? {
        guard current >= 0, let ours = Self.identity(of: current), let newest = Self.identity(of: path),
            newest != ours
        else { return nil }
        let files = Self.files(path)
        let index = files.firstIndex { Self.identity(of: $0) == ours }
        return index.map { Array(files[($0 + 1)...]) } ?? files
    }

    @discardableResult
    private mutating func openNext() -> Bool {
        if current >= 0 { close(current) }
        current = -1
        rest = []
        if pending.isEmpty { pending = [path] }
        while !pending.isEmpty {
            if let file = try? FileDescriptor.open(pending.removeFirst()) {
                current = file.release()
                return true
            }
        }
        return false
    }

    private static func identity(of raw: Int32) -> UInt64? {
        var info = stat()
        return fstat(raw, &info) == 0 ? UInt64(info.st_ino) : nil
    }

    private static func identity(of path: String) -> UInt64? {
        var info = stat()
        return stat(path, &info) == 0 ? UInt64(info.st_ino) : nil
    }
}
