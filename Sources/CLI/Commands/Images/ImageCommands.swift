import ArgumentParser
import Model

/// `viv image`: everything about images under one word.
struct ImageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Work with images.",
        discussion: "Examples:\n  viv image ls\n  viv image build-base debian:12\n  viv image prune -a",
        subcommands: [
            ImageLsCommand.self, BuildBaseCommand.self, BuildCommand.self, ImageInspectCommand.self,
            ImagePruneCommand.self, PullCommand.self, PushCommand.self, LoadCommand.self, SaveCommand.self,
            ImportCommand.self, TagCommand.self, ImageRemoveAlias.self, HistoryCommand.self,
        ])
}

/// `viv image ls`, which is `viv images`.
struct ImageLsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List images.", discussion: "Example:\n  viv image ls", aliases: ["list"]
    )
    @OptionGroup var options: ImageListOptions

    func run() throws { try options.show() }
}

/// `viv tag`: one more name for an image.
struct TagCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag", abstract: "Give an image one more name.",
        discussion: "Example:\n  viv tag app registry.example.org/app:2")
    @Argument(help: "Name or id.", completion: ImageNames.completion) var image: String
    @Argument(help: "The new name.") var reference: String

    func run() throws {
        try DaemonClient.started().send(
            .own(.post, "images", "tag", query: [("name", image), ("reference", reference)]))
    }
}

/// What `viv rmi` and `viv image rm` take.
struct ImageRemoval: ParsableArguments {
    @Flag(name: [.customShort("f"), .long], help: "Also when it has several names or containers use it.")
    var force = false
    @Argument(help: "Names or ids of images.", completion: ImageNames.completion) var images: [String]

    func perform() throws {
        let client = try DaemonClient.started()
        try EachInstance.perform(images, prints: false) { name in
            let answer = try client.json(
                .own(.delete, "images", query: [("name", name), ("force", force ? "1" : "0")]))
            for item in answer.items { Report.line(Self.text(of: item)) }
        }
    }

    /// `Untagged: app:1` or `Deleted: sha256:…`, of whichever form the answer has.
    private static func text(of item: JSONValue) -> String {
        guard let field = item.fields.first else { return item.string ?? item.compact }
        let word = field.name.prefix(1).uppercased() + field.name.dropFirst()
        return "\(word): \(field.value.string ?? field.value["_0"]?.string ?? field.value.compact)"
    }
}

/// `viv rmi`: removes images.
struct ImageRemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rmi", abstract: "Remove images or names of images.",
        discussion: "Example:\n  viv rmi app:1")
    @OptionGroup var removal: ImageRemoval

    func run() throws { try removal.perform() }
}

/// `viv image rm`, which is `viv rmi`.
struct ImageRemoveAlias: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove images or names of images.",
        discussion: "Example:\n  viv image rm app:1", aliases: ["remove"])
    @OptionGroup var removal: ImageRemoval

    func run() throws { try removal.perform() }
}

/// `viv history`: the steps that made an image.
struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Show the steps that an image was made by.",
        discussion: "Example:\n  viv history --no-trunc app")
    @OptionGroup var list: ListOptions
    @Argument(help: "Name or id.", completion: ImageNames.completion) var image: String

    func run() throws {
        let format = try list.outputFormat()
        // Docker's document: it has the columns that people know.
        let lines = try DaemonClient.started().json(.docker(.get, "images", image, "history"))
        var listing = Listing([
            .init("IMAGE", "ID"), .init("CREATED", "CreatedSince"), .init("CREATED BY", "CreatedBy"),
            .init("SIZE", "Size"), .init("COMMENT", "Comment"),
        ])
        for line in lines.items {
            let id = line["Id"]?.string ?? "<missing>"
            let created = line["Created"]?.number ?? 0
            let command = line["CreatedBy"]?.string ?? ""
            listing.add(
                [
                    "ID": id == "<missing>" ? id : list.id(id),
                    "CreatedSince": created > 0 ? Amounts.ago(created) : "N/A",
                    "CreatedAt": Amounts.local(created),
                    "CreatedBy": list.noTrunc || command.count <= 45 ? command : command.prefix(44) + "…",
                    "Size": Amounts.decimal(line["Size"]?.size ?? 0),
                    "Comment": line["Comment"]?.string ?? "",
                ], value: line)
        }
        if list.quiet {
            lines.items.forEach { Report.line(list.id($0["Id"]?.string ?? "")) }
        } else {
            try listing.show(format)
        }
    }
}

/// `viv image inspect`.
struct ImageInspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show everything about images.",
        discussion: "Example:\n  viv image inspect -f '{{.Config.Cmd}}' app")
    @Option(
        name: [.customShort("f"), .long], help: ArgumentHelp("json, or a template.", valueName: "format"))
    var format: String?
    @Argument(help: "Names or ids.", completion: ImageNames.completion) var images: [String]

    func run() throws { try Inspection(kinds: [.image]).show(images, format: format) }
}

/// `viv image build-base`: a base image from Debian's packages.
struct BuildBaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build-base", abstract: "Make a base image from Debian's packages, without a registry.",
        discussion: "Example:\n  viv image build-base debian:12")
    @Flag(name: [.customShort("q"), .long], help: "Print only the id.") var quiet = false
    @Argument(help: "debian:12, debian:13, busybox…") var name: String

    func run() throws {
        let request = Request.own(.post, "images", "build-base", query: [("name", name)])
        let image = try ImageStream.show(try DaemonClient.started().begin(request), isQuiet: quiet)
        Report.line(image ?? name)
    }
}
