import ArgumentParser
import Host
import Model

/// Everything that `run` and `create` have in common.
struct ContainerOptions: ParsableArguments {
    @OptionGroup(title: "Process") var process: ProcessOptions
    @OptionGroup(title: "Network") var connection: ConnectionOptions
    @OptionGroup(title: "Files") var storage: StorageOptions
    @OptionGroup(title: "Resources") var resources: ResourceOptions
    @OptionGroup(title: "Security") var security: SecurityOptions
    @OptionGroup(title: "Health") var health: HealthOptions
    @OptionGroup(title: "Life") var life: LifeOptions

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp(
            "The image, and a command for it to run.", valueName: "image [command [argument…]]"))
    var words: [String] = []

    /// What the options describe. The image's name is not looked up yet.
    func spec(terminal: TerminalSize? = nil) throws(Failure) -> ContainerSpec {
        guard let image = words.first else { throw .badCommandLine("name an image, such as debian:12") }
        guard !image.hasPrefix("-") else { throw UnknownOption.failure(image, of: "run") }
        var spec = ContainerSpec(image: image)
        let command = Array(words.dropFirst())
        spec.command = command.isEmpty ? nil : command
        try process.apply(to: &spec, terminal: terminal)
        try connection.apply(to: &spec)
        try storage.apply(to: &spec)
        spec.resources = try resources.resources()
        try security.apply(to: &spec)
        try health.apply(to: &spec)
        try life.apply(to: &spec)
        return spec
    }
}

/// Command lines of `run` without running them.
package enum RunLine {
    /// What the words after `run` describe.
    package static func spec(of words: [String]) throws -> ContainerSpec {
        try ContainerOptions.parse(BooleanFlags.normalised(words)).spec()
    }
}
