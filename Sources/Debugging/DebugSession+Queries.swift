import Machine

// Questions about the stub and its threads (GDB manual, "General Query Packets").
extension DebugSession {
    func query(_ kind: UInt8, _ rest: ArraySlice<UInt8>) -> String? {
        let text = String(decoding: rest, as: UTF8.self)
        if kind == UInt8(ascii: "Q") { return set(text) }
        switch text {
        case "C": return "QC" + Hex.digits(UInt64(current + 1))
        case "Attached": return "1"
        case "fThreadInfo":
            return "m" + cpus.indices.map { Hex.digits(UInt64($0 + 1)) }.joined(separator: ",")
        case "sThreadInfo": return "l"
        case "qemu.PhyMemMode": return isPhysical ? "1" : "0"
        default: return queryWithArgument(text)
        }
    }

    private func queryWithArgument(_ text: String) -> String {
        let (name, argument) = Self.split(text)
        switch name {
        case "Supported":
            tellsBreakpoints = argument.split(separator: ";").contains("swbreak+")
            let size = Hex.digits(UInt64(PacketReader.longest))
            return
                "PacketSize=\(size);qXfer:features:read+;vContSupported+;QStartNoAckMode+;swbreak+;hwbreak+"
        case "Xfer": return transfer(argument)
        case "Rcmd": return monitor(argument)
        default: break
        }
        let parts = text.split(separator: ",", maxSplits: 1)
        if parts.first == "ThreadExtraInfo", parts.count == 2 { return extraInfo(parts[1]) }
        if parts.first == "Rcmd", parts.count == 2 { return monitor(parts[1]) }
        return ""
    }

    private func set(_ text: String) -> String {
        switch text {
        case "StartNoAckMode":
            acknowledges = false
            return "OK"
        case "qemu.PhyMemMode:0", "qemu.PhyMemMode:1":
            isPhysical = text.hasSuffix("1")
            return "OK"
        default: return ""
        }
    }

    private func extraInfo(_ number: Substring) -> String {
        guard let index = thread(Array(number.utf8)) else { return Self.error }
        return Hex.digits(cpus[index].debugSummary)
    }

    /// `features:read:target.xml:OFFSET,COUNT`.
    private func transfer(_ text: Substring) -> String {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, parts[0] == "features", parts[1] == "read" else { return "" }
        guard parts[2] == "target.xml", let (offset, count) = Self.range(Array(parts[3].utf8)[...]) else {
            return "E00"
        }
        let whole = description ?? TargetDescription.text(cpus[current].registerSet)
        description = whole
        guard offset <= UInt64(whole.utf8.count) else { return Self.error }
        let rest = whole.utf8.dropFirst(Int(offset))
        let piece = rest.prefix(Int(min(count, Self.longestRead)))
        return (piece.count == rest.count ? "l" : "m") + String(decoding: piece, as: UTF8.self)
    }

    private static func split(_ text: String) -> (String, Substring) {
        guard let colon = text.firstIndex(of: ":") else { return (text, "") }
        return (String(text[..<colon]), text[text.index(after: colon)...])
    }

    // MARK: Commands of the user's

    private static let help = """
        help            this list
        info            the CPUs, and where they are
        phys on|off     whether addresses of memory are physical
        reset           start the guest again and stop before its first instruction

        """

    /// GDB's `monitor`, in hexadecimal digits.
    private func monitor(_ digits: Substring) -> String {
        guard let bytes = Hex.bytes(Array(digits.utf8)) else { return Self.error }
        let words = String(decoding: bytes, as: UTF8.self).split(separator: " ").map(String.init)
        switch words {
        case ["help"], []: return Hex.digits(Self.help)
        case ["info"]: return Hex.digits(summary)
        case ["phys", "on"], ["phys", "off"]:
            isPhysical = words[1] == "on"
            return "OK"
        case ["reset"]:
            controls.reset()
            lastStop = .interrupted
            return Hex.digits("The guest starts again; 'flushregs' shows where it is.\n")
        default: return Hex.digits("unknown command: try 'monitor help'\n")
        }
    }

    private var summary: String {
        let lines = cpus.enumerated().map { "\($0 + 1): \($1.debugSummary)\n" }
        return lines.joined() + "\(points.count) breakpoints and watchpoints\n"
    }
}
