import Disks
import Glibc
import Host
import Testing

@Suite("A raw disk")
struct RawDiskTests {
    private func disk(_ file: TemporaryFile, readOnly: Bool = false) throws -> RawDisk {
        let descriptor = try DiskImage.open(file.path, readOnly: readOnly)
        return try RawDisk(owning: descriptor, isReadOnly: readOnly, name: file.path)
    }

    @Test("holds what random operations leave in a model of it", arguments: 0..<2)
    func randomOperations(round: Int) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("raw disk seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let size = 400 << 10
        let file = try TemporaryFile(size: size)
        var model = DiskModel(try disk(file), bytes: [UInt8](repeating: 0, count: size))
        try model.doRandomOperations(60, &random)
        #expect(try model.read(0..<size) == model.bytes, "seed \(seed)")
        try model.disk.flush()
    }

    @Test("moves more pieces than one system call takes")
    func manyPieces() throws {
        let file = try TemporaryFile(size: 1 << 20)
        var model = DiskModel(try disk(file), bytes: [UInt8](repeating: 0, count: 1 << 20))
        let data = (0..<(64 << 10)).map { UInt8(truncatingIfNeeded: $0 * 7) }
        try model.write(data, at: 512, pieces: 3000)
        #expect(try model.read(512..<512 + data.count, pieces: 2500) == data)
    }

    @Test("leaves out a tail shorter than a sector")
    func oddSize() throws {
        let disk = try disk(try TemporaryFile(size: 5 * 512 + 100))
        #expect(disk.capacity == 5 * 512)
    }

    @Test("refuses ranges that leave it, whatever the numbers")
    func outOfRange() throws {
        let disk = try disk(try TemporaryFile(size: 4096))
        var byte: UInt8 = 0
        withUnsafeMutableBytes(of: &byte) { buffer in
            for offset in [4096, 4097, UInt64.max, 1 << 63] {
                #expect(throws: DiskError.outOfRange) {
                    try IOVectors.withBuffer(buffer) { (vectors) throws(DiskError) in
                        try disk.read(at: offset, into: vectors)
                    }
                }
            }
        }
        #expect(throws: DiskError.outOfRange) { try disk.discard(at: 512, count: UInt64.max) }
        #expect(throws: DiskError.outOfRange) {
            try disk.writeZeroes(at: UInt64.max, count: 2, mayUnmap: true)
        }
    }

    @Test("refuses every kind of writing when read-only")
    func readOnly() throws {
        let disk = try disk(try TemporaryFile(size: 4096), readOnly: true)
        var byte: UInt8 = 0
        _ = withUnsafeMutableBytes(of: &byte) { buffer in
            #expect(throws: DiskError.readOnly) {
                try IOVectors.withBuffer(buffer) { (vectors) throws(DiskError) in
                    try disk.write(at: 0, from: vectors)
                }
            }
        }
        #expect(throws: DiskError.readOnly) { try disk.discard(at: 0, count: 512) }
        #expect(throws: DiskError.readOnly) { try disk.writeZeroes(at: 0, count: 512, mayUnmap: false) }
    }

    @Test("reads zeroes where its file has been cut short")
    func truncated() throws {
        let file = try TemporaryFile(size: 8192)
        var model = DiskModel(try disk(file), bytes: [UInt8](repeating: 0, count: 8192))
        try model.write([UInt8](repeating: 5, count: 8192), at: 0)
        #expect(truncate(file.path, 4096) == 0)
        let expected = [UInt8](repeating: 5, count: 4096) + [UInt8](repeating: 0, count: 4096)
        #expect(try model.read(0..<8192) == expected)
    }

    @Test("gives discarded space back to the host")
    func discardFrees() throws {
        let file = try TemporaryFile(size: 1 << 20)
        var model = DiskModel(try disk(file), bytes: [UInt8](repeating: 0, count: 1 << 20))
        try model.write([UInt8](repeating: 1, count: 1 << 20), at: 0)
        try model.disk.flush()
        let before = try FileStatus(path: file.path).allocated
        try model.disk.discard(at: 0, count: 1 << 20)
        #expect(try FileStatus(path: file.path).allocated < before)
    }

    @Test("reports a full host as no space")
    func fullHost() throws {
        // A limit on the size of files stands for a full file system: one so large that no other
        // test of this process meets it. Its signal is blocked, as on a device's worker.
        let file = try TemporaryFile(size: 2 << 30)
        let disk = try disk(file)
        let result = try withFileSizeLimit(1 << 30) { () -> DiskError? in
            var data = [UInt8](repeating: 3, count: 4096)
            return data.withUnsafeMutableBytes { buffer in
                do throws(DiskError) {
                    try IOVectors.withBuffer(buffer) { (vectors) throws(DiskError) in
                        try disk.write(at: 3 << 29, from: vectors)
                    }
                    return nil
                } catch {
                    return error
                }
            }
        }
        #expect(result == .noSpace)
    }

    /// Runs `body` on this thread under RLIMIT_FSIZE.
    private func withFileSizeLimit<Result>(_ bytes: Int, _ body: () -> Result) throws -> Result {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGXFSZ)
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, &signals, &before)
        var old = rlimit()
        try checked("read a limit") { getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &old) }
        var limit = rlimit(rlim_cur: rlim_t(bytes), rlim_max: old.rlim_max)
        try checked("set a limit") { setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) }
        defer {
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &old)
            var waiting = sigset_t()
            sigpending(&waiting)
            var number: Int32 = 0
            if sigismember(&waiting, SIGXFSZ) == 1 { sigwait(&signals, &number) }
            pthread_sigmask(SIG_SETMASK, &before, nil)
        }
        return body()
    }
}
