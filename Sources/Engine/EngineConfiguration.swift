import Glibc
import Images

/// Where the engine keeps things and how it behaves; fixed for its life.
package struct EngineConfiguration: Sendable {
    /// What must survive a reboot: images, volumes, containers' files, the database.
    package var data: String
    /// What need not: sockets, the runtime's state.
    package var run: String
    /// Whether this process is root only inside a user namespace of its own.
    package var isRootless: Bool
    /// The folder with `viv-container`, `viv-network`, `viv-machine` and `viv`; others are searched on the PATH.
    package var programs: String
    /// The host's address that ports are published at when the user names none.
    package var publishAddress = "127.0.0.1"
    /// Seconds between the stop signal and SIGKILL when neither spec nor request say.
    package var stopTimeout = 10
    /// How registries are spoken to.
    package var registries = RegistrySettings()

    package init(data: String, run: String, isRootless: Bool = false, programs: String? = nil) {
        self.data = data
        self.run = run
        self.isRootless = isRootless
        self.programs = programs ?? Self.ownFolder
    }

    /// The folder of the running program.
    private static var ownFolder: String {
        guard let path = realpath("/proc/self/exe", nil) else { return "" }
        defer { free(path) }
        return String(cString: path).split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
    }
}
