import ArgumentParser
import Display
import Glibc
import Host
import Model

/// The machine that a command about screen and keyboard means.
struct OneMachine: ParsableArguments {
    @Argument(help: "Id, beginning of an id or name (see 'viv ps').", completion: InstanceNames.completion)
    var machine: String

    func client() throws(Failure) -> ControlClient {
        let directory = try RuntimeDirectory.standard()
        return ControlClient(try MachineLookup(directory).find(machine), in: directory)
    }
}

/// `viv screenshot`: what the screen shows, as a PNG file.
struct ScreenshotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "screenshot", abstract: "Write what a machine's screen shows to a PNG file, or as text.",
        discussion: """
            Examples:
              viv screenshot pc screen.png
              viv screenshot pc - | display -
              viv screenshot pc --text
            """)

    @OptionGroup var target: OneMachine

    @Argument(help: "The file to write; '-' for standard output.", completion: .file())
    var file: String?

    @Flag(help: "Print the text on the screen.")
    var text = false

    func validate() throws {
        guard file != nil || text else { throw ValidationError("name a file, or give --text") }
    }

    func run() throws {
        let client = try target.client()
        if text { for row in try Self.text(client) { print(row) } }
        guard let file else { return }
        guard let picture = PNG.encode(try client.picture()) else {
            throw Failure.refused("the screen shows nothing so far")
        }
        guard file != "-" else { return try Descriptors.writeAll(STDOUT_FILENO, picture) }
        let output = try MachineFiles.create(file, role: "picture")
        try Descriptors.writeAll(output.raw, picture)
    }

    private static func text(_ client: ControlClient) throws -> [String] {
        let reply = try client.ask(.screen)
        if let refusal = reply.refusal { throw Failure.refused(refusal) }
        return reply.screen?.text ?? []
    }
}

/// `viv type`: types text on a machine's keyboard.
struct TypeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "type", abstract: "Type on a machine's keyboard.",
        discussion: """
            Keys have names in braces: {enter}, {f12}, {ctrl-alt-del}; {{} is a brace. A machine without a screen \
            gets it on its serial console.

            Examples:
              viv type pc "root{enter}"
              viv type pc --serial "ls -l{enter}"
            """)

    @OptionGroup var target: OneMachine
    @OptionGroup var options: TypingOptions

    @Argument(help: "What to type.")
    var text: String

    func run() throws {
        do {
            try options.type(try KeyScript(parsing: text), on: try target.client())
        } catch let mistake as KeyScript.Mistake {
            throw Failure.badCommandLine(mistake.description)
        }
    }
}

/// `viv key`: presses keys together.
struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Press keys of a machine's keyboard, those of each argument together.",
        discussion: "Examples:\n  viv key pc ctrl-alt-del\n  viv key pc down down enter")

    @OptionGroup var target: OneMachine
    @OptionGroup var options: TypingOptions

    @Argument(help: "Names of keys, joined by '-'.")
    var keys: [String]

    func run() throws {
        do {
            let client = try target.client()
            for chord in keys { try options.type(try KeyScript(chord: chord), on: client) }
        } catch let mistake as KeyScript.Mistake {
            throw Failure.badCommandLine(mistake.description)
        }
    }
}

/// How to type.
struct TypingOptions: ParsableArguments {
    /// The pause after each key that goes down or up: people are no faster, and a BIOS keeps no more than 15 keys.
    private static let pause: useconds_t = 10_000
    /// A guest that does not read its keyboard gets so long.
    private static let attempts = 500

    @Flag(help: "Type on the serial console, though there is a keyboard.")
    var serial = false

    @Option(help: ArgumentHelp("The layout that the guest believes in: us, gb, de or fr.", valueName: "name"))
    var layout = "us"

    func validate() throws {
        guard KeyLayout.named(layout) != nil else {
            throw ValidationError("no layout '\(layout)': there are us, gb, de and fr")
        }
    }

    func type(_ script: KeyScript, on client: ControlClient) throws {
        guard !serial, try client.ask(.screen).refusal == nil else {
            return try typeSerially(try script.terminalBytes(), on: client)
        }
        for chord in try script.chords(KeyLayout.named(layout) ?? .us) {
            for key in chord { try press(KeyMotion(key, isDown: true), on: client) }
            // The machine may have ended by what was pressed.
            for key in chord.reversed() { try? press(KeyMotion(key, isDown: false), on: client) }
        }
    }

    private func press(_ motion: KeyMotion, on client: ControlClient) throws {
        var request = ControlRequest(request: 1, command: .press)
        request.keys = [motion]
        var refusal: String?
        for _ in 0..<Self.attempts {
            refusal = try client.ask(request).refusal
            usleep(Self.pause)
            guard refusal != nil else { return }
        }
        throw Failure.refused(refusal ?? "the keyboard does not answer")
    }

    private func typeSerially(_ bytes: [UInt8], on client: ControlClient) throws {
        var request = ControlRequest(request: 1, command: .input)
        request.text = String(decoding: bytes, as: UTF8.self)
        if let refusal = try client.ask(request).refusal { throw Failure.refused(refusal) }
    }
}

/// `viv wait-text`: waits until a machine shows something.
struct WaitTextCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait-text", abstract: "Wait until a machine's screen or serial console shows a text.",
        discussion: """
            Text on the screen is read in text modes, and recognised in graphics modes when it is drawn by a BIOS's \
            font. Of the serial console counts what has come since somebody typed by 'viv type' or 'viv key'.

            Example:
              viv wait-text pc "login:" --timeout 60 && viv type pc "root{enter}"
            """)

    private static let period: useconds_t = 100_000

    @OptionGroup var target: OneMachine

    @Argument(help: "What to wait for, within one row.")
    var text: String

    @Option(help: ArgumentHelp("Give up after so long.", valueName: "seconds"))
    var timeout = 60.0

    func run() throws {
        let client = try target.client()
        let deadline = Double(EventLoop.now()) / 1e9 + timeout
        var shown: [String] = []
        repeat {
            shown = try Self.shown(by: client)
            if shown.contains(where: { $0.contains(text) }) { return }
            usleep(Self.period)
        } while Double(EventLoop.now()) / 1e9 < deadline
        for row in shown where !row.isEmpty { Report.note(row) }
        throw Failure(.ended, "'\(text)' has not appeared within \(Amounts.fixed(timeout, 0)) s")
    }

    /// Rows of the screen and of the serial console.
    private static func shown(by client: ControlClient) throws -> [String] {
        let screen = try client.ask(.screen).screen?.text ?? []
        let transcript = try client.ask(.transcript).text ?? ""
        return screen + transcript.split(separator: "\n").map(String.init)
    }
}
