import ProgramDriver

/// `unicorn-x86`, run once for many instructions: what they leave under an emulator of others.
enum UnicornOracle {
    /// One instruction and what it starts from.
    struct Job: Encodable {
        /// 16 or 32.
        let bits: Int
        let code: [UInt8]
        /// EAX to EDI.
        let registers: [UInt32]
        let flags: UInt32
    }

    /// What it leaves, or why it could not be run.
    struct Answer: Decodable {
        var error: String?
        var registers: [UInt32]?
        var flags: UInt32?
        var ip: UInt32?
        /// Offset in the data and new value of each byte that has changed.
        var changes: [[Int]]?
    }

    private struct Common: Encodable {
        let code: UInt64
        let data: UInt64
        let bytes: String
    }

    static let isInstalled = UnicornScript.isInstalled

    /// Runs all of `jobs` in one go of the script; the answers come in the order of the jobs.
    static func run(_ jobs: [Job], code: UInt64, data: UInt64, bytes: [UInt8]) throws -> [Answer] {
        try UnicornScript("unicorn-x86").run(
            Common(code: code, data: data, bytes: UnicornScript.hexadecimal(bytes)), jobs)
    }
}
