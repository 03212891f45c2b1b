import ProgramDriver

/// `unicorn-oracle`, run once for many programs: what they leave under an engine of others.
enum UnicornOracle {
    /// A program, and what it starts from.
    struct Job {
        let program: RandomProgram
        let before: Outcome
        let rounding: UInt32
    }

    /// What a program leaves, or why it could not be run.
    struct Answer: Decodable {
        var error: String?
        var x: [UInt64]?
        var f: [UInt64]?
        var fflags: UInt64?
        /// Offset in the data and new value of each byte that has changed.
        var changes: [[Int]]?
    }

    private struct Common: Encodable {
        let base = Bench.base
        let size = 1 << 20
        let code = Bench.code
        let data = Bench.data
        let bytes: String
    }

    private struct Line: Encodable {
        let words: [UInt32]
        let x: [UInt64]
        let f: [UInt64]
        let rounding: UInt32
    }

    static let isInstalled = UnicornScript.isInstalled

    /// Runs all of `jobs` in one go of the script; the answers come in the order of the jobs. Memory is the same for
    /// all programs before they run.
    static func run(_ jobs: [Job]) throws -> [Answer] {
        let data = jobs.first?.before.memory.prefix(Int(Bench.dataSize)) ?? []
        let lines = jobs.map { job in
            Line(
                words: job.program.words, x: job.before.registers, f: job.before.floats,
                rounding: job.rounding)
        }
        return try UnicornScript("unicorn-oracle").run(
            Common(bytes: UnicornScript.hexadecimal(data)), lines)
    }
}
