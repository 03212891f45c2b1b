import Foundation
import NativeRun
import Testing
import X86

/// The interpreter and the translator against the host's processor: random instructions, random state, everything compared.
struct NativeTests {
    private static let batch = 256
    private static var rounds: Int {
        Int(ProcessInfo.processInfo.environment["VIV_NATIVE_ROUNDS"] ?? "") ?? 20
    }
    private static var seed: UInt64 {
        ProcessInfo.processInfo.environment["VIV_SEED"].flatMap { UInt64($0) }
            ?? UInt64.random(in: 0...UInt64.max)
    }

    @Test(arguments: [Chapter.arithmetic, .unary, .multiply, .move, .bits, .string, .branch], [false, true])
    func integerInstructionsDoWhatTheProcessorDoes(_ chapter: Chapter, translated: Bool) throws {
        try compare(translated: translated) { $0.chapter == chapter && NativeComparison.isComparable($0) }
    }

    @Test(arguments: [Chapter.vectorMove, .vector, .vectorResult], [false, true])
    func vectorInstructionsDoWhatTheProcessorDoes(_ chapter: Chapter, translated: Bool) throws {
        // What MASKMOVQ demands of memory when it stores nothing is each processor's own business.
        try compare(translated: translated) { $0.chapter == chapter && $0.op != .maskmovq }
    }

    @Test(arguments: [false, true])
    func floatingPointInstructionsDoWhatTheProcessorDoes(translated: Bool) throws {
        try compare(translated: translated) { $0.chapter == .x87 }
    }

    @Test(arguments: [2, 5, 8], [false, true])
    func mixedSequencesDoWhatTheProcessorDoes(length: Int, translated: Bool) throws {
        try compare(length: length, translated: translated) {
            ($0.chapter == .x87 || $0.chapter.rawValue < Chapter.system.rawValue || $0.chapter == .vector)
                && $0.chapter != .x87 && NativeComparison.isComparable($0)
        }
    }

    private func compare(length: Int = 1, translated: Bool, _ isWanted: (Encoding) -> Bool) throws {
        let seed = Self.seed
        var comparison = try NativeComparison(
            seed: seed, length: length, translated: translated, isWanted)
        var differences: [String] = []
        var count = 0
        for _ in 0..<Self.rounds where differences.count < 12 {
            differences += try comparison.round(Self.batch)
            count += Self.batch
        }
        print("\(count) cases, seed \(seed)")
        for difference in differences.prefix(12) { Issue.record("seed \(seed): \(difference)") }
    }
}
