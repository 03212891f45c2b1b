import Catalogue
import Glibc
import Host
import Testing

@Suite struct CacheTests {
    private func withCache(_ body: (Cache) throws -> Void) throws {
        let path = "/tmp/vivarium-test-\(try Random.name(digits: 12))"
        defer { Folder.remove(path) }
        try body(Cache(path: path))
    }

    private func write(_ text: String, to path: String) throws {
        let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT)
        try Descriptors.writeAll(file.raw, Array(text.utf8))
    }

    @Test func `an empty cache knows all guests and holds none`() throws {
        try withCache { cache in
            #expect(
                cache.states().map { "\($0.name) \($0.arch.rawValue)" }
                    == ["busybox riscv64", "busybox x86_64", "debian riscv64", "debian x86_64"])
            #expect(cache.states().allSatisfy { $0.version == nil && $0.size == 0 })
            let wasThere = try cache.remove(.busybox, .riscv64)
            #expect(!wasThere)
        }
    }

    @Test func `a cached guest is listed with version and size, served without a network, and removed`()
        throws
    {
        try withCache { cache in
            let folder = cache.path + "/guests/busybox-riscv64"
            try Folder.create(folder)
            try write("6.12-1\n", to: folder + "/version")
            try write("kernel", to: folder + "/kernel")
            let state = cache.states()[0]
            #expect(state.version == "6.12-1" && state.size > 0)
            let catalogue = Catalogue(cache: cache, progress: { Issue.record("\($0)") }) { _, _ in "" }
            let files = try catalogue.files(of: .busybox, .riscv64)
            #expect(files.kernel == folder + "/kernel" && files.disk == nil)
            #expect(files.append.contains("console=ttyS0"))
            let wasThere = try cache.remove(.busybox, .riscv64)
            #expect(wasThere)
            #expect(cache.states()[0].version == nil)
        }
    }

    @Test func `what an interrupted run left is no guest`() throws {
        try withCache { cache in
            try Folder.create(cache.path + "/guests/busybox-riscv64.new")
            try write("6.12-1\n", to: cache.path + "/guests/busybox-riscv64.new/version")
            #expect(cache.states()[0].version == nil)
        }
    }

    @Test func `one process at a time makes guests`() throws {
        try withCache { cache in
            try Folder.create(cache.path)
            let other = try FileDescriptor.open(cache.path + "/lock", O_RDWR | O_CREAT)
            let isLocked = other.lock(exclusive: true)
            #expect(isLocked)
            let error = #expect(throws: CatalogueError.self) { _ = try cache.remove(.debian, .riscv64) }
            #expect(error?.code == .refused)
        }
    }

    @Test func `folders are measured and removed without following links`() throws {
        try withCache { cache in
            let path = cache.path
            try Folder.create(path + "/a/b")
            try Folder.create(path + "/kept")
            try write("x", to: path + "/kept/file")
            #expect(symlink(path + "/kept", path + "/a/b/link") == 0)
            #expect(Folder.files(below: path + "/a") == [path + "/a/b/link"])
            Folder.remove(path + "/a")
            #expect(!Folder.exists(path + "/a"))
            #expect(Folder.names(in: path + "/kept") == ["file"])
        }
    }
}
