import Testing

@testable import Translator

/// Which NaNs of a region may wait for being made canonical.
@Suite struct NaNAnalysisTests {
    private let f1 = Value.float(1), f2 = Value.float(2), x: Value = 10

    /// A loop of two blocks, the second of which a branch in the first may leave out.
    private func analysis(
        _ first: [Op], _ second: [Op], present: PresentValues = PresentValues(doubles: .max, singles: .max)
    ) -> NaNAnalysis {
        var unit = UnitBuilder()
        unit.reset(startOffset: 0)
        unit.label(at: 0, depth: 1)
        append(first + [Op(.branch, .zero, x, x, immediate: 200)], 0, &unit)
        unit.label(at: 100, depth: 1)
        append(second, 100, &unit)
        unit.label(at: 200, depth: 1)
        append([Op(.branch, .zero, x, x, immediate: 0)], 200, &unit)
        return NaNAnalysis(
            unit.ops, flow: RegionFlow(unit.ops, unit.count), head: 0, mapped: .max, present: present)
    }

    private func append(_ ops: [Op], _ start: Int, _ unit: inout UnitBuilder) {
        for (number, op) in ops.enumerated() {
            unit.instruction(at: UInt16(start + 4 * number), length: 4)
            unit.append(op)
        }
    }

    private func add(_ to: Value, double: Bool = true) -> Op { Op(.floatAdd, to, to, f2, c: double ? 1 : 0) }

    private func load(_ to: Value) -> Op { Op(.floatLoad, to, x, c: MemoryWidth(.b64).rawValue) }

    @Test func whatArithmeticLeavesMayWait() {
        let found = analysis([add(f1)], [add(f1)])
        #expect(found.doubles == 1 << 1)
        #expect(found.open == [2, 2, 2])
    }

    @Test func aNaNThatWasThereBeforeMayNot() {
        let found = analysis([add(f1)], [], present: PresentValues(doubles: ~2, singles: .max))
        #expect(found.open == [0, 2, 2])
    }

    @Test func aLoadOnOneWayKeepsItsPayload() {
        #expect(analysis([add(f1)], [load(f1)]).open == [0, 2, 0])
    }

    @Test func theInterpreterMayLeaveAnything() {
        #expect(analysis([add(f1)], [Op(.interpret)]).open == [0, 2, 0])
    }

    @Test func aRegisterOfBothPrecisionsNeverWaits() {
        let found = analysis([add(f1), add(f1, double: false)], [])
        #expect(found.doubles | found.singles == 0)
        #expect(found.open == [0, 0, 0])
    }

    @Test func conversionsCountByTheirResult() {
        #expect(analysis([Op(.floatConvert, f1, f2, c: 0)], []).doubles == 2)
        #expect(analysis([Op(.floatConvert, f1, f2, c: 1)], []).singles == 2)
    }
}
