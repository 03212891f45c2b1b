import Testing

@testable import Translator

/// What the passes make of short runs of operations.
@Suite struct PassTests {
    /// Registers by name: values are what is read, temporaries what is not wanted later.
    private let x: Value = 10, y: Value = 11, a: Value = 5, b: Value = 6, d: Value = 12

    private func run(_ ops: [Op], _ pass: (UnsafeMutablePointer<Op>, Int) -> Void) -> [Op] {
        var unit = UnitBuilder()
        unit.reset(startOffset: 0)
        for (number, op) in ops.enumerated() {
            unit.instruction(at: UInt16(number * 4), length: 4)
            unit.append(op)
        }
        pass(unit.ops, unit.count)
        return (0..<unit.count).map { unit.ops[$0] }
    }

    private func shift(
        _ code: Op.Code, _ to: Value, _ from: Value, _ amount: Int64, word: Bool = true
    ) -> Op {
        Op(code, to, from, .immediate, c: word ? Op.word : 0, immediate: amount)
    }

    // MARK: Fusion

    @Test(arguments: [true, false]) func shiftsThatMeetAreARotation(swapped: Bool) {
        let shifts = [shift(.shiftRight, a, x, 6), shift(.shiftLeft, b, x, 26)]
        let result = run(shifts + [swapped ? Op(.or, d, b, a) : Op(.or, d, a, b)], Fusion.run)
        #expect(result[2].code == .rotateRight)
        #expect(result[2].a == x)
        #expect(result[2].immediate == 6)
        #expect(result[2].c == Op.word)
        #expect(result[0].code == .shiftRight, "its result may be seen")
    }

    @Test func amountsThatDoNotAddUpAreNoRotation() {
        let ops = [shift(.shiftRight, a, x, 6), shift(.shiftLeft, b, x, 25), Op(.or, d, a, b)]
        #expect(run(ops, Fusion.run)[2].code == .or)
    }

    @Test func aSourceThatChangesBetweenShiftsIsNoRotation() {
        let ops = [
            shift(.shiftRight, a, x, 6), Op(.add, x, y, .immediate, immediate: 1),
            shift(.shiftLeft, b, x, 26),
            Op(.or, d, a, b),
        ]
        #expect(run(ops, Fusion.run)[3].code == .or)
    }

    @Test func upAndDownIsAZeroExtension() {
        let ops = [shift(.shiftLeft, a, a, 32, word: false), shift(.shiftRight, a, a, 30, word: false)]
        let result = run(ops, Fusion.run)
        #expect(result[0].code == .nothing)
        #expect(result[1].code == .shiftLeftUnsignedWord)
        #expect(result[1].immediate == 2)
    }

    @Test func aFaultBetweenTheShiftsLetsThemBe() {
        let load = Op(.load, y, x, c: MemoryWidth(.b64).rawValue)
        let ops = [
            shift(.shiftLeft, a, a, 32, word: false), load, shift(.shiftRight, a, a, 32, word: false),
        ]
        #expect(run(ops, Fusion.run)[2].code == .shiftRight)
    }

    // MARK: Results nobody wants

    private func look(_ ops: UnsafeMutablePointer<Op>, _ count: Int) {
        var pass = LocalUses()
        pass.run(ops, count)
    }

    @Test func aResultThatIsOverwrittenUnseenIsNotComputed() {
        let result = run([Op(.add, a, x, y), Op(.sub, a, x, y)], look)
        #expect(result[0].code == .nothing)
        #expect(result[1].code == .sub, "the end of the unit shows it")
    }

    @Test func aResultThatAFaultWouldShowIsComputed() {
        let load = Op(.load, d, x, c: MemoryWidth(.b32).rawValue)
        #expect(run([Op(.add, a, x, y), load, Op(.sub, a, x, y)], look)[0].code == .add)
    }

    @Test func theFaultOfTheOverwritingLoadItselfShowsTheOldValue() {
        let load = Op(.load, a, x, c: MemoryWidth(.b32).rawValue)
        #expect(run([Op(.add, a, x, y), load], look)[0].code == .add)
    }

    @Test func aChainOfResultsNobodyWantsGoesAsAWhole() {
        let ops = [Op(.add, a, x, y), Op(.xor, b, a, x), Op(.sub, b, x, y), Op(.and, a, x, y)]
        let result = run(ops, look)
        #expect(result.map(\.code) == [.nothing, .nothing, .sub, .and])
    }

    // MARK: Divisions

    @Test func aRemainderJoinsItsDivision() {
        let ops = [
            Op(.divideUnsigned, d, x, y), Op(.or, a, a, .immediate, immediate: 3),
            Op(.remainderUnsigned, y, x, y),
        ]
        let result = run(ops, DivisionPairs.run)
        #expect(result.map(\.code) == [.divideUnsigned, .remainderUnsigned, .or])
        #expect(result.map(\.retired) == [0, 1, 2], "positions stay what they were")
    }

    @Test func aRemainderWhoseOldValueIsReadStays() {
        let ops = [Op(.divide, d, x, y), Op(.add, b, a, x), Op(.remainder, a, x, y)]
        #expect(run(ops, DivisionPairs.run)[2].code == .remainder)
    }

    @Test func aDivisionThatOverwritesItsOperandHasNoPartner() {
        let ops = [Op(.divide, x, x, y), Op(.add, b, a, a), Op(.remainder, a, x, y)]
        #expect(run(ops, DivisionPairs.run)[2].code == .remainder)
    }

    // MARK: Words

    @Test func factsFollowTheOperations() {
        var facts = WordFacts()
        facts.apply(Op(.add, a, x, y, c: Op.word))
        facts.apply(Op(.load, b, x, c: MemoryWidth(.b32, signed: true).rawValue))
        #expect(facts.holds(a) && facts.holds(b) && !facts.holds(x))
        facts.apply(Op(.xor, d, a, b))
        #expect(facts.holds(d), "logic on words gives a word")
        facts.apply(Op(.add, d, a, b))
        #expect(!facts.holds(d), "a sum on 64 bits may be longer")
        facts.apply(Op(.interpret))
        #expect(!facts.holds(a), "the interpreter may have written anything")
    }

    @Test func whatIsLoadedWithoutASignIsNoWord() {
        #expect(!WordFacts(0).makesWord(Op(.load, a, x, c: MemoryWidth(.b32).rawValue)))
        #expect(WordFacts(0).makesWord(Op(.load, a, x, c: MemoryWidth(.b16).rawValue)))
    }
}
