import Glibc

/// Finds `viv-machine`.
enum MachineProgram {
    /// The file named by `VIV_MACHINE`, or the one beside this program.
    static func locate() throws(Failure) -> String {
        let path = HostMachine.environment("VIV_MACHINE") ?? beside(HostMachine.executable)
        guard access(path, X_OK) == 0 else {
            throw .unusableFile(
                "\(path) is missing: install viv-machine beside viv, or set VIV_MACHINE to it")
        }
        return path
    }

    private static func beside(_ executable: String) -> String {
        let folder = executable.split(separator: "/").dropLast().joined(separator: "/")
        return "/\(folder)/viv-machine"
    }
}
