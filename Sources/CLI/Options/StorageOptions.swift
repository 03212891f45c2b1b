import ArgumentParser
import Glibc
import Model

/// The files that a container sees.
struct StorageOptions: ParsableArguments {
    @Option(
        name: [.customShort("v", allowingJoined: true), .long],
        help: ArgumentHelp("A folder of the host or a named volume.", valueName: "[source:]target[:ro]"),
        completion: .file())
    var volume: [String] = []

    @Option(
        help: ArgumentHelp("The same in full.", valueName: "type=bind|volume|tmpfs|image,source=…,target=…"))
    var mount: [String] = []

    @Option(help: ArgumentHelp("A file system in memory.", valueName: "target[:options]"))
    var tmpfs: [String] = []

    @Option(help: ArgumentHelp("The volumes of another container.", valueName: "container[:ro]"))
    var volumesFrom: [String] = []

    @Flag(name: .customLong("read-only"), help: "The container cannot write to its own files.")
    var isReadOnly = false

    @Option(help: ArgumentHelp("Size of /dev/shm. (default: 64m)", valueName: "size"))
    var shmSize: String?

    @Option(help: ArgumentHelp("A device of the host.", valueName: "device[:target][:rwm]"))
    var device: [String] = []

    @Option(help: ArgumentHelp("A rule for devices, such as 'c 1:3 rwm'.", valueName: "rule"))
    var deviceCgroupRule: [String] = []

    func apply(to spec: inout ContainerSpec) throws(Failure) {
        for text in volume { spec.mounts.append(try MountOption.volume(text, absolute: Self.absolute)) }
        for text in mount { spec.mounts.append(try MountOption.mount(text, absolute: Self.absolute)) }
        for text in tmpfs { spec.mounts.append(try MountOption.tmpfs(text)) }
        spec.volumesFrom = volumesFrom
        spec.hasReadOnlyRoot = isReadOnly
        if let shmSize {
            spec.sharedMemorySize = UInt64(try Amount.bytes(shmSize, option: "--shm-size"))
        }
        for text in device { spec.devices.append(try LimitOption.device(text)) }
        spec.deviceCgroupRules = deviceCgroupRule
    }

    /// A path as the daemon can use it, whose working directory is another.
    static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") || path.isEmpty { return path }
        if path == "~" || path.hasPrefix("~/"), let home = HostMachine.environment("HOME") {
            return home + path.dropFirst()
        }
        guard let pointer = getcwd(nil, 0) else { return path }
        defer { free(pointer) }
        let folder = String(cString: pointer)
        return path == "." ? folder : folder + "/" + (path.hasPrefix("./") ? String(path.dropFirst(2)) : path)
    }
}
