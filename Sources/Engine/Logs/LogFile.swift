import CLinux
import Glibc
import Host

/// The files of one log, followed through rotations: `log.json`, and older ones as `log.json.1`, `log.json.2`…
///
/// Reads blocks of whole lines. Files are held open from the moment they are found, as their names may change at any
/// time. Blocks shortly; one thread at a time.
struct LogFile: ~Copyable {
    /// A longer line than this is skipped; monitors write none.
    private static let longestLine = 1 << 20

    let path: String
    /// The file that is read; -1 for none.
    private var current: Int32 = -1
    private var rest: [UInt8] = []
    /// Files still to be read, oldest first.
    private var pending: [Int32] = []

    /// - Parameter tail: how many lines from the end to begin with; `nil` means all.
    init(path: String, tail: Int?) {
        self.path = path
        pending = Self.open(path, newerThan: nil)
        if let tail { begin(at: tail) }
        openNext()
    }

    deinit {
        if current >= 0 { close(current) }
        for file in pending { close(file) }
    }

    /// Opens the files of a log that are newer than the one with the identity `known`, oldest first.
    ///
    /// From the newest on: a rotation meanwhile shows a file twice, which is seen by its identity, but hides none.
    /// In the middle of one, a single number may be missing.
    private static func open(_ path: String, newerThan known: UInt64?) -> [Int32] {
        var files: [Int32] = []
        var seen: Set<UInt64> = []
        var gaps = 0
        for number in 0... {
            let file = viv_open(number == 0 ? path : "\(path).\(number)", O_RDONLY | O_CLOEXEC, 0)
            guard file >= 0, let identity = identity(of: file) else {
                gaps += 1
                if gaps > 1 { break }
                continue
            }
            let isKnown = identity == known
            if !isKnown, seen.insert(identity).inserted { files.append(file) } else { close(file) }
            if isKnown { break }
        }
        return files.reversed()
    }

    /// Leaves so many files and so much of the first that `count` lines lie ahead.
    private mutating func begin(at count: Int) {
        var missing = count
        var kept: [Int32] = []
        for file in pending.reversed() {
            guard missing > 0 || kept.isEmpty else {
                close(file)
                continue
            }
            let (offset, found) = Self.offset(ofLast: missing, in: file)
            lseek(file, off_t(offset), SEEK_SET)
            missing -= found
            kept.append(file)
        }
        pending = kept.reversed()
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
                guard mustMoveOn else { return [] }
                pending = Self.open(path, newerThan: Self.identity(of: current))
                // What was written between our last read and the renaming comes first.
                let last = read()
                if !last.isEmpty { return last }
            }
            guard openNext() else { return [] }
        }
    }

    private mutating func read() -> [[UInt8]] {
        var lines: [[UInt8]] = []
        while lines.isEmpty, current >= 0 {
            guard let bytes = try? Descriptors.read(current), !bytes.isEmpty else { break }
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

    /// Whether ours is not the newest file any more, or there was none yet. A file that was renamed is complete only
    /// once its successor is there.
    private var mustMoveOn: Bool {
        var info = stat()
        guard stat(path, &info) == 0 else { return false }
        return current < 0 || Self.identity(of: current) != UInt64(info.st_ino)
    }

    @discardableResult
    private mutating func openNext() -> Bool {
        guard !pending.isEmpty else { return false }
        if current >= 0 { close(current) }
        current = pending.removeFirst()
        rest = []
        return true
    }

    private static func identity(of file: Int32) -> UInt64? {
        var info = stat()
        return fstat(file, &info) == 0 ? UInt64(info.st_ino) : nil
    }
}
