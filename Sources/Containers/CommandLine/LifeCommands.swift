import CLinux
import Glibc
import Host

/// `start`: lets the program of a created container run.
enum StartCommand {
    static func run(_ globals: RuntimeCommand.Globals) throws(ContainerError) -> Int32 {
        let options = try Arguments(globals.words, .init())
        globals.log.warn(try ContainerStart.run(id: try options.id(), layout: globals.layout))
        return 0
    }
}

/// `delete`.
enum DeleteCommand {
    static func run(_ globals: RuntimeCommand.Globals) throws(ContainerError) -> Int32 {
        let options = try Arguments(globals.words, .init(flags: ["force,f"]))
        globals.log.warn(
            try ContainerRemoval.run(
                id: try options.id(), layout: globals.layout, isForced: options.has("force")))
        return 0
    }
}

/// `kill`: SIGTERM unless told otherwise.
enum KillCommand {
    static func run(_ globals: RuntimeCommand.Globals) throws(ContainerError) -> Int32 {
        let options = try Arguments(globals.words, .init(flags: ["all,a"]))
        let name = options.operands.count > 1 ? options.operands[1] : "SIGTERM"
        guard let signal = SignalName.number(of: name) else {
            throw ContainerError(.invalid, "unknown signal \"\(name)\"")
        }
        let state = try ContainerState.read(id: try options.id(), layout: globals.layout)
        try ContainerSignal.send(signal, to: state, layout: globals.layout, reachesAll: options.has("all"))
        return 0
    }
}

/// `pause` and `resume`.
enum PauseCommand {
    static func run(_ globals: RuntimeCommand.Globals, pauses: Bool) throws(ContainerError) -> Int32 {
        let options = try Arguments(globals.words, .init())
        let folder = try StateFolder.open(id: try options.id(), layout: globals.layout)
        let state = try folder.read()
        let status = state.status(layout: globals.layout)
        if pauses {
            guard status == .running || status == .created else {
                throw ContainerError(.conflict, "container not running or created: \(status.rawValue)")
            }
        } else {
            guard status == .paused else { throw ContainerError(.conflict, "container not paused") }
        }
        try ContainerCgroup(folders: state.cgroupPaths).freeze(pauses)
        return 0
    }
}

/// `state`.
enum StateCommand {
    static func run(_ globals: RuntimeCommand.Globals) throws(ContainerError) -> Int32 {
        let options = try Arguments(globals.words, .init())
        let state = try ContainerState.read(id: try options.id(), layout: globals.layout)
        return RuntimeCommand.say(state.description(status: state.status(layout: globals.layout)).pretty())
    }
}
