import Foundation
import ProgramDriver
import Testing

/// The real GDB at machines: by `viv debug`, and by a port of `viv boot --debug`.
@Suite(.serialized, .enabled(if: Programs.hasGDB, "gdb-multiarch is not installed"))
struct DebugTests {
    /// What GDB prints while it carries out a script.
    private func gdb(_ connection: String, _ script: [String], architecture: String) throws -> String {
        let lines =
            ["set confirm off", "set pagination off", "set architecture \(architecture)", connection] + script
        let words = ["-nx", "-batch"] + lines.flatMap { ["-ex", $0] }
        let answer = try Command.run(URL(filePath: Programs.gdb), words, patience: Guest.patience)
        #expect(answer.code == 0, "\(answer.output) \(answer.errors)")
        return answer.output
    }

    private func connection(_ guest: Guest) throws -> String {
        "target remote | \(Programs.viv.path()) debug \(try guest.id) --stdio"
    }

    /// The first number behind `label` in what GDB printed.
    private func number(behind label: String, in text: String) -> UInt64? {
        guard let range = text.range(of: label) else { return nil }
        let digits = text[range.upperBound...].drop { $0 == " " }.prefix { $0.isHexDigit || $0 == "x" }
        return digits.hasPrefix("0x") ? UInt64(digits.dropFirst(2), radix: 16) : UInt64(digits)
    }

    /// The address that the guest's kernel gives for a symbol.
    private func address(of symbol: String, in guest: Guest) throws -> String {
        let line = try guest.shell("grep -w \(symbol) /proc/kallsyms").text
        let digits = line.prefix { $0.isHexDigit }
        try #require(digits.count == 16, "\(line)")
        return "0x\(digits)"
    }

    // MARK: A program on the bare machine

    @Test(.enabled(if: Programs.hasCompiler, "gcc-riscv64-linux-gnu is not installed"))
    func aProgramIsStoppedSteppedAndWatchedByBothEngines() throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let folder = Programs.scratch.appending(path: "debugged")
        let build = sources.appending(path: "GuestPrograms/build")
        #expect(try Command.run(build, [folder.path(), "debugged"], patience: 120).code == 0)
        let program = folder.appending(path: "debugged.elf").path()
        for engine in ["interpret", "translate"] {
            let guest = try Guest([
                "--firmware", program, "--accel", engine, "--cpus", "2", "--memory", "64M", "--net", "none",
                "--serial", "none", "--wait", "--json",
            ])
            #expect(guest.output.wait(for: "paused", from: 0, until: Date(timeIntervalSinceNow: 60)) != nil)
            try look(at: program, guest)
            #expect(try guest.exitCode() == 0)
        }
    }

    /// The program adds 0, 1, 2… to a counter; its second hart counts for itself.
    private func look(at program: String, _ guest: Guest) throws {
        let text = try gdb(
            try connection(guest),
            [
                "echo START \\n", "print/x $pc", "file \(program)", "break *work", "continue", "continue",
                "echo SECOND \\n", "print/x $pc == &work", "print $a0", "print $mstatus >> 13 & 3", "delete",
                "watch *(long *)&counter", "continue", "echo WATCHED \\n", "print *(long *)&counter",
                "delete",
                "break *store", "continue", "delete", "echo THIRD \\n", "print $fa0.double",
                "print *(long *)&counter", "stepi", "print $pc == &stored", "print *(long *)&counter",
                // What is written counts: three are taken back, and given again.
                "set var *(long *)&counter = 0", "set var $a0 = 77", "print $a0",
                "set var *(long *)&counter = 3", "monitor phys on", "print *(long *)&counter",
                "monitor phys off",
                "thread 2", "set scheduler-locking on", "set var $before = *(long *)&beats", "break *beat",
                "continue", "continue", "delete", "echo BEATS \\n", "print *(long *)&beats - $before >= 1",
                "print $pc == &beat", "stepi", "print $pc == &beat + 4", "info threads", "detach",
            ], architecture: "riscv:rv64")
        #expect(number(behind: "START \n$1 =", in: text) == 0x8000_0000, "\(text)")
        #expect(text.contains("SECOND \n$2 = 0x1\n$3 = 1\n$4 = 3\n"), "\(text)")
        #expect(text.contains("hit Hardware watchpoint 2: *(long *)&counter"), "\(text)")
        #expect(text.contains("Old value = 0\nNew value = 1\n"), "\(text)")
        #expect(text.contains("WATCHED \n$5 = 1\n"), "\(text)")
        #expect(text.contains("THIRD \n$6 = 3\n$7 = 1\n"), "\(text)")
        #expect(text.contains("$8 = 1\n$9 = 3\n$10 = 77\n"), "\(text)")
        #expect(text.contains("$11 = 3\n"), "\(text)")
        #expect(text.contains("BEATS \n$12 = 1\n$13 = 1\n"), "\(text)")
        #expect(text.contains("$14 = 1\n"), "\(text)")
        #expect(text.contains("* 2    Thread 2 (hart 1 runs, machine mode)"), "\(text)")
    }

    // MARK: Kernels

    @Test(
        .enabled(if: Programs.hasBusybox, "the busybox guest can neither be found in the cache nor fetched"))
    func aKernelIsDebuggedOnTwoHarts() throws {
        let guest = try boot("--cpus", "2", "--net", "none")
        try debugKernel(guest, symbol: "__riscv_sys_sethostname", "riscv:rv64", "priv")
    }

    @Test(
        .enabled(
            if: Programs.hasX86Busybox,
            "the x86_64 busybox guest can neither be found in the cache nor fetched"))
    func aKernelOfThePCIsDebugged() throws {
        let guest = try boot("--arch", "x86_64", "--append", "nokaslr", "--net", "none")
        try debugKernel(guest, symbol: "__x64_sys_sethostname", "i386:x86-64", "cr0")
    }

    /// Stops where the host's name is set, and where jiffies are counted.
    private func debugKernel(
        _ guest: Guest, symbol: String, _ architecture: String, _ control: String
    ) throws {
        let place = try address(of: symbol, in: guest)
        let jiffies = try address(of: "jiffies_64", in: guest)
        guest.type("sleep 3; hostname renamed")
        let text = try gdb(
            try connection(guest),
            [
                "hbreak *\(place)", "continue", "echo HERE \\n", "print/x $pc", "info registers \(control)",
                "stepi",
                "echo NEXT \\n", "print $pc > \(place) && $pc < \(place) + 16", "delete",
                "watch *(long *)\(jiffies)", "continue", "delete", "rwatch *(long *)\(jiffies)", "continue",
                "monitor info", "detach",
            ], architecture: architecture)
        #expect(text.contains("HERE \n$1 = \(place)\n"), "\(text)")
        #expect(number(behind: control, in: text) != nil, "\(text)")
        #expect(text.contains("NEXT \n$2 = 1\n"), "\(text)")
        let values = text.matches(of: /Old value = (\d+)\nNew value = (\d+)\n/).compactMap { match in
            Int(match.1).flatMap { old in Int(match.2).map { $0 - old } }
        }
        #expect(values.count == 1 && values[0] > 0, "\(text)")
        #expect(text.contains("Hardware read watchpoint 3"), "\(text)")
        // The machine has gone on as if nothing had been.
        try guest.expect("# ")
        #expect(try guest.shell("hostname").text == "renamed")
        guest.type("poweroff")
        #expect(try guest.exitCode() == 0)
    }

    // MARK: Ways in

    @Test(
        .enabled(if: Programs.hasBusybox, "the busybox guest can neither be found in the cache nor fetched"))
    func aMachineWaitsAtAPortAndTakesOneDebugger() throws {
        let socket = Programs.scratch.appending(path: "gdb.sock").path()
        let guest = try Guest(["busybox", "--net", "none", "--debug", "unix:\(socket)", "--wait"])
        let deadline = Date(timeIntervalSinceNow: 60)
        #expect(guest.errors.wait(for: "target remote \(socket)", from: 0, until: deadline) != nil)
        // The first instruction has not been executed, and a second debugger is turned away.
        let second = "shell \(Programs.viv.path()) debug \(try guest.id) --stdio </dev/null"
        let text = try gdb(
            "target remote \(socket)",
            ["print $instret", second + " 2>&1", "stepi", "print $instret", "detach"],
            architecture: "riscv:rv64")
        #expect(text.contains("$1 = 0\n") && text.contains("$2 = 1\n"), "\(text)")
        #expect(text.contains("a debugger is there already"), "\(text)")
        try guest.expect("# ")
        guest.type("poweroff")
        #expect(try guest.exitCode() == 0)
    }

    @Test(
        .enabled(if: Programs.hasBusybox, "the busybox guest can neither be found in the cache nor fetched"))
    func aDebuggerEndsTheMachineOrSpeaksNonsense() throws {
        let guest = try boot("--net", "none")
        let noise = Data((0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 2) })
        let garbage = try Command.run(
            Programs.viv, ["debug", try guest.id, "--stdio"], input: noise, patience: 60)
        #expect(garbage.code == 0)
        #expect(try guest.shell("echo alive").text == "alive")
        _ = try gdb(try connection(guest), ["kill"], architecture: "riscv:rv64")
        #expect(try guest.exitCode() != 0)
    }
}

extension Programs {
    static let gdb = "/usr/bin/gdb-multiarch"
    static let hasGDB = FileManager.default.isExecutableFile(atPath: gdb)
}
