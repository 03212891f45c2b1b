import Firmware
import Glibc

/// A file with given bytes that has no name and goes away with this object.
final class TemporaryFile {
    struct Unusable: Error {}

    let descriptor: Int32
    let size: UInt64

    init(_ bytes: [UInt8]) throws {
        var template = Array("/tmp/vivarium-test-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        unlink(template)
        size = UInt64(bytes.count)
        guard descriptor >= 0, write(descriptor, bytes, bytes.count) == bytes.count else { throw Unusable() }
    }

    deinit { close(descriptor) }

    var boot: BootFile { BootFile(descriptor: descriptor, size: size) }
}
