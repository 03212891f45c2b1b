import Host
import Testing

/// What a `/dev/kvm` is worth, by what can be looked up.
struct KVMSupportTests {
    private func support(
        device: Bool = true, isOpen: Bool = true, isParavirtual: Bool = false, hasExtensions: Bool = true
    ) -> KVMSupport {
        KVMSupport(
            device: device, isOpen: isOpen, isParavirtual: isParavirtual, hasExtensions: hasExtensions)
    }

    @Test func hardwareIsTrustedOnlyWithoutASubstituteForIt() {
        #expect(support() == .hardware)
        #expect(support(isParavirtual: true) == .software)
        #expect(support(hasExtensions: false) == .software)
    }

    @Test func aDeviceThatCannotBeOpenedIsNoUse() {
        #expect(support(device: false, isOpen: false) == .absent)
        #expect(support(isOpen: false, isParavirtual: true) == .closed)
    }
}
