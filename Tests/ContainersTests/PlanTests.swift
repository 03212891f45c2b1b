import Testing

@testable import Containers

struct PlanTests {
    @Test func mountOptionsFallIntoFlagsAttributesAndData() {
        let options = MountOptions([
            "rbind", "ro", "nosuid", "rslave", "size=1k", "mode=755", "tmpcopyup", "defaults",
        ])
        #expect(options.isBind && options.isRecursive && options.copiesUp)
        #expect(options.flags == 3)
        #expect(options.set == 3)
        #expect(options.propagation == 1 << 19 && options.propagatesBelow)
        #expect(options.data == ["size=1k", "mode=755"])
    }

    @Test func theLaterOptionCounts() {
        let options = MountOptions(["ro", "rw", "nodev", "dev"])
        #expect(options.flags == 0)
        #expect(options.set == 0)
        #expect(options.cleared == 5)
    }

    @Test func accessTimesAreOneField() {
        let options = MountOptions(["noatime", "strictatime"])
        #expect(options.set == 0x20)
        #expect(options.cleared == 0x70)
    }

    @Test func recursiveOptionsReachSubmounts() {
        let options = MountOptions(["rro", "rnosuid"])
        #expect(options.setBelow == 3)
        #expect(options.set == 0)
    }

    @Test func namespacesAreJoinedInTheOrderOfTheirRights() throws {
        let plan = try NamespacePlan([
            .init(type: "mount", path: "/m"), .init(type: "network", path: "/n"),
            .init(type: "user", path: "/u"),
            .init(type: "pid"),
        ])
        #expect(plan.joined.map(\.kind) == [.user, .network, .mount])
        #expect(plan.needsStage)
        #expect(plan.cloneFlags == 0x2000_0000)
    }

    @Test func aNamespaceTwiceIsRefused() {
        #expect(throws: ContainerError.self) {
            try NamespacePlan([.init(type: "pid"), .init(type: "pid", path: "/x")])
        }
        #expect(throws: ContainerError.self) { try NamespacePlan([.init(type: "gravity")]) }
    }

    @Test func onlySettingsOfOwnNamespacesCanBeChanged() throws {
        let plan = try NamespacePlan([.init(type: "network"), .init(type: "mount")])
        try Sysctls.check("net.ipv4.ip_forward", plan)
        for name in ["kernel.msgmax", "vm.swappiness", "net/../kernel/core_pattern", "kernel.hostname"] {
            #expect(throws: ContainerError.self, "\(name)") { try Sysctls.check(name, plan) }
        }
        #expect(Sysctls.path("net.ipv4.conf.all") == "sys/net/ipv4/conf/all")
        #expect(Sysctls.path("net/ipv4/conf/eth0.1") == "sys/net/ipv4/conf/eth0.1")
    }

    @Test func longListsOfLayersAreHandedOverOneByOne() {
        #expect(
            RootPlan.pairs(["lowerdir=/a:/b", "upperdir=/u", "userxattr"]) == [
                "lowerdir+", "/a", "lowerdir+", "/b", "upperdir", "/u", "userxattr", "",
            ])
    }

    @Test func capabilitiesHaveTheKernelsNumbers() {
        #expect(Capability.number(of: "CAP_CHOWN") == 0)
        #expect(Capability.number(of: "cap_sys_admin") == 21)
        #expect(Capability.number(of: "CAP_CHECKPOINT_RESTORE") == 40)
        let (mask, unknown) = Capability.mask(of: ["CAP_CHOWN", "CAP_KILL", "CAP_FLY"])
        #expect(mask == 0x21)
        #expect(unknown == ["CAP_FLY"])
        #expect(Capability.names(in: mask) == ["CAP_CHOWN", "CAP_KILL"])
    }

    @Test(arguments: [("TERM", Int32(15)), ("SIGKILL", 9), ("9", 9), ("rtmin+3", 37), ("sigusr1", 10)])
    func signalsHaveManyNames(name: String, number: Int32) {
        #expect(SignalName.number(of: name) == number)
    }

    @Test func whatIsNoSignalIsRefused() {
        for name in ["", "65", "-1", "NOPE", "RTMIN+99"] { #expect(SignalName.number(of: name) == nil) }
    }

    @Test func idsAreCheckedBeforeTheyBecomePaths() {
        for id in ["", ".", "..", "a/b", "a b", "é"] { #expect(!RuntimeLayout.isValid(id: id)) }
        for id in ["a", "A_1.2+3-4"] { #expect(RuntimeLayout.isValid(id: id)) }
    }
}
