import Machine

// Which packet means what (GDB manual, "Packets"). Those that are not known are answered with nothing, as the
// protocol demands; those that make no sense with an error.
extension DebugSession {
    static let error = "E01"
    private static let ok = "OK"

    /// The answer to a packet; `nil` when it comes later, at the next stop, or never.
    func answer(_ content: [UInt8]) -> String? {
        guard let kind = content.first else { return "" }
        let rest = content.dropFirst()
        switch kind {
        case UInt8(ascii: "?"): return stopReply
        case UInt8(ascii: "g"): return readGeneral()
        case UInt8(ascii: "G"): return writeGeneral(rest)
        case UInt8(ascii: "p"): return readRegister(rest)
        case UInt8(ascii: "P"): return writeRegister(rest)
        case UInt8(ascii: "m"): return readMemory(rest)
        case UInt8(ascii: "M"): return writeMemory(rest, isBinary: false)
        case UInt8(ascii: "X"): return writeMemory(rest, isBinary: true)
        case UInt8(ascii: "Z"): return setPoint(rest, isSet: true)
        case UInt8(ascii: "z"): return setPoint(rest, isSet: false)
        default: return control(kind, rest)
        }
    }

    private func control(_ kind: UInt8, _ rest: ArraySlice<UInt8>) -> String? {
        switch kind {
        case UInt8(ascii: "H"): return select(rest)
        case UInt8(ascii: "T"): return thread(rest) == nil ? Self.error : Self.ok
        case UInt8(ascii: "c"), UInt8(ascii: "s"), UInt8(ascii: "C"), UInt8(ascii: "S"):
            return resume(kind, rest)
        case UInt8(ascii: "v"): return multiLetter(rest)
        case UInt8(ascii: "q"), UInt8(ascii: "Q"): return query(kind, rest)
        case UInt8(ascii: "D"):
            leave()
            reply(Self.ok)
            controls.detached()
            return nil
        case UInt8(ascii: "k"):
            controls.kill()
            return nil
        default: return ""
        }
    }

    /// `Hg` chooses the vCPU of registers and memory, `Hc` that of `c` and `s`.
    private func select(_ rest: ArraySlice<UInt8>) -> String {
        guard let operation = rest.first else { return Self.error }
        let text = rest.dropFirst()
        // 0 is any of them, -1 all.
        guard let chosen = [[0x30], [0x2d, 0x31]].contains(Array(text)) ? current : thread(text) else {
            return Self.error
        }
        switch operation {
        case UInt8(ascii: "g"): current = chosen
        case UInt8(ascii: "c"): stepped = chosen
        default: return Self.error
        }
        return Self.ok
    }

    /// The vCPU of a thread's number.
    func thread(_ text: some Collection<UInt8>) -> Int? {
        guard let number = Hex.number(text), number >= 1, number <= UInt64(cpus.count) else { return nil }
        return Int(number) - 1
    }

    // MARK: Going on

    /// `c`, `s` and, with a signal that no guest can be given, `C` and `S`; an address may follow.
    private func resume(_ kind: UInt8, _ rest: ArraySlice<UInt8>) -> String? {
        guard isStopped else { return Self.error }
        let hasSignal = kind == UInt8(ascii: "C") || kind == UInt8(ascii: "S")
        let address = hasSignal ? rest.drop { $0 != UInt8(ascii: ";") }.dropFirst() : rest
        if !address.isEmpty {
            guard let target = Hex.number(address), setCounter(target) else { return Self.error }
        }
        let isStep = kind == UInt8(ascii: "s") || kind == UInt8(ascii: "S")
        go(isStep ? [] : Array(cpus.indices), stepping: isStep ? [stepped] : [])
        return nil
    }

    private func setCounter(_ address: UInt64) -> Bool {
        let cpu = cpus[stepped]
        let counter = cpu.registerSet.registers.firstIndex {
            $0.type == "code_ptr" && ["pc", "rip"].contains($0.name)
        }
        return counter.map { cpu.setDebugRegister($0, LittleEndian.bytes(address)) } ?? false
    }

    private func multiLetter(_ rest: ArraySlice<UInt8>) -> String? {
        let text = String(decoding: rest, as: UTF8.self)
        if text == "Cont?" { return "vCont;c;C;s;S" }
        guard text.hasPrefix("Cont;") else { return "" }
        guard isStopped, let actions = ThreadActions(text.dropFirst(5), count: cpus.count) else {
            return Self.error
        }
        go(actions.running, stepping: actions.stepping)
        return nil
    }
}

/// What `vCont` wants of each vCPU: for each the first action that names it counts, others stand still.
struct ThreadActions: Equatable {
    private(set) var running: [Int] = []
    private(set) var stepping: [Int] = []

    /// `nil` for what is no list of actions, or lets nothing go on.
    init?(_ text: some StringProtocol, count: Int) {
        var decided: Set<Int> = []
        for action in text.split(separator: ";", omittingEmptySubsequences: false) {
            let parts = action.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let letter = parts[0].first, "cCsS".contains(letter) else { return nil }
            guard let named = Self.threads(parts.count == 2 ? String(parts[1]) : "-1", count) else {
                return nil
            }
            let chosen = named.filter { decided.insert($0).inserted }
            if letter == "c" || letter == "C" { running += chosen } else { stepping += chosen }
        }
        if running.isEmpty, stepping.isEmpty { return nil }
    }

    private static func threads(_ text: String, _ count: Int) -> [Int]? {
        if text == "-1" { return Array(0..<count) }
        guard let number = Hex.number(Array(text.utf8)), number <= UInt64(count) else { return nil }
        return number == 0 ? [0] : [Int(number) - 1]
    }
}
