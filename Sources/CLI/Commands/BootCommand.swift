import ArgumentParser
import Catalogue
import Glibc
import Host
import Model

/// `viv boot`: builds a machine and is it, until the guest powers off.
struct BootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "boot",
        abstract: "Boot a guest from the catalogue, or a kernel or firmware of your own.",
        discussion: """
            Examples:
              viv boot busybox
              viv boot busybox --cpus 2 --disk data.img
              viv boot debian --memory 1G --net user,forward=tcp:127.0.0.1:2222-:22
              viv boot --kernel Image --initrd initrd.img --append console=ttyS0 --net none
              viv boot --firmware fw_dynamic.bin --kernel u-boot.bin --disk root.img,readonly
              viv boot --board pc --disk pc.img --net none
              viv boot --board pc --firmware uefi --nvram vm.vars --disk vm.img
              viv boot --cdrom install.iso --disk new.img --boot cdrom,disk --net none
              viv boot busybox --json 2>console.log
              viv boot busybox --debug tcp:1234 --wait

            Keys while the guest has the terminal:
            \(EscapeKeys.help)

            SIGINT and SIGTERM ask the guest to power down; a second one, or \
            \(MachineSession.graceSeconds) seconds, end it.
            """)

    @Argument(help: "A guest of the catalogue (see 'viv guests').")
    var guest: String?

    @OptionGroup var machine: MachineOptions

    @Option(
        help: ArgumentHelp("stdio, file:PATH, pty, unix:PATH or none.", valueName: "port"),
        transform: SerialOption.init(parsing:))
    var serial = SerialOption.stdio

    @Flag(help: "Print events as lines of JSON; a serial port on stdio then writes to standard error.")
    var json = false

    func run() throws {
        var request = try machine.request()
        if let guest { try CatalogueGuest.add(guest, to: &request) }
        try CatalogueGuest.addFirmware(to: &request)
        let loop = try EventLoop()
        let console = Console(serial: serial, json: json)
        let outcome = try console.run(request, loop: loop)
        if outcome.code != .success { throw Failure(outcome.code, outcome.reason) }
    }
}
