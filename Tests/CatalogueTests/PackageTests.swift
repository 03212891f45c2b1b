import Catalogue
import Testing

@Suite struct PackageTests {
    @Test func `a stand-in provides the first choice of each dependency at the asked version`() {
        let stanza = StandIn.stanza(
            satisfying: [
                "kmod, initramfs-tools (>= 0.120+deb8u2) | dracut", "linux-base (>= 4.12~)", "perl:any",
            ],
            architecture: "riscv64")
        #expect(
            stanza.contains(
                "\nProvides: kmod, initramfs-tools (= 0.120+deb8u2), linux-base (= 4.12~), perl\n"))
        #expect(stanza.contains("\nArchitecture: riscv64\n"))
        #expect(StandIn.stanza(satisfying: [], architecture: "riscv64").isEmpty)
    }

    @Test func `a module names its dependencies in its information section`() {
        func module(_ text: String) -> [UInt8] { [0x7f, 0x45, 0xff] + Array(text.utf8) + [0, 1, 2] }
        #expect(
            KernelModules.dependencies(of: module("\0license=GPL\0depends=jbd2,mbcache\0name=ext4\0")) == [
                "jbd2", "mbcache",
            ])
        #expect(KernelModules.dependencies(of: module("\0depends=\0name=crc16\0")).isEmpty)
        #expect(KernelModules.dependencies(of: module("softdepends=x")).isEmpty)
        #expect(KernelModules.dependencies(of: []).isEmpty)
    }
}
