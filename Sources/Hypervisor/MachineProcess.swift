import Glibc
import Host
import Machine
import Model

/// The whole life of the process `viv-machine`: one machine, in its jail.
package enum MachineProcess {
    /// Runs until the machine ends; returns the exit code only when it cannot even be built.
    ///
    /// - Parameter arguments: `--probe ACT [free]` tries the jail's walls, for tests; nothing else is known.
    package static func run(_ arguments: [String]) -> Int32 {
        let birth = HostClock.Sample.take()
        if arguments.count > 1 { return probe(arguments) }
        let parent = getppid()
        ignoreSignals()
        var jail = Jail()
        jail.withdraw()
        // Any change of credentials has cleared the signal, so this comes after it.
        guard ChildProcess.dieWithParent(expectedParent: parent) else { return ExitCode.ended.rawValue }
        let control = ControlSocket(descriptor: MachineSpec.controlDescriptor)
        do {
            try live(control, &jail, birth)
        } catch {
            return refuse(control, error, birth)
        }
        return ExitCode.internalFault.rawValue
    }

    private static func live(
        _ control: ControlSocket, _ jail: inout Jail, _ birth: HostClock.Sample
    ) throws {
        let spec = try control.readSpec()
        jail.keep(only: spec.descriptors + [0, 1, 2])
        let loop = try EventLoop()
        let machine = try VirtualMachine(spec, loop: loop, birth: birth) { event in
            control.send(.event(event))
            if let code = event.exitCode { _exit(code.rawValue) }
        }
        try jail.seal(usesKVM: spec.accelerator == .kvm)
        let walls = jail.walls
        try control.serve(
            on: loop, answer: { machine.answer($0, jail: walls) },
            ended: { machine.kill("the process that started the machine has gone") })
        machine.powerOn()
        loop.run()
    }

    /// A broken pipe or a full file is an error of the call that met it, not the end of the machine.
    private static func ignoreSignals() {
        for number in [SIGPIPE, SIGXFSZ, SIGHUP, SIGINT] { signal(number, SIG_IGN) }
    }

    /// Tells the parent why there will be no machine; the user when there is no parent that listens.
    private static func refuse(
        _ control: ControlSocket, _ error: any Error, _ birth: HostClock.Sample
    ) -> Int32 {
        let fault = error as? MachineError ?? MachineError(.internalFault, "\(error)")
        let seconds = Double(HostClock.Sample.take().nanoseconds &- birth.nanoseconds) / 1e9
        let event = MachineEvent(
            .refused, seconds: seconds, instructions: 0, detail: fault.description,
            code: Int64(fault.code.rawValue))
        control.send(.event(event))
        return fault.code.rawValue
    }

    private static func probe(_ arguments: [String]) -> Int32 {
        guard arguments.count >= 3, arguments[1] == "--probe",
            let probe = JailProbe(rawValue: arguments[2])
        else {
            let text = "viv-machine runs one machine for viv; start one with: viv boot --help\n"
            _ = text.withCString { write(2, $0, strlen($0)) }
            return ExitCode.badCommandLine.rawValue
        }
        return probe.attempt(jailed: arguments.count == 3).rawValue
    }
}
