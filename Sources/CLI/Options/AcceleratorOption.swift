import ArgumentParser
import Host
import Model

/// The engines a user can ask for.
enum AcceleratorOption: String, ExpressibleByArgument, CaseIterable, Sendable {
    case auto, translate, interpret, kvm

    /// The engine for a guest of `arch`, or why there is none.
    func accelerator(
        for arch: GuestArchitecture, support: KVMSupport = .ofHost, host: String = HostMachine.architecture
    ) throws(Failure) -> Accelerator {
        switch self {
        case .auto: return .auto
        case .translate: return .translate
        case .interpret: return .interpret
        case .kvm:
            guard arch.rawValue == host else {
                throw .refused(
                    "KVM cannot run \(arch.rawValue) guests on this \(host) host: use --accel auto")
            }
            switch support {
            case .absent: throw .refused("this host has no /dev/kvm: use --accel auto")
            case .closed: throw .refused("/dev/kvm is not yours to open (group kvm?): use --accel auto")
            // Slow in software, but that is what was asked for.
            case .hardware, .software: return .kvm
            }
        }
    }
}

extension GuestArchitecture: ExpressibleByArgument {}

extension MachineBoard: ExpressibleByArgument {}

extension CPUModel: ExpressibleByArgument {}

extension ByteSize: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}
