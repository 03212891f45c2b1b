import Machine
import Testing
import X86

struct PageWalkerTests {
    private static let root: UInt64 = 0x1000
    private let memory: GuestMemory

    init() throws { memory = try #require(GuestMemory(base: 0, size: 1 << 20)) }

    private func walker(
        user: Bool = false, cr0: UInt64 = Control.paging | Control.writeProtect, cr4: UInt64 = 0,
        strict: Bool = false
    ) -> PageWalker {
        PageWalker(
            memory: memory, cr0: cr0, cr3: Self.root, cr4: cr4 | Control.cr4PAE,
            efer: Control.noExecute | Control.longModeActive, isUser: user, avoidsUser: strict)
    }

    /// Maps the first 4 KiB page at 0x5000; `flags` go into the last entry.
    private func map(_ flags: UInt64, upper: UInt64 = 7) {
        for level in 0..<UInt64(3) {
            _ = memory.store64(Self.root + level << 12, Self.root + (level + 1) << 12 | upper)
        }
        _ = memory.store64(Self.root + 3 << 12, 0x5000 | flags)
    }

    private func fault(_ body: () throws(Fault) -> PageMapping) -> Fault? {
        do throws(Fault) {
            _ = try body()
            return nil
        } catch { return error }
    }

    @Test func aWalkMarksWhatItPasses() throws {
        map(7)
        let mapping = try walker().walk(0x123, .read)
        #expect(mapping.physical == 0x5000)
        #expect(!mapping.writable)
        #expect(memory.load64(Self.root) == 0x2000 | 7 | 1 << 5)
        #expect(memory.load64(Self.root + 0x3000) == 0x5000 | 7 | 1 << 5)
        #expect(try walker().walk(0x123, .write).writable)
        #expect(memory.load64(Self.root + 0x3000) == 0x5000 | 7 | 3 << 5)
    }

    @Test func faultsTellWhatWasWrong() {
        map(0)
        #expect(fault { () throws(Fault) in try walker().walk(0, .read) } == .page(0))
        #expect(fault { () throws(Fault) in try walker(user: true).walk(0, .write) } == .page(6))
        map(1)
        #expect(fault { () throws(Fault) in try walker(user: true).walk(0, .read) } == .page(5))
        #expect(fault { () throws(Fault) in try walker().walk(0, .write) } == .page(3))
        map(7 | 1 << 63)
        #expect(fault { () throws(Fault) in try walker().walk(0, .execute) } == .page(17))
        map(7 | 1 << 51)
        #expect(fault { () throws(Fault) in try walker().walk(0, .read) } == .page(9))
    }

    @Test func supervisorsWriteToReadOnlyPagesOnlyWithoutWP() throws {
        map(5)
        #expect(fault { () throws(Fault) in try walker().walk(0, .write) } == .page(3))
        #expect(try walker(cr0: Control.paging).walk(0, .write).writable)
    }

    @Test func smepAndSmapKeepSupervisorsOffUserPages() throws {
        map(7)
        #expect(fault { () throws(Fault) in try walker(cr4: Control.cr4SMEP).walk(0, .execute) } == .page(17))
        #expect(fault { () throws(Fault) in try walker(strict: true).walk(0, .read) } == .page(1))
        #expect(try walker().walk(0, .execute).executable)
    }

    @Test func largePagesReachFarAndMustBeAligned() throws {
        _ = memory.store64(Self.root, 0x2000 | 7)
        _ = memory.store64(0x2000, 0x3000 | 7)
        _ = memory.store64(0x3000 + 8, 0x40_0000 | 7 | 1 << 7)
        let mapping = try walker().walk(0x20_0000 + 0x1_2345, .read)
        #expect((mapping.physical, mapping.sizeBits) == (0x41_2000, 21))
        _ = memory.store64(0x3000 + 8, 0x40_2000 | 7 | 1 << 7)
        #expect(fault { () throws(Fault) in try walker().walk(0x20_0000, .read) } == .page(9))
        _ = memory.store64(0x2000, 0x4000_0000 | 7 | 1 << 7)
        #expect(try walker().walk(0x1234_5678, .read).physical == 0x5234_5000)
    }

    @Test func tablesOutsideRAMAreNoTables() {
        _ = memory.store64(Self.root, 0x7_0000_0000 | 7)
        #expect(fault { () throws(Fault) in try walker().walk(0, .read) } == .page(0))
    }
}
