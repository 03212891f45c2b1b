import Containers
import Glibc
import Host
import Model

/// Which file is where.
struct EngineLayout: Sendable {
    let data: String
    let run: String
    private let programs: String

    init(_ configuration: EngineConfiguration) {
        data = configuration.data
        run = configuration.run
        programs = configuration.programs
    }

    var database: String { "\(data)/vivarium.db" }
    var lock: String { "\(data)/vivarium.lock" }
    var runtimeRoot: String { "\(run)/runtime" }
    var runtime: RuntimeLayout { RuntimeLayout(root: runtimeRoot) }

    /// The path of one of our programs.
    func program(_ name: String) -> String {
        let path = "\(programs)/\(name)"
        return access(path, X_OK) == 0 ? path : name
    }

    /// What an instance keeps between its runs.
    func folder(_ id: InstanceID) -> InstanceFolder {
        InstanceFolder(path: "\(data)/containers/\(id)", run: "\(run)/containers/\(Self.runName(id))")
    }

    /// Short, as the path of a socket has room for 107 bytes only.
    static func runName(_ id: InstanceID) -> String { String(id.text.prefix(16)) }

    func volume(_ name: String) -> String { "\(data)/volumes/\(name)" }
    func snapshot(_ volume: String, _ name: String) -> String { "\(data)/snapshots/\(volume)/\(name)" }

    func makeFolders() throws(SystemError) {
        for path in [data, run] { try Folder.create(path, mode: 0o711) }
        for name in ["containers", "volumes", "snapshots"] {
            try Folder.create("\(data)/\(name)", mode: 0o711)
        }
        try Folder.create(runtimeRoot, mode: 0o700)
        try Folder.create("\(run)/containers", mode: 0o700)
    }
}

/// The files of one instance.
struct InstanceFolder: Sendable {
    /// Lasts as long as the instance.
    let path: String
    /// Gone after a reboot.
    let run: String

    var bundle: String { path }
    var upper: String { "\(path)/upper" }
    var work: String { "\(path)/work" }
    var root: String { "\(path)/rootfs" }
    var config: String { "\(path)/config.json" }
    var hosts: String { "\(path)/hosts" }
    var hostname: String { "\(path)/hostname" }
    var resolver: String { "\(path)/resolv.conf" }
    var log: String { "\(path)/log.json" }
    var exitFile: String { "\(path)/exit.json" }
    /// What `viv boot` tells of a machine, one event a line.
    var machineEvents: String { "\(path)/events.json" }
    var machineComplaints: String { "\(path)/machine.log" }
    var serialSocket: String { "\(run)/serial.sock" }
    /// Where `viv boot` puts the folder of its machine.
    var machines: String { "\(run)/vivarium" }
    var monitorSocket: String { "\(run)/monitor.sock" }
    func execSocket(_ id: String) -> String { "\(run)/exec-\(id.prefix(12)).sock" }
    func execProcess(_ id: String) -> String { "\(run)/exec-\(id.prefix(12)).process.json" }
    func execExit(_ id: String) -> String { "\(run)/exec-\(id.prefix(12)).json" }

    /// Makes what a start needs; harmless when it is there.
    func make() throws(SystemError) {
        try Folder.create(path, mode: 0o711)
        for folder in [upper, work, root] { try Folder.create(folder) }
        try Folder.create(run, mode: 0o700)
    }

    /// Takes the instance out of sight at once and removes its files. Blocks.
    func remove() {
        let doomed = "\(path).removed"
        if rename(path, doomed) == 0 { Folder.remove(doomed) }
        Folder.remove(run)
    }
}
