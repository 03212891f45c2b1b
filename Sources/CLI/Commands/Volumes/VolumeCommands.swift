import ArgumentParser
import Model

/// `viv volume`: named volumes, with snapshots.
struct VolumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "volume", abstract: "Work with volumes: make, snapshot, clone, restore.",
        discussion: """
            Examples:
              viv volume create data
              viv volume snapshot data before-upgrade
              viv volume clone --snapshot before-upgrade data data-test
              viv volume restore data before-upgrade
            """,
        subcommands: [
            VolumeCreateCommand.self, VolumeListCommand.self, VolumeInspectCommand.self,
            VolumeSnapshotCommand.self, VolumeSnapshotsCommand.self, VolumeCloneCommand.self,
            VolumeRestoreCommand.self, VolumeRemoveCommand.self, VolumePruneCommand.self,
        ])
}

struct VolumeCreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a volume.",
        discussion:
            "Examples:\n  viv volume create data\n  viv volume create -o type=tmpfs -o device=tmpfs scratch")
    @Option(
        name: [.customShort("d"), .long], help: ArgumentHelp("local. (default: local)", valueName: "driver"))
    var driver = "local"
    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("type, device or o, as mount(8) takes them.", valueName: "key=value"))
    var opt: [String] = []
    @Option(help: ArgumentHelp("Set a label.", valueName: "key=value")) var label: [String] = []
    @Option(name: .customLong("name"), help: .hidden) var olderName: String?
    @Argument(help: "What to call it; a name is made if none is given.") var name: String?

    func run() throws {
        var spec = VolumeSpec(name: name ?? olderName ?? "")
        spec.driver = driver
        spec.options = try KeyValue.dictionary(opt, option: "--opt")
        spec.labels = try KeyValue.dictionary(label, option: "--label")
        let record: VolumeRecord = try DaemonClient.started().fetch(
            Request.own(.post, "volumes").carrying(spec))
        Report.line(record.name)
    }
}

struct VolumeListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List volumes.",
        discussion: "Example:\n  viv volume ls --filter dangling=true", aliases: ["list"])
    @OptionGroup var list: ListOptions

    func run() throws {
        let format = try list.outputFormat()
        let volumes: [VolumeRecord] = try DaemonClient.started().fetch(
            .own(.get, "volumes", query: [("filters", try list.filters())]))
        var listing = Listing([.init("DRIVER", "Driver"), .init("VOLUME NAME", "Name")])
        for volume in volumes {
            let labels = volume.labels.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
            listing.add(
                [
                    "Driver": volume.driver, "Name": volume.name, "Mountpoint": volume.mountPoint,
                    "Scope": "local", "Labels": labels.joined(separator: ","), "Origin": volume.origin ?? "",
                    "CreatedAt": Amounts.local(volume.created),
                ], value: JSONValue(volume))
        }
        if list.quiet { volumes.forEach { Report.line($0.name) } } else { try listing.show(format) }
    }
}

struct VolumeInspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show everything about volumes.",
        discussion: "Example:\n  viv volume inspect -f '{{.Mountpoint}}' data")
    @Option(
        name: [.customShort("f"), .long], help: ArgumentHelp("json, or a template.", valueName: "format"))
    var format: String?
    @Argument(help: "Names.") var volumes: [String]

    func run() throws { try Inspection(kinds: [.volume]).show(volumes, format: format) }
}

struct VolumeSnapshotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "Keep the files of a volume as they are now.",
        discussion:
            "Containers that use it stand still meanwhile.\n\nExample:\n  viv volume snapshot data before-upgrade"
    )
    @Argument(help: "The volume.") var volume: String
    @Argument(help: "What to call the snapshot; a name is made if none is given.") var name: String?

    func run() throws {
        let snapshot: VolumeSnapshot = try DaemonClient.started().fetch(
            .own(.post, "volumes", volume, "snapshot", query: [("snapshot", name)]))
        Report.line(snapshot.name)
    }
}

struct VolumeSnapshotsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshots", abstract: "List the snapshots of a volume.",
        discussion: "Example:\n  viv volume snapshots data")
    @OptionGroup var list: ListOptions
    @Argument(help: "The volume.") var volume: String

    func run() throws {
        let format = try list.outputFormat()
        let snapshots: [VolumeSnapshot] = try DaemonClient.started().fetch(
            .own(.get, "volumes", volume, "snapshots"))
        var listing = Listing([
            .init("SNAPSHOT", "Name"), .init("VOLUME", "Volume"), .init("CREATED", "CreatedSince"),
        ])
        for snapshot in snapshots {
            listing.add(
                [
                    "Name": snapshot.name, "Volume": snapshot.volume, "Path": snapshot.path,
                    "CreatedSince": Amounts.ago(snapshot.created),
                    "CreatedAt": Amounts.local(snapshot.created),
                ], value: JSONValue(snapshot))
        }
        if list.quiet { snapshots.forEach { Report.line($0.name) } } else { try listing.show(format) }
    }
}

struct VolumeCloneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clone", abstract: "Make a volume with the files of another.",
        discussion: "Example:\n  viv volume clone --snapshot before-upgrade data data-test")
    @Option(help: ArgumentHelp("The files as they were then.", valueName: "name")) var snapshot: String?
    @Argument(help: "The volume.") var volume: String
    @Argument(help: "The new volume.") var name: String

    func run() throws {
        let record: VolumeRecord = try DaemonClient.started().fetch(
            .own(.post, "volumes", volume, "clone", query: [("to", name), ("snapshot", snapshot)]))
        Report.line(record.name)
    }
}

struct VolumeRestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Put the files of a volume back as they were.",
        discussion: "Example:\n  viv volume restore data before-upgrade")
    @Argument(help: "The volume.") var volume: String
    @Argument(help: "The snapshot.") var snapshot: String

    func run() throws {
        try DaemonClient.started().send(
            .own(.post, "volumes", volume, "restore", query: [("snapshot", snapshot)]))
    }
}

struct VolumeRemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove volumes and all that is in them.",
        discussion:
            "A snapshot is named VOLUME@SNAPSHOT.\n\nExamples:\n  viv volume rm data\n  viv volume rm data@before-upgrade",
        aliases: ["remove"])
    @Flag(name: [.customShort("f"), .long], help: "Missing ones are no error.") var force = false
    @Argument(help: "Names.") var volumes: [String]

    func run() throws {
        let client = try DaemonClient.started()
        try EachInstance.perform(volumes) { name in
            let parts = name.split(separator: "@", maxSplits: 1).map(String.init)
            let request: Request =
                parts.count == 2
                ? .own(.delete, "volumes", parts[0], "snapshots", parts[1])
                : .own(.delete, "volumes", name, query: [("force", force ? "1" : "0")])
            try Failure.tolerateMissing(force) { try client.send(request) }
        }
    }
}
