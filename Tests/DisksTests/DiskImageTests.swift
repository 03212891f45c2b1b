import Disks
import Glibc
import Host
import Testing

@Suite("Opening a disk image")
struct DiskImageTests {
    private func error(_ path: String, readOnly: Bool = false) -> DiskError? {
        do throws(DiskError) {
            _ = try DiskImage.open(path, readOnly: readOnly)
            return nil
        } catch {
            return error
        }
    }

    @Test("refuses an image that another writer has open, until that one is gone")
    func lock() throws {
        let file = try TemporaryFile(size: 4096)
        do {
            let writer = try DiskImage.open(file.path, readOnly: false)
            #expect(error(file.path) == .inUse(path: file.path))
            #expect(error(file.path, readOnly: true) == .inUse(path: file.path))
            // The lock is the open file's: a copy that a machine inherits holds it too.
            let inherited = try writer.duplicate()
            close(writer.release())
            #expect(error(file.path) == .inUse(path: file.path))
            _ = consume inherited
        }
        #expect(error(file.path) == nil)
    }

    @Test("lets readers share an image and keeps writers out")
    func sharedReaders() throws {
        let file = try TemporaryFile(size: 4096)
        let first = try DiskImage.open(file.path, readOnly: true)
        let second = try DiskImage.open(file.path, readOnly: true)
        #expect(error(file.path) == .inUse(path: file.path))
        #expect(first.raw != second.raw)
    }

    @Test("says what is wrong with a path")
    func badPaths() throws {
        #expect(error("/tmp") == .unusable(path: "/tmp", reason: "is a directory; give a file"))
        #expect(
            error("/tmp", readOnly: true) == .unusable(path: "/tmp", reason: "is a directory; give a file"))
        let missing = "/tmp/vivarium-no-such-image"
        #expect(error(missing) == .unusable(path: missing, reason: "does not exist"))
        let null = error("/dev/null")
        #expect(null == .unusable(path: "/dev/null", reason: "is neither a file nor a block device"))
        let tiny = try TemporaryFile(size: 511)
        #expect(error(tiny.path)?.description.hasSuffix("is smaller than one sector of 512 bytes") == true)
    }

    @Test("says how to use an image that may not be written to", .enabled(if: geteuid() != 0))
    func notWritable() throws {
        let file = try TemporaryFile(size: 4096)
        chmod(file.path, 0o400)
        #expect(error(file.path)?.description.contains("readonly") == true)
        #expect(error(file.path, readOnly: true) == nil)
    }

    @Test("makes a scratch file that no folder lists")
    func scratch() throws {
        let scratch = try DiskImage.scratch(in: "/tmp")
        var status = stat()
        #expect(fstat(scratch.raw, &status) == 0)
        #expect(status.st_nlink == 0)
    }
}
