import ArgumentParser
import Model

/// The engines a user can ask for; more than there are, so that a refusal can say why.
enum AcceleratorOption: String, ExpressibleByArgument, CaseIterable, Sendable {
    case auto, translate, interpret, kvm

    // KVM is understood but not offered: nobody need be led to what is refused.
    static var allValueStrings: [String] { ["auto", "translate", "interpret"] }

    /// The engine for a guest of `arch`, or why there is none.
    func accelerator(for arch: GuestArchitecture) throws(Failure) -> Accelerator {
        switch self {
        case .auto: return .auto
        case .translate: return .translate
        case .interpret: return .interpret
        case .kvm:
            let host = HostMachine.architecture
            throw .refused("KVM cannot run \(arch.rawValue) guests on this \(host) host: use --accel auto")
        }
    }
}

extension GuestArchitecture: ExpressibleByArgument {}

extension MachineBoard: ExpressibleByArgument {}

extension CPUModel: ExpressibleByArgument {}

extension ByteSize: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}
