import Debugging
import Glibc
import Machine

/// A vCPU that only stands still, with three registers; addresses are mapped where they are, below 8 KiB.
final class StillCPU: DebuggedCPU {
    let debug = DebugLatch()
    let memory: GuestMemory
    var values: [UInt64] = [1, 2, 0x1000]
    var isParked = false

    init(_ memory: GuestMemory) { self.memory = memory }

    let registerSet = RegisterSet(
        architecture: "riscv:rv64", general: 2,
        [
            RegisterFeature(
                "a", [DebugRegister("x", bits: 64), DebugRegister("y", bits: 32, type: "int")]),
            RegisterFeature("b", [DebugRegister("pc", bits: 64, type: "code_ptr")]),
        ])
    var debugSummary: String { "still" }

    func debugRegister(_ number: Int) -> [UInt8]? {
        guard values.indices.contains(number) else { return nil }
        return LittleEndian.bytes(values[number], number == 1 ? 4 : 8)
    }

    func setDebugRegister(_ number: Int, _ bytes: [UInt8]) -> Bool {
        guard values.indices.contains(number), bytes.count == (number == 1 ? 4 : 8) else { return false }
        values[number] = LittleEndian.value(bytes)
        return true
    }

    func debugTranslate(_ address: UInt64) -> UInt64? { address < 0x2000 ? address : nil }

    func park() { isParked = true }
    func waitUntilParked() {}
    func unpark() { isParked = false }
}

/// A session with two such vCPUs, and what it did.
final class Stub {
    let memory: GuestMemory
    let cpus: [StillCPU]
    private(set) var calls: [String] = []
    private(set) var sent: [UInt8] = []
    private(set) var session: DebugSession!

    init() throws {
        guard let memory = GuestMemory(base: 0, size: 0x4000) else { throw NoMemory() }
        self.memory = memory
        cpus = [StillCPU(memory), StillCPU(memory)]
        let controls = DebugControls(
            stop: { [unowned self] in calls.append("stop") },
            resume: { [unowned self] in calls.append("resume \($0)") },
            pointsChanged: { [unowned self] in calls.append("points") },
            reset: { [unowned self] in calls.append("reset") },
            kill: { [unowned self] in calls.append("kill") },
            detached: { [unowned self] in calls.append("detached") })
        session = DebugSession(cpus, controls) { [unowned self] in sent += $0 }
    }

    struct NoMemory: Error {}

    /// What the session has sent since the last question.
    func take() -> String {
        defer { sent = [] }
        return String(decoding: sent, as: UTF8.self)
    }

    func takeCalls() -> [String] {
        defer { calls = [] }
        return calls
    }

    static func packet(_ content: String) -> [UInt8] {
        let sum = content.utf8.reduce(0 as UInt8) { $0 &+ $1 }
        let digits = String(sum, radix: 16)
        return Array("$\(content)#\(digits.count == 1 ? "0" + digits : digits)".utf8)
    }

    /// The content of the one packet that answers `content`; "" for none.
    func ask(_ content: String) -> String {
        _ = take()
        session.receive(Self.packet(content))
        let answer = take()
        guard answer.hasPrefix("+$") else { return answer == "+" ? "" : "not acknowledged: \(answer)" }
        return String(answer.dropFirst(2).prefix { $0 != "#" })
    }
}
