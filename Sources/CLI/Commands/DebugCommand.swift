import ArgumentParser
import Glibc
import Host
import Model

/// `viv debug`: GDB at a machine.
struct DebugCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "debug",
        abstract: "Let GDB debug what a machine runs.",
        discussion: """
            The machine stops and waits for GDB; when GDB leaves, it goes on. Without options the command listens \
            at a port of this host and prints what GDB is to be told.

            Examples:
              viv debug busybox
              viv debug busybox --gdb -- vmlinux -ex 'break panic'
              viv debug busybox --listen unix:/tmp/gdb.sock
              gdb-multiarch -ex 'target remote | viv debug busybox --stdio'
            """)

    @Argument(help: "The machine's id, the beginning of it, or its name (see 'viv ps').")
    var id: String

    @Flag(help: "Start GDB, with the arguments that follow '--'.")
    var gdb = false

    @Flag(help: "Speak the remote protocol on standard input and output.")
    var stdio = false

    @Option(
        help: ArgumentHelp("tcp:PORT (of this host alone) or unix:PATH.", valueName: "address"),
        transform: DebugAddress.init(parsing:))
    var listen = DebugAddress.tcp(0)

    @Argument(parsing: .postTerminator, help: "Arguments of GDB's.")
    var arguments: [String] = []

    func validate() throws {
        if gdb, stdio { throw ValidationError("--gdb and --stdio exclude each other") }
        if !gdb, !arguments.isEmpty { throw ValidationError("arguments behind '--' belong to --gdb") }
    }

    func run() throws {
        let directory = try RuntimeDirectory.standard()
        let machine = try MachineLookup(directory).find(id)
        signal(SIGPIPE, SIG_IGN)
        if gdb { throw startGDB(machine) }
        if stdio {
            let stub = try DebugBridge.connect(machine, in: directory)
            return DebugBridge.carry(stub.raw, input: STDIN_FILENO, output: STDOUT_FILENO)
        }
        try serve(machine, directory)
    }

    /// One debugger, from its coming to its going.
    private func serve(_ machine: MachineID, _ directory: RuntimeDirectory) throws {
        let listener = try DebugSocket(listen)
        Report.line(listener.command)
        while true {
            var slot = pollfd(fd: listener.raw, events: Int16(POLLIN), revents: 0)
            guard poll(&slot, 1, -1) > 0 else { continue }
            let raw = accept(listener.raw, nil, nil)
            guard raw >= 0 else { continue }
            let debugger = FileDescriptor(owning: raw)
            let stub = try DebugBridge.connect(machine, in: directory)
            return DebugBridge.carry(stub.raw, input: debugger.raw, output: debugger.raw)
        }
    }

    /// Becomes GDB. Returns only when there is none.
    private func startGDB(_ machine: MachineID) -> Failure {
        let target = "target remote | \(HostMachine.executable) debug \(machine) --stdio"
        for name in ["gdb-multiarch", "gdb"] {
            let words = [name] + arguments + ["-ex", target]
            var pointers = words.map { strdup($0) }
            pointers.append(nil)
            execvp(name, &pointers)
        }
        return .refused("no gdb-multiarch or gdb is installed: 'apt-get install gdb-multiarch'")
    }
}
