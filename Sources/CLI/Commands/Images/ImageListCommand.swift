import ArgumentParser
import Model

/// `viv images`: the images that are here.
struct ImageListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "images", abstract: "List images.",
        discussion: """
            Examples:
              viv images
              viv images --filter dangling=true -q
              viv images --format '{{.Repository}}:{{.Tag}} {{.Size}}'
            """)

    @OptionGroup var options: ImageListOptions

    func run() throws { try options.show() }
}

/// What `viv images` and `viv image ls` take.
struct ImageListOptions: ParsableArguments {
    @Flag(name: [.customShort("a"), .long], help: "Accepted for Docker's sake: there are no hidden images.")
    var all = false

    @Flag(help: "Show digests.")
    var digests = false

    @OptionGroup var list: ListOptions

    @Argument(help: "Only images of this name.", completion: ImageNames.completion)
    var name: String?

    private static let columns = [
        Listing.Column("REPOSITORY", "Repository"), .init("TAG", "Tag"), .init("IMAGE ID", "ID"),
        .init("CREATED", "CreatedSince"), .init("SIZE", "Size"),
    ]

    func show() throws {
        let format = try list.outputFormat()
        var conditions = list.filter
        if let name { conditions.append("reference=\(name)") }
        let request = Request.own(
            .get, "images", query: [("filters", try ListOptions.encoded(conditions))])
        let answer = try DaemonClient.started().json(request)
        var columns = Self.columns
        if digests { columns.insert(.init("DIGEST", "Digest"), at: 2) }
        var listing = Listing(columns)
        var ids: [String] = []
        let images: [(ImageRecord, JSONValue)] = try answer.items.map { item in
            (try Decoded.value(ImageRecord.self, item), item)
        }
        for (image, item) in images.sorted(by: { $0.0.created > $1.0.created }) {
            ids.append(list.noTrunc ? image.id : list.id(image.id))
            for name in image.tags.isEmpty ? ["<none>:<none>"] : image.tags {
                listing.add(row(of: image, name), value: item)
            }
        }
        if list.quiet { ids.forEach(Report.line) } else { try listing.show(format) }
    }

    private func row(of image: ImageRecord, _ name: String) -> KeyValuePairs<String, String> {
        let (repository, tag) = ImageRecord.split(name)
        let digest = image.repositoryDigests.first { $0.hasPrefix(repository + "@") } ?? "@<none>"
        return [
            "Repository": repository, "Tag": tag, "ID": list.id(image.id),
            "Digest": String(digest.drop { $0 != "@" }.dropFirst()),
            "CreatedSince": image.created > 0 ? Amounts.ago(image.created) : "N/A",
            "CreatedAt": Amounts.local(image.created),
            "Size": Amounts.decimal(UInt64(clamping: image.size)),
        ]
    }
}
