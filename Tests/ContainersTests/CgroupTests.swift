import Testing

@testable import Containers

struct CgroupTests {
    @Test func limitsOfTheFirstVersionAreWrittenAsTheyAre() throws {
        var resources = RuntimeSpec.Resources()
        resources.memory = .init()
        resources.memory?.limit = 100
        resources.memory?.swap = 200
        resources.pids = .init(limit: 5)
        resources.cpu = .init()
        resources.cpu?.quota = 50_000
        let settings = try CgroupLimits.settings(resources, isUnified: false)
        #expect(
            settings == [
                CgroupSetting("memory", "memory.limit_in_bytes", 100),
                CgroupSetting("memory", "memory.memsw.limit_in_bytes", 200),
                CgroupSetting("cpu", "cpu.cfs_quota_us", 50_000), CgroupSetting("pids", "pids.max", 5),
            ])
    }

    @Test func liftingALimitBeginsWithTheLargerOne() throws {
        var resources = RuntimeSpec.Resources()
        resources.memory = .init()
        resources.memory?.limit = -1
        let files = try CgroupLimits.settings(resources, isUnified: false).map(\.file)
        #expect(files == ["memory.memsw.limit_in_bytes", "memory.limit_in_bytes"])
    }

    @Test func swapOfTheSecondVersionCountsAlone() throws {
        var resources = RuntimeSpec.Resources()
        resources.memory = .init()
        resources.memory?.limit = 100
        resources.memory?.swap = 250
        resources.memory?.reservation = -1
        #expect(
            try CgroupLimits.settings(resources, isUnified: true) == [
                CgroupSetting("", "memory.swap.max", 150), CgroupSetting("", "memory.max", 100),
                CgroupSetting("", "memory.low", "max"),
            ])
        resources.memory?.swap = 50
        #expect(throws: ContainerError.self) { try CgroupLimits.settings(resources, isUnified: true) }
    }

    @Test(arguments: [(UInt64(2), UInt64(1)), (1024, 39), (262_144, 10_000), (0, 1), (.max, 10_000)])
    func sharesBecomeWeights(shares: UInt64, weight: UInt64) {
        #expect(CgroupLimits.weight(shares: shares) == weight)
    }

    @Test func filesOutsideTheGroupCannotBeNamed() {
        var resources = RuntimeSpec.Resources()
        resources.unified = ["../x": "1"]
        #expect(throws: ContainerError.self) { try CgroupLimits.settings(resources, isUnified: true) }
    }

    @Test func aHybridHostIsUnderstood() {
        let lines: [Substring] = [
            "30 25 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw",
            "31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
            "32 30 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
        ]
        let hierarchies = CgroupHierarchies(
            mounts: lines.compactMap(MountTable.entry), ownGroups: ["4:cpu,cpuacct:/a", "0::/b"])
        #expect(!hierarchies.isUnified)
        #expect(
            hierarchies.folders(of: "/x") == [
                "cpu": "/sys/fs/cgroup/cpu,cpuacct/x", "cpuacct": "/sys/fs/cgroup/cpu,cpuacct/x",
                "": "/sys/fs/cgroup/unified/x",
            ])
        #expect(hierarchies.folders(of: "y/../z")["cpu"] == "/sys/fs/cgroup/cpu,cpuacct/a/y/z")
    }

    @Test func mountPointsWithSpacesAreReadRight() {
        #expect(MountTable.unescaped(#"/a\040b\134c\9"#) == #"/a b\c\9"#)
    }

    /// A simulator of the few eBPF instructions that device programs have.
    private func isAllowed(
        _ rules: [RuntimeSpec.DeviceRule], _ type: UInt32, _ major: Int32, _ minor: Int32, _ access: UInt32
    ) -> Bool {
        let context = [Int64(access << 16 | type), Int64(major), Int64(minor)]
        var registers = [Int64](repeating: 0, count: 11)
        let program = DeviceRules.program(rules)
        var position = 0
        while position < program.count {
            let step = program[position]
            let target = Int(step.registers & 15)
            let source = Int(step.registers >> 4)
            position += 1
            switch step.code {
            case 0x61: registers[target] = context[Int(step.offset) / 4]
            case 0x54: registers[target] &= Int64(step.value)
            case 0x74: registers[target] >>= Int64(step.value)
            case 0xBC: registers[target] = registers[source]
            case 0xB7: registers[target] = Int64(step.value)
            case 0x55: position += registers[target] != Int64(step.value) ? Int(step.offset) : 0
            case 0x15: position += registers[target] == Int64(step.value) ? Int(step.offset) : 0
            case 0x95: return registers[0] == 1
            default: return false
            }
        }
        return false
    }

    @Test func deviceProgramsDecideAsTheRulesSay() {
        let rules =
            DefaultProfile.deviceRules + [
                .init(allow: true, type: "b", major: 8, minor: 1, access: "r"),
                .init(allow: false, type: "c", major: 1, minor: 9, access: "w"),
            ]
        let (read, write, make): (UInt32, UInt32, UInt32) = (2, 4, 1)
        #expect(isAllowed(rules, 2, 1, 3, read | write))
        #expect(isAllowed(rules, 1, 8, 1, read))
        #expect(!isAllowed(rules, 1, 8, 1, read | write))
        #expect(!isAllowed(rules, 1, 8, 2, read))
        #expect(isAllowed(rules, 1, 8, 2, make))
        #expect(!isAllowed(rules, 2, 1, 9, read | write))
        #expect(isAllowed(rules, 2, 1, 9, read))
        #expect(isAllowed(rules, 2, 136, 77, read | write))
        #expect(!isAllowed(rules, 2, 10, 200, read))
        #expect(!isAllowed([], 2, 1, 3, read))
    }
}
