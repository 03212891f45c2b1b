import RISCV
import Testing

@Suite struct PageWalkerTests {
    private let machine = TestMachine()
    private var state: HartPointer { machine.state }

    private static let root = TestMachine.base + 0x1_0000
    private static let target: UInt64 = 0x8004_0000
    /// V, R, W, X, A and D.
    private static let full: UInt64 = 0xCF

    /// Maps `address` to `target` in a fresh tree with one table a level, the leaf at `level`.
    private func map(_ address: UInt64, levels: Int, leaf: UInt64, target: UInt64 = target, level: Int = 0) {
        state.pointee.privilege = 1
        state.pointee.satp = UInt64(levels + 5) << 60 | Self.root >> 12
        for current in stride(from: levels - 1, through: level, by: -1) {
            let table = Self.root + UInt64(levels - 1 - current) * 4096
            let index = address >> UInt64(12 + 9 * current) & 0x1FF
            let entry = current == level ? target >> 2 | leaf : (table + 4096) >> 2 | 1
            #expect(machine.memory.store64(table + index * 8, entry))
        }
    }

    private func walk(_ address: UInt64, _ access: Access = .read) -> Result<PageMapping, Trap> {
        Result { () throws(Trap) in
            try PageWalker.walk(state, machine.memory, address, count: 1, access, state.dataPrivilege)
        }
    }

    /// Where the leaf of a three-level tree for `address` lies.
    private func leafAddress(_ address: UInt64) -> UInt64 { Self.root + 0x2000 + (address >> 12 & 0x1FF) * 8 }

    @Test(arguments: [3, 4, 5])
    func everyModeTranslatesPagesOfEverySize(_ levels: Int) throws {
        for level in 0..<levels {
            let address: UInt64 = 0xFFFF_FFFF_FFFF_FFFF << UInt64(12 + 9 * levels - 1) | 0x12_3456
            map(address, levels: levels, leaf: Self.full, target: level == 0 ? Self.target : 0, level: level)
            let mapping = try walk(address).get()
            let offset: UInt64 = 1 << UInt64(12 + 9 * level) - 1
            #expect(mapping.physical == (level == 0 ? Self.target : 0) | address & offset)
            #expect(mapping.sizeBits == 12 + 9 * UInt8(level))
            #expect(mapping.readable && mapping.writable && mapping.executable && mapping.isUniform)
            #expect(!mapping.user && !mapping.global)
        }
    }

    @Test(arguments: [3, 4, 5])
    func addressesMustBeCanonical(_ levels: Int) {
        let bits = UInt64(12 + 9 * levels)
        for address: UInt64 in [1 << bits, 1 << (bits - 1), 1 << 63, .max << bits, .max >> 1] {
            map(0, levels: levels, leaf: Self.full)
            #expect(walk(address) == .failure(Trap(.loadPageFault, address)))
        }
    }

    @Test func bareAndMachineModeUseAddressesAsTheyAre() throws {
        map(0, levels: 3, leaf: 0)
        state.pointee.privilege = 3
        #expect(try walk(0x1234).get().physical == 0x1234)
        state.pointee.privilege = 1
        state.pointee.satp = 0
        #expect(try walk(0x00FF_FFFF_0000_1234).get().physical == 0x00FF_FFFF_0000_1234)
    }

    @Test func eachKindOfAccessHasItsFault() {
        map(0x5000, levels: 3, leaf: 0)
        #expect(walk(0x5001, .read) == .failure(Trap(.loadPageFault, 0x5001)))
        #expect(walk(0x5001, .write) == .failure(Trap(.storePageFault, 0x5001)))
        #expect(walk(0x5001, .execute) == .failure(Trap(.instructionPageFault, 0x5001)))
    }

    /// Leaf bits, mode, status and which of read, write and execute work.
    private static let permissions: [(UInt64, UInt8, UInt64, Rights)] = [
        (0xCF, 1, 0, .all), (0xDF, 1, 0, []), (0xDF, 1, Status.sum, [.read, .write]), (0xDF, 0, 0, .all),
        (0xCF, 0, Status.sum, []), (0xC3, 1, 0, .read), (0xC7, 1, 0, [.read, .write]), (0xC9, 1, 0, .execute),
        (0xC9, 1, Status.mxr, [.read, .execute]), (0xCB, 1, 0, [.read, .execute]),
        (0xC5, 1, 0, []), (0xCD, 1, 0, []), (0xCE, 1, 0, []),
        // Svade: not accessed, not dirty.
        (0x8F, 1, 0, []), (0x4F, 1, 0, [.read, .execute]),
        // Reserved bits, Svnapot's bit, and memory types while PBMTE is off.
        (1 << 54 | 0xCF, 1, 0, []), (1 << 60 | 0xCF, 1, 0, []), (1 << 63 | 0xCF, 1, 0, []),
        (1 << 61 | 0xCF, 1, 0, []),
        // Bits left to software mean nothing.
        (0x3CF, 1, 0, .all),
    ]

    @Test func permissionsFollowTheEntryTheModeAndTheStatus() {
        for (leaf, mode, status, expected) in Self.permissions {
            map(0x5000, levels: 3, leaf: leaf)
            state.pointee.privilege = mode
            state.pointee.mstatus = status
            let accesses: [(Access, Rights)] = [(.read, .read), (.write, .write), (.execute, .execute)]
            for (access, right) in accesses {
                let works = (try? walk(0x5000, access).get()) != nil
                #expect(works == expected.contains(right), "leaf \(String(leaf, radix: 16)), \(access)")
            }
        }
    }

    @Test func mappingsOfferForCachingWhatTheModeMayDo() throws {
        map(0x5000, levels: 3, leaf: 0x7F)
        state.pointee.mstatus = Status.sum
        let mapping = try walk(0x5000).get()
        #expect(mapping.readable && !mapping.writable && !mapping.executable)
        #expect(mapping.user && mapping.global)
    }

    @Test func pointersMustHaveNoLeafBitsAndLeavesNoLowPageNumbers() {
        for bit: UInt64 in [1 << 4, 1 << 6, 1 << 7, 1 << 61, 1 << 63, 1 << 54] {
            map(0x5000, levels: 3, leaf: Self.full)
            let pointer = machine.memory.load64(Self.root)!
            #expect(machine.memory.store64(Self.root, pointer | bit))
            #expect(walk(0x5000) == .failure(Trap(.loadPageFault, 0x5000)))
        }
        map(0x5000, levels: 3, leaf: Self.full, target: 0x8000_1000, level: 1)
        #expect(walk(0x5000) == .failure(Trap(.loadPageFault, 0x5000)))
        map(0x5000, levels: 3, leaf: 1)
        #expect(walk(0x5000) == .failure(Trap(.loadPageFault, 0x5000)))
    }

    @Test func memoryTypesNeedTheirEnableBit() throws {
        state.pointee.menvcfg = EnvironmentConfiguration.pbmte
        for type: UInt64 in 0..<4 {
            map(0x5000, levels: 3, leaf: type << 61 | Self.full)
            #expect((try? walk(0x5000).get()) == nil ? type == 3 : type != 3)
        }
    }

    @Test func hardwareMarksPagesWhereItIsAskedTo() throws {
        state.pointee.menvcfg = EnvironmentConfiguration.adue
        map(0x5000, levels: 3, leaf: 0x0F)
        #expect(try !walk(0x5000).get().writable)
        #expect(machine.memory.load64(leafAddress(0x5000))! & 0xFF == 0x4F)
        #expect(try walk(0x5000, .write).get().writable)
        #expect(machine.memory.load64(leafAddress(0x5000))! & 0xFF == 0xCF)
        map(0x5000, levels: 3, leaf: 0x03)
        #expect(walk(0x5000, .write) == .failure(Trap(.storePageFault, 0x5000)))
        #expect(machine.memory.load64(leafAddress(0x5000))! & 0xFF == 0x03)
    }

    @Test func tablesOutsideMemoryAreAccessFaults() {
        map(0x5000, levels: 3, leaf: Self.full)
        state.pointee.satp = 8 << 60 | 0x4_0000
        #expect(walk(0x5000, .write) == .failure(Trap(.storeAccessFault, 0x5000)))
        state.pointee.satp = 8 << 60 | (1 << 44 - 1)
        #expect(walk(0x5000, .execute) == .failure(Trap(.instructionAccessFault, 0x5000)))
    }

    @Test func tablesMustBeReadableForTheSupervisor() {
        map(0x5000, levels: 3, leaf: Self.full)
        state.pointee.pmpcfg[0] = 0x19
        state.pointee.pmpaddr[0] = Self.target >> 2 | 0x1FF
        #expect(walk(0x5000) == .failure(Trap(.loadAccessFault, 0x5000)))
    }

    @Test func loadsUseThePreviousModeWhileAsked() throws {
        map(0x5000, levels: 3, leaf: Self.full)
        state.pointee.privilege = 3
        state.pointee.mstatus = Status.mprv | 1 << 11
        #expect(try walk(0x5000).get().physical == Self.target)
        state.pointee.mstatus = 1 << 11
        #expect(try walk(0x5000).get().physical == 0x5000)
    }

    @Test func randomTablesNeverCrashAWalk() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("random page tables: seed \(seed)")
        var random = SplitMix64(state: seed)
        for _ in 0..<2000 {
            for page: UInt64 in 0..<4 {
                let entry =
                    random.next() & random.next() & ~(0x3F_FFFF << 38) | (Self.root >> 12 + page) << 10
                _ = machine.memory.store64(Self.root + page * 4096 + (random.next() & 7) * 8, entry)
            }
            state.pointee.satp = random.next() % 3 &+ 8 << 60 | Self.root >> 12
            state.pointee.mstatus = random.next()
            state.pointee.menvcfg = random.next()
            state.pointee.privilege = 1
            let address = random.next() & 0x1_C0E0_7038_1C00
            if case .success(let mapping) = walk(address, Access(rawValue: UInt8(random.next() % 3))!) {
                #expect(mapping.physical & 0xFFF == address & 0xFFF)
            }
        }
    }
}
