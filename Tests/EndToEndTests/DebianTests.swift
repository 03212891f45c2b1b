import Foundation
import ProgramDriver
import Testing

/// Debian, which installs itself inside a machine for some minutes before it boots: `make test-long`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["VIV_LONG"] != nil, "run it by make test-long"))
struct DebianTests {
    @Test(arguments: [("riscv64", "13"), ("x86_64", "12")])
    func debianInstallsItselfAndBootsToItsLogin(arch: String, release: String) throws {
        let arguments = ["guests", "update", "debian", "--arch", arch]
        let made = try Command.run(Programs.viv, arguments, patience: 3600)
        #expect(made.code == 0, "\(made.errors.suffix(2000))")
        let guest = try Guest([
            "debian", "--arch", arch, "--cpus", "2", "--memory", "1G", "--ephemeral",
        ])
        try guest.expect("login: ")
        guest.type("root")
        try guest.expect("# ")
        #expect(try guest.shell("cat /etc/debian_version").text.hasPrefix(release))
        #expect(try guest.shell("systemctl is-system-running --wait").text.contains("running"))
        #expect(try guest.shell("dpkg --audit").text.isEmpty)
        guest.type("poweroff")
        #expect(try guest.exitCode() == 0)
    }
}
