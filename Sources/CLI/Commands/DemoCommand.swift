import ArgumentParser

/// `viv demo`: shows in a minute that a machine works.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Boot busybox, work through a short dialogue with it, and power it off.",
        discussion: """
            Prints the dialogue: CPU, a disk written and read back, a page fetched from this host. Exits 0 if
            every answer was as expected.

            Example:
              viv demo --cpus 2
            """)

    @Option(help: ArgumentHelp("Number of CPUs, 1 to 8.", valueName: "count"))
    var cpus = 1

    @Option(help: ArgumentHelp("How guest code runs.", valueName: "engine"))
    var accel = AcceleratorOption.auto

    func run() throws {
        var request = BootRequest()
        request.cpus = cpus
        request.accelerator = accel
        try Demonstration(request).run()
    }
}
