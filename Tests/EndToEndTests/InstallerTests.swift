import Foundation
import ProgramDriver
import Testing

/// Debian's installer comes to its first question: `make test-long`, which fetches it.
@Suite(
    .serialized,
    .enabled(if: ProcessInfo.processInfo.environment["VIV_LONG"] != nil, "run it by make test-long"),
    .enabled(
        if: Programs.hasSeaBIOS && GRUBDisk.canBeMade, "not all of seabios, \(GRUBDisk.packages) is installed"
    ),
    .enabled(
        if: FileManager.default.fileExists(atPath: "/usr/lib/debian-installer/images/12"),
        "debian-installer-12-netboot-amd64 is not installed"))
struct InstallerTests {
    private static let folder = "/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64"

    @Test func debiansInstallerAsksForALanguageOnTheScreen() throws {
        let image = try GRUBDisk.make(
            "installer", size: 128 << 20,
            script: """
                linux /linux vga=normal nomodeset mitigations=off
                initrd /initrd.gz
                """,
            modules: ["linux"],
            files: ["linux": Self.folder + "/linux", "initrd.gz": Self.folder + "/initrd.gz"])
        let machine = try PC.boot(image, "--memory", "1G")
        try machine.expect("GRUB loading")
        let id = try machine.id
        _ = try PC.viv("wait-text", id, "Select a language", "--timeout", "300")
        try PC.keep("installer.png", of: id)
        // Finnish is below English.
        _ = try PC.viv("key", id, "down", "enter")
        _ = try PC.viv("wait-text", id, "Valitse olinpaikkasi", "--timeout", "60")
        _ = try PC.viv("kill", id)
    }

    @Test func debiansInstallerAsksForALanguageOnTheSerialPort() throws {
        let machine = try Guest([
            "--arch", "x86_64", "--memory", "1G", "--kernel", Self.folder + "/linux", "--initrd",
            Self.folder + "/initrd.gz", "--append", "console=ttyS0 mitigations=off",
        ])
        try machine.expect("Select a language")
        _ = try PC.viv("kill", try machine.id)
    }
}
