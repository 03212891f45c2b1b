import Testing

@testable import Translator

/// Who gets the host registers of a region.
@Suite struct RegionAllocationTests {
    private let pinned: [Value] = [10, 11, 12, 13, 14, 15, 2, 8, 9, 1]

    /// A loop around one that loads through x10; `others` registers are used once around it.
    private func allocate(others: Int) -> (map: RegisterMap, windows: [PageWindows.Window]) {
        var unit = UnitBuilder()
        unit.reset(startOffset: 0)
        unit.label(at: 0, depth: 1)
        for number in 0..<others {
            unit.instruction(at: UInt16(4 * number), length: 4)
            unit.append(Op(.add, Value(16 + number), Value(16 + number), .immediate, immediate: 1))
        }
        unit.label(at: 100, depth: 3)
        for (number, op) in [
            Op(.load, 11, 10, c: MemoryWidth(.b32).rawValue),
            Op(.add, 10, 10, .immediate, immediate: 4), Op(.branch, .zero, 11, 10, immediate: 100),
        ].enumerated() {
            unit.instruction(at: UInt16(100 + 4 * number), length: 4)
            unit.append(op)
        }
        var hoisting = Hoisting()
        var uses = LocalUses()
        var windows = PageWindows()
        uses.run(unit.ops, unit.count)
        hoisting.run(unit.ops, unit.count)
        windows.run(unit.ops, unit.count, hoisting, RegionFlow(unit.ops, unit.count))
        var map = RegisterMap(pinned: pinned)
        _ = RegionAllocation(unit.ops, unit.count, uses.uses)
            .registers(&map, pinned: pinned, head: 0, windows: &windows)
        return (map, windows.windows)
    }

    @Test func aWindowOfTheInnerLoopTakesARegisterFromTheOuterOne() throws {
        let (map, windows) = allocate(others: 8)
        let window = try #require(windows.first)
        #expect(window.distance != nil)
        #expect(window.bound != nil)
        #expect(map.register(10) != nil)
        #expect(map.register(11) != nil)
        #expect(
            (16..<24).filter { map.register($0) == nil }.count == 3,
            "one of them frees what points at the TLB")
    }

    @Test func whereThereIsRoomNobodyYields() {
        let (map, windows) = allocate(others: 4)
        #expect(windows.first?.distance != nil)
        #expect((16..<20).allSatisfy { map.register($0) != nil })
    }
}
