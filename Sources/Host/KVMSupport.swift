import CLinux
import Glibc

/// What the host's KVM is worth: looked up, not tried.
package enum KVMSupport: Equatable, Sendable {
    /// The processor runs guests by itself.
    case hardware
    /// There is a `/dev/kvm`, but no processor behind it: it emulates the guest's kernel, at some million instructions
    /// a second.
    case software
    case absent
    /// It is there, but not for this user.
    case closed

    package static var ofHost: KVMSupport {
        let device = access("/dev/kvm", F_OK) == 0
        return KVMSupport(
            device: device, isOpen: access("/dev/kvm", R_OK | W_OK) == 0,
            isParavirtual: access("/sys/module/kvm_pvm", F_OK) == 0, hasExtensions: hasExtensions)
    }

    /// - Parameters:
    ///   - isParavirtual: the kernel has loaded KVM's back end for hosts without virtualisation.
    ///   - hasExtensions: CPUID tells of VMX or SVM.
    package init(device: Bool, isOpen: Bool, isParavirtual: Bool, hasExtensions: Bool) {
        if !device {
            self = .absent
        } else if !isOpen {
            self = .closed
        } else {
            self = hasExtensions && !isParavirtual ? .hardware : .software
        }
    }

    /// VMX: leaf 1, ECX bit 5. SVM: leaf 0x8000_0001, ECX bit 2 (SDM, APM: CPUID).
    private static var hasExtensions: Bool {
        var words = [UInt32](repeating: 0, count: 4)
        viv_cpuid(1, 0, &words)
        if words[2] & 1 << 5 != 0 { return true }
        viv_cpuid(0x8000_0000, 0, &words)
        guard words[0] > 0x8000_0000 else { return false }
        viv_cpuid(0x8000_0001, 0, &words)
        return words[2] & 1 << 2 != 0
    }
}
