import Glibc

/// Finds the other programs of Vivarium.
enum HouseProgram {
    /// The file named by the environment variable, the one beside this program, or the first on `PATH`.
    static func locate(_ name: String, variable: String) throws(Failure) -> String {
        if let path = HostMachine.environment(variable) {
            guard access(path, X_OK) == 0 else {
                throw .unusableFile("\(path) cannot be run: set \(variable) to \(name)")
            }
            return path
        }
        let own = HostMachine.executable.split(separator: "/").dropLast().joined(separator: "/")
        let path = (HostMachine.environment("PATH") ?? "").split(separator: ":").map(String.init)
        for folder in ["/" + own] + path where access("\(folder)/\(name)", X_OK) == 0 {
            return "\(folder)/\(name)"
        }
        throw .unusableFile(
            "\(name) is missing: install it beside viv (/\(own)), or set \(variable) to it")
    }
}
