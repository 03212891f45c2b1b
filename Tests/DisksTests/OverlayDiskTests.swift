import Disks
import Glibc
import Host
import Testing

@Suite("An overlay disk")
struct OverlayDiskTests {
    private func base(_ file: TemporaryFile) throws -> RawDisk {
        try RawDisk(owning: try DiskImage.open(file.path, readOnly: true), isReadOnly: true, name: file.path)
    }

    /// A file of patterned bytes, and the bytes.
    private func patterned(_ size: Int) throws -> (TemporaryFile, [UInt8]) {
        let file = try TemporaryFile(size: size)
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ $0 >> 9) }
        let descriptor = try FileDescriptor.open(file.path, O_WRONLY)
        try Descriptors.writeAll(descriptor.raw, bytes)
        return (file, bytes)
    }

    @Test("holds what random operations leave in a model, and leaves its base alone", arguments: 0..<3)
    func randomOperations(round: Int) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("overlay disk seed \(seed)")
        var random = SeededGenerator(seed: seed)
        // Not a multiple of a cluster: the last one is short.
        let size = (400 << 10) + 512 * 7
        let (file, bytes) = try patterned(size)
        let overlay = try OverlayDisk(over: try base(file), scratch: try DiskImage.scratch(in: "/tmp"))
        var model = DiskModel(overlay, bytes: bytes)
        try model.doRandomOperations(80, &random)
        #expect(try model.read(0..<size) == model.bytes, "seed \(seed)")
        let untouched = DiskModel(try base(file), bytes: bytes)
        #expect(try untouched.read(0..<size) == bytes, "seed \(seed)")
    }

    @Test("keeps two parts of one cluster that two threads write at once")
    func concurrentParts() throws {
        let (file, bytes) = try patterned(512 << 10)
        let overlay = try OverlayDisk(over: try base(file), scratch: try DiskImage.scratch(in: "/tmp"))
        let threads = try (0..<2).map { parity in
            try Thread(name: "writer") {
                for block in stride(from: parity, to: 128, by: 2) {
                    var data = [UInt8](repeating: UInt8(parity + 1), count: 4096)
                    data.withUnsafeMutableBytes { buffer in
                        try? IOVectors.withBuffer(buffer) { (vectors) throws(DiskError) in
                            try overlay.write(at: UInt64(block) * 4096, from: vectors)
                        }
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        let expected = (0..<128).flatMap { [UInt8](repeating: UInt8($0 % 2 + 1), count: 4096) }
        #expect(try DiskModel(overlay, bytes: bytes).read(0..<512 << 10) == expected)
    }

    @Test("leaves old bytes readable when the scratch file cannot take new ones")
    func fullScratch() throws {
        let (file, bytes) = try patterned(512 << 10)
        let path = try TemporaryFile()
        // A descriptor that cannot be written to stands for a full file system.
        let scratch = try FileDescriptor.open(path.path, O_RDONLY)
        let overlay = try OverlayDisk(over: try base(file), scratch: scratch)
        var model = DiskModel(overlay, bytes: bytes)
        #expect(throws: DiskError.io(EBADF)) { try model.write([1, 2, 3], at: 100) }
        #expect(throws: DiskError.io(EBADF)) {
            try model.write([UInt8](repeating: 9, count: 256 << 10), at: 0)
        }
        #expect(try model.read(0..<512 << 10) == bytes)
    }
}
