import ArgumentParser
import Glibc
import Host
import Model

/// Fetches images from registries.
struct ImagePull {
    private let client: DaemonClient
    private let isQuiet: Bool

    init(_ client: DaemonClient, isQuiet: Bool) {
        self.client = client
        self.isQuiet = isQuiet
    }

    func pull(_ reference: String, platform: String?) throws {
        var request = Request.own(
            .post, "images", "pull", query: [("reference", reference), ("platform", platform)])
        request.headers += try RegistryLogins.standard().header(for: reference)
        try ImageStream.show(try client.begin(request), isQuiet: isQuiet)
    }
}

/// Answers that are lines of progress.
enum ImageStream {
    /// Shows progress to its end; returns the image that was made, if the daemon told.
    @discardableResult
    static func show(_ exchange: Exchange, isQuiet: Bool) throws -> String? {
        var progress = ImageProgress(isQuiet: isQuiet)
        try DaemonClient.lines(of: exchange) { try progress.take($0) }
        progress.finish()
        return progress.image
    }
}

/// `viv pull`: fetches an image from its registry.
struct PullCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull", abstract: "Fetch an image from its registry.",
        discussion: "Examples:\n  viv pull debian:12\n  viv pull --platform linux/arm64 alpine")

    @Flag(name: [.customShort("q"), .long], help: "Print only the name.") var quiet = false
    @Flag(name: [.customShort("a"), .long], help: "Not supported: name the tags you want.") var allTags =
        false
    @Option(help: ArgumentHelp("Another platform's image.", valueName: "os/arch[/variant]"))
    var platform: String?
    @Argument(help: "The image's name.") var reference: String

    func run() throws {
        if allTags { throw Failure.badCommandLine("--all-tags is not supported: name the tags you want") }
        try ImagePull(try DaemonClient.started(), isQuiet: quiet).pull(reference, platform: platform)
        Report.line(reference)
    }
}

/// `viv push`: sends an image to its registry.
struct PushCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Send an image to its registry.",
        discussion: "Example:\n  viv push registry.example.org/app:2")

    @Flag(name: [.customShort("q"), .long], help: "Print only the name.") var quiet = false
    @Argument(help: "The image's name.", completion: ImageNames.completion) var reference: String

    func run() throws {
        var request = Request.own(.post, "images", "push", query: [("reference", reference)])
        request.headers += try RegistryLogins.standard().header(for: reference)
        try ImageStream.show(try DaemonClient.started().begin(request), isQuiet: quiet)
        Report.line(reference)
    }
}

/// `viv load`: images from an archive of `save`.
struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Load images from an archive of 'viv save' or 'docker save'.",
        discussion: "Examples:\n  viv load -i app.tar\n  ssh other viv save app | viv load")

    @Option(
        name: [.customShort("i"), .long], help: ArgumentHelp("Read a file.", valueName: "file"),
        completion: .file())
    var input: String?
    @Flag(name: [.customShort("q"), .long], help: "Show no progress.") var quiet = false

    func run() throws {
        let exchange = try Upload.send(
            .own(.post, "images", "load"), from: input ?? "-", to: try DaemonClient.started(),
            showing: quiet ? nil : "load")
        var progress = ImageProgress(isQuiet: quiet)
        try DaemonClient.lines(of: exchange) { line in
            let names = line["loaded"]?.items ?? line["tags"]?.items ?? []
            for name in names { Report.line("Loaded image: \(name.string ?? name["id"]?.string ?? "")") }
            try progress.take(line)
        }
        progress.finish()
    }
}

/// `viv import`: an image from a plain archive of files.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Make an image from a tar archive of files.",
        discussion: "Examples:\n  viv import root.tar my/base:1\n  viv export web | viv import - web:flat")

    @Option(
        name: [.customShort("c"), .long],
        help: ArgumentHelp("A line of a Dockerfile; repeat for more.", valueName: "line"))
    var change: [String] = []
    @Option(name: [.customShort("m"), .long], help: ArgumentHelp("A remark.", valueName: "text")) var message:
        String?
    @Option(help: ArgumentHelp("Platform of the image.", valueName: "os/arch[/variant]")) var platform:
        String?
    @Argument(help: "The archive; - is standard input.", completion: .file()) var file: String
    @Argument(help: "What to call the image.") var reference: String?

    func run() throws {
        let query: [(String, String?)] =
            [("reference", reference), ("message", message), ("platform", platform)]
            + change.map { ("change", $0) }
        let exchange = try Upload.send(
            .own(.post, "images", "import", query: query), from: file, to: try DaemonClient.started(),
            showing: nil)
        let image = try ImageStream.show(exchange, isQuiet: true)
        if let image { Report.line(image) }
    }
}

/// `viv save`: images as one archive.
struct SaveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "save", abstract: "Write images as an archive that 'viv load' and 'docker load' read.",
        discussion: "Example:\n  viv save -o app.tar app:1 app:2")

    @Option(
        name: [.customShort("o"), .long], help: ArgumentHelp("Write to a file.", valueName: "file"),
        completion: .file())
    var output: String?
    @Argument(help: "Names or ids of images.", completion: ImageNames.completion) var names: [String]

    func run() throws {
        let request = Request.own(.get, "images", "save", query: names.map { ("name", $0) })
        try Download.write(try DaemonClient.started().begin(request), to: output)
    }
}
