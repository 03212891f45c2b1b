import ArgumentParser
import Model

/// A container's name, labels, output and what becomes of it.
struct LifeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("What to call the container.", valueName: "name"))
    var name: String?

    @Flag(name: .customLong("rm"), help: "Remove the container when it ends.")
    var removes = false

    @Option(help: ArgumentHelp("no, always, unless-stopped or on-failure[:COUNT].", valueName: "policy"))
    var restart: String?

    @Option(
        name: [.customShort("l", allowingJoined: true), .long],
        help: ArgumentHelp("Set a label.", valueName: "key=value"))
    var label: [String] = []

    @Option(
        help: ArgumentHelp("Read labels from a file of KEY=VALUE lines.", valueName: "file"),
        completion: .file())
    var labelFile: [String] = []

    @Option(help: ArgumentHelp("Set an annotation for the runtime.", valueName: "key=value"))
    var annotation: [String] = []

    @Option(help: ArgumentHelp("json-file, local or none.", valueName: "driver"))
    var logDriver: String?

    @Option(help: ArgumentHelp("max-size=SIZE or max-file=COUNT.", valueName: "key=value"))
    var logOpt: [String] = []

    @Option(
        help: ArgumentHelp("Write the container's id to a new file.", valueName: "file"), completion: .file())
    var cidfile: String?

    @Option(help: ArgumentHelp("always, missing or never. (default: missing)", valueName: "when"))
    var pull = PullPolicy.missing

    @Option(help: ArgumentHelp("Platform of the image.", valueName: "os/arch[/variant]"))
    var platform: String?

    @Option(help: ArgumentHelp("Name of a runtime; the only one is viv-container.", valueName: "name"))
    var runtime: String?

    @Flag(name: [.customShort("q"), .long], help: "Do not show the progress of a pull.")
    var quiet = false

    func apply(to spec: inout ContainerSpec) throws(Failure) {
        spec.removesItself = removes
        if let restart { spec.restart = try LimitOption.restart(restart) }
        guard !removes || spec.restart.kind == .no else {
            throw .badCommandLine("--rm and --restart exclude each other")
        }
        for file in labelFile {
            let lines = try KeyValue.lines(of: try TextFile.read(file), file: file) { _ in "" }
            spec.labels.merge(try KeyValue.dictionary(lines, option: "--label-file")) { $1 }
        }
        spec.labels.merge(try KeyValue.dictionary(label, option: "--label")) { $1 }
        spec.annotations = try KeyValue.dictionary(annotation, option: "--annotation")
        spec.logging.driver = logDriver ?? spec.logging.driver
        spec.logging.options = try KeyValue.dictionary(logOpt, option: "--log-opt")
        spec.platform = platform
    }
}

/// When an image is fetched from its registry.
enum PullPolicy: String, ExpressibleByArgument, CaseIterable, Sendable {
    case always, missing, never
}
