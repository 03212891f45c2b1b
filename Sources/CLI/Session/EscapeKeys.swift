/// Finds commands for `viv` in what the user types: Ctrl-A followed by a letter.
package struct EscapeKeys: Equatable, Sendable {
    /// What a piece of input means.
    package enum Action: Equatable, Sendable {
        /// Bytes for the guest.
        case send([UInt8])
        /// Ctrl-A x: end the machine.
        case end
        /// Ctrl-A h: show the keys.
        case help
    }

    /// The keys, for Ctrl-A h and the manual.
    package static let help = """
        Ctrl-A h       this help
        Ctrl-A x       end the machine
        Ctrl-A Ctrl-A  send Ctrl-A to the guest
        """

    private static let controlA: UInt8 = 1
    private var isEscaped = false

    package init() {}

    /// Takes typed bytes; the escape may be cut anywhere between two calls. An unknown key after
    /// Ctrl-A goes to the guest together with the Ctrl-A.
    package mutating func take(_ bytes: some Sequence<UInt8>) -> [Action] {
        var actions: [Action] = []
        var plain: [UInt8] = []
        func flush() {
            if !plain.isEmpty { actions.append(.send(plain)) }
            plain = []
        }
        for byte in bytes {
            guard isEscaped || byte == Self.controlA else {
                plain.append(byte)
                continue
            }
            guard isEscaped else {
                isEscaped = true
                continue
            }
            isEscaped = false
            switch byte {
            case UInt8(ascii: "x"), UInt8(ascii: "X"):
                flush()
                actions.append(.end)
            case UInt8(ascii: "h"), UInt8(ascii: "H"), UInt8(ascii: "?"):
                flush()
                actions.append(.help)
            case Self.controlA: plain.append(byte)
            default: plain += [Self.controlA, byte]
            }
        }
        flush()
        return actions
    }
}
