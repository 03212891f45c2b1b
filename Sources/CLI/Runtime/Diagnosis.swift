import Glibc
import Host
import Model

/// What `viv doctor` finds out.
enum Diagnosis {
    /// How guests of one architecture run here.
    struct Guest: Encodable, Equatable {
        let guest: String
        let host: String
        let engine: String
        let why: String
    }

    /// Something that viv needs or can use.
    struct Finding: Equatable {
        let isGood: Bool
        let text: String
    }

    static func guests(
        on host: String = HostMachine.architecture, isV3: Bool = Processor.isV3, support: KVMSupport = .ofHost
    ) -> [Guest] {
        GuestArchitecture.allCases.map { guest in
            let (engine, why) =
                if host != "x86_64" {
                    ("interpret", "the translator emits x86_64 code only")
                } else if !isV3 {
                    ("interpret", "the translator needs a processor with AVX2, BMI2 and FMA")
                } else {
                    ("translate", reason(guest, host, support))
                }
            return Guest(guest: guest.rawValue, host: host, engine: engine, why: why)
        }
    }

    private static func reason(_ guest: GuestArchitecture, _ host: String, _ support: KVMSupport) -> String {
        if guest.rawValue == host { return reason(support) }
        return "KVM runs guests of the host's CPU only; others are translated to \(host)"
    }

    private static func reason(_ support: KVMSupport) -> String {
        switch support {
        case .hardware: "KVM has hardware here, and is taken by --accel kvm; auto does not trust it yet"
        case .software: "KVM has no hardware here (no VMX or SVM, or kvm_pvm): it emulates a guest's kernel"
        case .absent: "this host has no /dev/kvm"
        case .closed: "/dev/kvm is there, but not for this user"
        }
    }

    static func findings() -> [Finding] {
        [
            machineProgram, runtimeDirectory, tool("apt-get", for: "fetching guests"),
            tool("dpkg-deb", for: "unpacking guests"), tool("mke2fs", for: "making the debian guest's disk"),
            tool("xz", for: "unpacking kernel modules"), kvm,
        ]
    }

    private static var machineProgram: Finding {
        do {
            return Finding(isGood: true, text: "viv-machine: \(try MachineProgram.locate())")
        } catch {
            return Finding(isGood: false, text: error.description)
        }
    }

    private static var runtimeDirectory: Finding {
        do {
            return Finding(isGood: true, text: "control sockets: \(try RuntimeDirectory.standard().path)")
        } catch {
            return Finding(isGood: false, text: error.description)
        }
    }

    private static var kvm: Finding {
        let text =
            switch KVMSupport.ofHost {
            case .hardware: "usable, by --accel kvm"
            case .software: "emulated by software; --accel kvm takes it, slowly"
            case .absent: "not there; no guest needs it"
            case .closed: "not yours to open; no guest needs it"
            }
        return Finding(isGood: true, text: "/dev/kvm: \(text)")
    }

    private static func tool(_ name: String, for purpose: String) -> Finding {
        let folders = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"]
        guard let folder = folders.first(where: { access("\($0)/\(name)", X_OK) == 0 }) else {
            return Finding(isGood: false, text: "\(name), for \(purpose): install it with apt")
        }
        return Finding(isGood: true, text: "\(folder)/\(name), for \(purpose)")
    }
}
