/// What the daemon is asked to run. One of two kinds; everything above the runners treats them alike.
package enum InstanceSpec: Codable, Equatable, Sendable {
    case container(ContainerSpec)
    case machine(ManagedMachineSpec)

    package var labels: [String: String] {
        switch self {
        case .container(let spec): spec.labels
        case .machine(let spec): spec.labels
        }
    }
}

/// A machine from the catalogue that the daemon looks after.
package struct ManagedMachineSpec: Codable, Equatable, Sendable {
    /// The name of a guest in the catalogue, such as `busybox`.
    package var guest: String
    package var arch = GuestArchitecture.riscv64
    package var cpus = 1
    /// RAM in bytes.
    package var memory: UInt64 = 512 << 20
    /// Whether disk writes are thrown away at the end.
    package var isEphemeral = false
    package var labels: [String: String] = [:]
    package var restart = RestartPolicy()
    package var removesItself = false

    package init(guest: String) { self.guest = guest }
}
