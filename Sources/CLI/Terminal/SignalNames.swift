import Glibc

/// Signals as the daemon takes them.
enum SignalNames {
    static func name(_ number: Int32) -> String {
        let names = [
            SIGINT: "SIGINT", SIGTERM: "SIGTERM", SIGHUP: "SIGHUP", SIGQUIT: "SIGQUIT", SIGUSR1: "SIGUSR1",
            SIGUSR2: "SIGUSR2", SIGKILL: "SIGKILL",
        ]
        return names[number] ?? "\(number)"
    }
}
