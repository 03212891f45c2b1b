import Testing

@testable import Images

struct TarTests {
    /// One member of every kind and form.
    static func corpus() throws -> [UInt8] {
        try Archive.make { writer in
            try writer.add(TarEntry(path: "dir/", kind: .directory, mode: 0o1777))
            var file = TarEntry(path: "dir/file", kind: .file, mode: 0o4755)
            file.uid = 1000
            file.gid = 3_000_000
            file.modified = TarTime(seconds: 1_700_000_000, nanoseconds: 123_456_789)
            file.attributes = [
                "security.capability": [1, 0, 0, 2, 0, 0x20, 0, 0], "user.x": Array("a=b\nc".utf8),
            ]
            try writer.add(file, data: Array("hello".utf8))
            let long = String(repeating: "d123456789/", count: 30) + "end"
            try writer.add(TarEntry(path: long, kind: .file), data: [1, 2, 3])
            try writer.add(TarEntry(path: "\u{fc}ml\u{e4}ut", kind: .file), data: [])
            var link = TarEntry(path: "link", kind: .symbolicLink, mode: 0o777)
            link.link = String(repeating: "x", count: 300)
            try writer.add(link)
            var hard = TarEntry(path: "hard", kind: .hardLink)
            hard.link = "dir/file"
            hard.modified = TarTime(seconds: -5, nanoseconds: 500_000_000)
            try writer.add(hard)
            var device = TarEntry(path: "null", kind: .characterDevice, mode: 0o666)
            (device.deviceMajor, device.deviceMinor) = (1, 3)
            try writer.add(device)
            try writer.add(TarEntry(path: "pipe", kind: .fifo))
            var sparse = TarEntry(path: "sparse", kind: .file)
            sparse.size = 1 << 20
            sparse.sparse = [
                SparseExtent(offset: 4096, length: 10), SparseExtent(offset: 1 << 19, length: 3),
            ]
            try writer.begin(sparse)
            try writer.write(Array("0123456789abc".utf8))
        }
    }

    @Test func whatIsWrittenIsRead() throws {
        let members = try Archive.read(try Self.corpus())
        #expect(
            members.map(\.entry.path).filter { $0.utf8.count < 60 } == [
                "dir/", "dir/file", "\u{fc}ml\u{e4}ut", "link", "hard", "null", "pipe", "sparse",
            ])
        let file = members[1].entry
        #expect(file.mode == 0o4755 && file.uid == 1000 && file.gid == 3_000_000)
        #expect(file.modified == TarTime(seconds: 1_700_000_000, nanoseconds: 123_456_789))
        #expect(file.attributes["user.x"] == Array("a=b\nc".utf8))
        #expect(members[1].data == Array("hello".utf8))
        #expect(members[2].entry.path.utf8.count == 333)
        #expect(members[4].entry.link.utf8.count == 300)
        #expect(members[5].entry.modified == TarTime(seconds: -5, nanoseconds: 500_000_000))
        #expect(members[6].entry.deviceMajor == 1 && members[6].entry.deviceMinor == 3)
        let sparse = members[8].entry
        #expect(sparse.size == 1 << 20 && sparse.sparse?.count == 2)
        #expect(members[8].data == Array("0123456789abc".utf8))
    }

    @Test func aNameOfAnyLengthIsWritten() throws {
        for length in [1, 99, 100, 101, 155, 156, 255, 256, 257, 990, 991, 992, 993, 994, 4000] {
            let path = String((0..<length).map { $0 % 50 == 49 ? "/" : "n" }) + "x"
            let members = try Archive.read(
                try Archive.make { try $0.add(TarEntry(path: path, kind: .file), data: [7]) })
            #expect(members.first?.entry.path == path)
            #expect(members.first?.data == [7])
        }
    }

    @Test func anArchiveCutAnywhereIsAnErrorOrShorter() throws {
        let bytes = try Self.corpus()
        let whole = try Archive.read(bytes).count
        for end in stride(from: 0, to: bytes.count, by: 97) {
            do {
                #expect(try Archive.read(Array(bytes[..<end])).count <= whole)
            } catch let error as ImageError {
                #expect(error.kind == .corrupt)
            }
        }
    }

    @Test func changedBytesAreRefusedOrRead() throws {
        let original = try Self.corpus()
        let seed: UInt64 = 11
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<600 {
            var bytes = original
            let block = Int.random(in: 0..<bytes.count / 512, using: &generator) * 512
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[block + Int.random(in: 0..<512, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            if Bool.random(using: &generator) { Self.repairChecksum(&bytes, block) }
            do { _ = try Archive.read(bytes) } catch let error as ImageError { _ = error.description }
        }
    }

    /// So that changes get past the first check.
    private static func repairChecksum(_ bytes: inout [UInt8], _ block: Int) {
        for index in 148..<156 { bytes[block + index] = 0x20 }
        let sum = bytes[block..<block + 512].reduce(0) { $0 + Int($1) }
        let digits = String(sum, radix: 8)
        let text = Array((String(repeating: "0", count: max(0, 6 - digits.count)) + digits + "\0 ").utf8)
        for (index, byte) in text.prefix(8).enumerated() { bytes[block + 148 + index] = byte }
    }

    @Test func theFormsOfOldSparseFilesAreRead() throws {
        let data = Array("abcdef".utf8)
        for records in [
            "GNU.sparse.size=100\nGNU.sparse.numblocks=2\nGNU.sparse.offset=0\nGNU.sparse.numbytes=2\nGNU.sparse.offset=50\nGNU.sparse.numbytes=4",
            "GNU.sparse.size=100\nGNU.sparse.numblocks=2\nGNU.sparse.map=0,2,50,4",
        ] {
            let member = try #require(try Archive.read(Self.withRecords(records, data: data)).first)
            #expect(
                member.entry.sparse == [
                    SparseExtent(offset: 0, length: 2), SparseExtent(offset: 50, length: 4),
                ])
            #expect(member.entry.size == 100 && member.data == data)
        }
        for records in [
            "GNU.sparse.size=10\nGNU.sparse.map=0,2,50,4", "GNU.sparse.size=100\nGNU.sparse.map=60,2,50,4",
            "GNU.sparse.size=100\nGNU.sparse.map=0,2,50,9223372036854775807",
            "GNU.sparse.size=100\nGNU.sparse.map=0,2,50",
            "GNU.sparse.size=100\nGNU.sparse.map=0,-2,50,8",
        ] {
            #expect(throws: ImageError.self, "\(records)") {
                try Archive.read(Self.withRecords(records, data: data))
            }
        }
    }

    /// A file behind an extended header of the given lines.
    static func withRecords(_ lines: String, data: [UInt8]) throws -> [UInt8] {
        var records: [UInt8] = []
        for line in lines.split(separator: "\n") {
            var length = line.utf8.count + 3
            length += String(length).utf8.count - (String(length).utf8.count > 1 ? 0 : 0)
            while "\(length) \(line)\n".utf8.count != length { length = "\(length) \(line)\n".utf8.count }
            records += Array("\(length) \(line)\n".utf8)
        }
        let header = TarHeaderEncoder.block(
            for: TarEntry(path: "x", kind: .file), stored: Int64(records.count), isExtended: true,
            type: UInt8(ascii: "x"))
        records += [UInt8](repeating: 0, count: -records.count & 511)
        return try header + records
            + Archive.make { try $0.add(TarEntry(path: "f", kind: .file), data: data) }
    }

    @Test func packedBytesComeBack() throws {
        let text = Array(String(repeating: "words and more words ", count: 50_000).utf8)
        let packed = try Archive.gzip(text)
        func unpack(_ bytes: [UInt8]) throws -> [UInt8] {
            try Compression.unpacked(MemorySource(bytes)).readAll(limit: 16 << 20, as: "test")
        }
        #expect(try unpack(packed) == text)
        #expect(try unpack(packed + packed) == text + text)
        #expect(try unpack(packed + [0, 0, 0]) == text)
        for end in stride(from: 10, to: packed.count, by: 101) {
            #expect(throws: ImageError.self) { try unpack(Array(packed[..<end])) }
        }
        var damaged = packed
        damaged[damaged.count - 6] ^= 1
        #expect(throws: ImageError.self) { try unpack(damaged) }
        #expect(throws: ImageError.self) { try unpack([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]) }
    }

    @Test func aDecompressionBombIsRefused() throws {
        let zeros = [UInt8](repeating: 0, count: 8 << 20)
        let packed = try Archive.gzip(zeros)
        let source = BoundedSource(
            try Compression.unpacked(MemorySource(packed)), packedSize: Int64(packed.count), maximum: 1 << 40,
            harmless: 1 << 20)
        let error = #expect(throws: ImageError.self) { try source.drain() }
        #expect(error?.description.contains("bomb") == true)
    }
}
