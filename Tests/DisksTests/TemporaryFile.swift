import Glibc
import Host

/// A file that goes with the test.
final class TemporaryFile {
    let path: String

    /// Makes a file of `size` zero bytes in `folder`.
    init(size: Int = 0, in folder: String = "/tmp") throws {
        var template = Array("\(folder)/vivarium-disk-XXXXXX".utf8CString)
        let raw = try checked("make a temporary file") { mkstemp(&template) }
        defer { close(raw) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try checked("size a temporary file") { ftruncate(raw, off_t(size)) }
    }

    deinit { unlink(path) }
}
