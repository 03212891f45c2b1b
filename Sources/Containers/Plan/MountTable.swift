/// Lines of /proc/self/mountinfo (proc(5)).
enum MountTable {
    /// A mount point and its file system.
    struct Entry: Equatable {
        var root: String
        var path: String
        var type: String
        /// Options of the file system itself.
        var options: [Substring]
    }

    static func read() -> [Entry] { CgroupFile.lines("/proc/self", "mountinfo").compactMap(entry) }

    static func entry(_ line: Substring) -> Entry? {
        let words = line.split(separator: " ")
        guard let dash = words.firstIndex(of: "-"), words.count > dash + 3, dash > 4 else { return nil }
        return Entry(
            root: unescaped(words[3]), path: unescaped(words[4]), type: String(words[dash + 1]),
            options: words[dash + 3].split(separator: ","))
    }

    /// `\040` and its like are white space and backslashes.
    static func unescaped(_ text: Substring) -> String {
        guard text.utf8.contains(UInt8(ascii: "\\")) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
