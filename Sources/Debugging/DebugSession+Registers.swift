import Machine

extension DebugSession {
    private var cpu: any DebuggedCPU { cpus[current] }

    func readGeneral() -> String {
        (0..<cpu.registerSet.general).map(text).joined()
    }

    /// A register that cannot be told is a row of x.
    private func text(_ number: Int) -> String {
        if let bytes = cpu.debugRegister(number) { return Hex.digits(bytes) }
        return String(repeating: "x", count: cpu.registerSet.registers[number].bits / 4)
    }

    /// As many registers as there are bytes for.
    func writeGeneral(_ digits: ArraySlice<UInt8>) -> String {
        guard isStopped, var bytes = Hex.bytes(digits)?[...] else { return Self.error }
        for (number, register) in cpu.registerSet.registers.enumerated() {
            guard bytes.count >= register.bits / 8 else { break }
            _ = cpu.setDebugRegister(number, Array(bytes.prefix(register.bits / 8)))
            bytes = bytes.dropFirst(register.bits / 8)
        }
        return "OK"
    }

    func readRegister(_ rest: ArraySlice<UInt8>) -> String {
        guard let number = Hex.number(rest), number < UInt64(cpu.registerSet.registers.count) else {
            return Self.error
        }
        return text(Int(number))
    }

    func writeRegister(_ rest: ArraySlice<UInt8>) -> String {
        let parts = rest.split(separator: UInt8(ascii: "="), maxSplits: 1)
        guard isStopped, parts.count == 2, let number = Hex.number(parts[0]), let bytes = Hex.bytes(parts[1]),
            let index = Int(exactly: number), cpu.setDebugRegister(index, bytes)
        else { return Self.error }
        return "OK"
    }
}
