import ArgumentParser
import Glibc
import Model

/// `viv doctor`: what this host can run, how and why.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Show what this host can run and check what viv needs.",
        discussion: """
            Examples:
              viv doctor
              viv doctor --format json
            """)

    @Option(help: "table or json.")
    var format = ListFormat.table

    func run() throws {
        format.show(Diagnosis.guests(), as: Self.table)
        guard format == .table else { return }
        let size = "\(HostMachine.processors) CPUs, \(HostMachine.memory >> 20) MB"
        Report.line("\nhost: \(HostMachine.architecture), \(size)")
        for finding in Diagnosis.findings() {
            Report.line("\(finding.isGood ? "ok     " : "missing")  \(finding.text)")
        }
    }

    private static func table(_ guests: [Diagnosis.Guest]) -> Table {
        var table = Table(["GUEST", "HOST", "ENGINE", "WHY"])
        for guest in guests { table.add([guest.guest, guest.host, guest.engine, guest.why]) }
        return table
    }
}
