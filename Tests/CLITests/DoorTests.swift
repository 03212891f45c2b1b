import CLI
import Glibc
import Host
import Model
import Testing

/// Bad input through the program's own door: each ends with its documented exit code.
@Suite(.serialized) struct DoorTests {
    @Test(arguments: [
        ["frobnicate"], ["boot", "--no-such-option"], ["boot", "--memory", "1X"],
        ["boot", "--kernel", "/etc/passwd", "--memory", "1K"],
        ["boot", "--cpus", "many"], ["boot", "--net", "bridge"], ["boot", "--disk", "a,b"], ["boot"],
        ["boot", "--serial", "tcp:1"], ["boot", "--accel", "magic"], ["boot", "no-such-guest"], ["stop"],
        ["boot", "--kernel", "/etc/passwd", "--cpus", "9"], ["guests", "rm"], ["ps", "--format", "xml"],
    ])
    func `a bad command line is told by its code`(arguments: [String]) {
        #expect(Door.enter(arguments) == ExitCode.badCommandLine.rawValue)
    }

    @Test(arguments: [
        ["--kernel", "/no/such/kernel"], ["--kernel", "/tmp"],
        ["--kernel", "/etc/passwd", "--initrd", "/no/such"],
        ["--kernel", "/etc/passwd", "--disk", "/tmp"], ["--kernel", "/etc/passwd", "--disk", "/no/such.img"],
        ["--kernel", "/etc/passwd", "--disk", "/dev/null"], ["--firmware", "/no/such/firmware"],
        ["--kernel", "/etc/passwd", "--dump-dtb", "/no/such/folder/dtb"],
    ])
    func `a file that cannot be used is told by its code`(options: [String]) {
        #expect(Door.enter(["boot"] + options) == ExitCode.unusableFile.rawValue)
    }

    @Test(arguments: [["--accel", "kvm"], ["--memory", "1024T"]])
    func `what this host cannot do is refused`(options: [String]) {
        #expect(Door.enter(["boot", "--kernel", "/etc/passwd"] + options) == ExitCode.refused.rawValue)
    }

    @Test func `a machine that does not run cannot be stopped`() {
        #expect(Door.enter(["stop", "ffffffffffff"]) == ExitCode.refused.rawValue)
    }

    @Test func `a disk that another machine writes to is refused`() throws {
        let path = "/tmp/vivarium-test-\(try Random.name(digits: 12))"
        defer { unlink(path) }
        let other = try FileDescriptor.open(path, O_RDWR | O_CREAT)
        let isLocked = other.lock(exclusive: true)
        #expect(isLocked)
        let options = ["boot", "--kernel", "/etc/passwd", "--disk", path]
        #expect(Door.enter(options) == ExitCode.refused.rawValue)
        #expect(Door.enter(options + ["--ephemeral"]) == ExitCode.refused.rawValue)
    }

    @Test(arguments: [
        ["--help"], ["help"], ["boot", "--help"], ["guests", "--help"], ["ps", "--help"], ["stop", "--help"],
        ["--version"], ["--generate-completion-script", "bash"],
    ])
    func `help, version and completion succeed`(arguments: [String]) {
        #expect(Door.enter(arguments) == ExitCode.success.rawValue)
    }
}
