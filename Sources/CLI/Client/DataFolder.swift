import Glibc

/// Where the daemon keeps what outlives it.
enum DataFolder {
    static var path: String {
        if getuid() == 0 { return "/var/lib/vivarium" }
        if let folder = HostMachine.environment("XDG_DATA_HOME") { return folder + "/vivarium" }
        return (HostMachine.environment("HOME") ?? "/") + "/.local/share/vivarium"
    }
}
