/// A conversation with a guest's shell: commands to type and what their answers must hold. A value
/// without any I/O: console output goes in, things to do come out.
package struct Dialogue: Sendable {
    /// One command.
    package struct Step: Equatable, Sendable {
        package let command: String
        /// Texts that the answer must all contain.
        package let expected: [String]

        package init(_ command: String, expecting expected: String...) {
            self.command = command
            self.expected = expected
        }
    }

    /// What is to be done next.
    package enum Action: Equatable, Sendable {
        /// Type this, with a newline.
        case type(String)
        /// The answer to a command was not as expected.
        case fail(command: String, missing: String)
        /// All commands were answered.
        case finish
    }

    private let prompt: String
    private var steps: ArraySlice<Step>
    private var current: Step?
    private var text = PlainText()
    private var isFinished = false

    package init(prompt: String, steps: [Step]) {
        self.prompt = prompt
        self.steps = steps[...]
    }

    /// The command whose answer is awaited; `nil` before the first prompt.
    package var awaited: String? { current?.command }

    /// Takes console output as it comes, cut anywhere.
    package mutating func take(_ bytes: some Sequence<UInt8>) -> Action? {
        text.append(bytes)
        guard !isFinished, text.value.hasSuffix("\n" + prompt) else { return nil }
        let answer = text.value
        text = PlainText()
        if let current, let missing = current.expected.first(where: { !answer.contains($0) }) {
            return .fail(command: current.command, missing: missing)
        }
        current = steps.popFirst()
        isFinished = current == nil
        return current.map { .type($0.command) } ?? .finish
    }
}

/// Console output without carriage returns and escape sequences.
struct PlainText: Equatable, Sendable {
    private enum State { case text, escape, sequence }

    private var bytes: [UInt8] = []
    private var state = State.text

    var value: String { String(decoding: bytes, as: UTF8.self) }

    mutating func append(_ more: some Sequence<UInt8>) {
        for byte in more {
            switch state {
            case .text where byte == 0x1b: state = .escape
            case .text where byte != 0x0d: bytes.append(byte)
            case .text: break
            case .escape: state = byte == UInt8(ascii: "[") ? .sequence : .text
            // A sequence ends with its first byte from `@` on (ECMA-48, 5.4).
            case .sequence where byte >= 0x40: state = .text
            case .sequence: break
            }
        }
    }
}
