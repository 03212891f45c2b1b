import Glibc
import Host

/// Shows the lines of progress of `pull`, `push`, `load`, `import`, `build` and `image build-base`. Both our own
/// lines (`id`, `status`, `current`, `total`) and Docker's (`progressDetail`, `stream`, `errorDetail`, `aux`)
/// are understood.
struct ImageProgress {
    private var display = ProgressDisplay()
    private let isQuiet: Bool
    /// The image that was made or fetched, as soon as it is told.
    private(set) var image: String?

    init(isQuiet: Bool = false) { self.isQuiet = isQuiet }

    /// Takes one line. A line that tells of an error is thrown.
    mutating func take(_ line: JSONValue) throws {
        if let failure = Self.failure(in: line) {
            display.finish()
            throw failure
        }
        image = Self.image(in: line) ?? image
        guard !isQuiet else { return }
        if let text = line["stream"]?.string ?? line["output"]?.string {
            show(text)
        } else if let status = line["status"]?.string, !status.isEmpty {
            show(status, line)
        } else if let message = line["message"]?.string, !message.isEmpty {
            display.line(message)
        }
    }

    mutating func finish() { if !isQuiet { display.finish() } }

    private mutating func show(_ status: String, _ line: JSONValue) {
        let id = line["id"]?.string ?? ""
        guard !id.isEmpty else {
            display.line(status)
            return
        }
        let detail = line["progressDetail"] ?? line
        display.update(
            id, status, current: detail["current"]?.size ?? 0, total: detail["total"]?.size ?? 0)
    }

    private func show(_ text: String) {
        try? Descriptors.writeAll(STDERR_FILENO, Array(text.utf8))
    }

    private static func failure(in line: JSONValue) -> Failure? {
        let words =
            line["errorDetail"]?["message"]?.string ?? line["error"]?["message"]?.string
            ?? line["error"]?.string
        return words.map { .refused($0) }
    }

    private static func image(in line: JSONValue) -> String? {
        line["aux"]?["ID"]?.string ?? line["image"]?.string ?? line["image"]?["id"]?.string
    }
}
