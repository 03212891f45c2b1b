import CLinux
import Glibc
import Host

/// The host's `/dev/kvm`: where machines come from.
package final class KVMSystem: Sendable {
    /// The only version of the interface there has been since Linux 2.6.22.
    private static let version: Int32 = 12

    let device: FileDescriptor
    /// Bytes that each vCPU shares with the kernel.
    let runSize: Int

    /// Opens the device.
    package convenience init() throws(SystemError) {
        try self.init(device: try FileDescriptor.open("/dev/kvm", O_RDWR))
    }

    /// Takes the opened device over.
    package init(device: consuming FileDescriptor) throws(SystemError) {
        let raw = device.raw
        guard viv_kvm_number(raw, VIV_KVM_API_VERSION, 0) == Self.version else {
            throw SystemError("use /dev/kvm", code: ENOSYS)
        }
        runSize = Int(try checked("use /dev/kvm") { viv_kvm_number(raw, VIV_KVM_RUN_SIZE, 0) })
        self.device = device
    }

    /// The extent to which KVM can do something; 0 for not at all.
    ///
    /// - Parameter number: a `KVM_CAP_` constant.
    package func extent(of number: Int32) -> Int32 {
        max(viv_kvm_number(device.raw, VIV_KVM_CHECK_EXTENSION, UInt(number)), 0)
    }
}
