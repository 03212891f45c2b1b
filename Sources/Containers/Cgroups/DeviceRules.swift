import CLinux
import Glibc
import Host

/// Which devices a container may use: files of v1, or a program on v2.
enum DeviceRules {
    /// Settings for `devices.deny` and `devices.allow` of v1.
    static func settings(_ rules: [RuntimeSpec.DeviceRule]) throws(ContainerError) -> [CgroupSetting] {
        var settings: [CgroupSetting] = []
        for rule in rules {
            let line = try line(rule)
            settings.append(CgroupSetting("devices", rule.allow ? "devices.allow" : "devices.deny", line))
        }
        return settings
    }

    /// Everything without a type, number or fewer rights is the kernel's `a`.
    private static func line(_ rule: RuntimeSpec.DeviceRule) throws(ContainerError) -> String {
        let type = kind(rule)
        guard ["a", "b", "c"].contains(type), rule.access?.allSatisfy({ "rwma".contains($0) }) ?? true else {
            throw ContainerError(.invalid, "linux.resources.devices: unknown type or access")
        }
        let access = rights(rule)
        if type == "a" { return "a" }
        return "\(type) \(number(rule.major)):\(number(rule.minor)) \(access)"
    }

    private static func number(_ value: Int64?) -> String {
        value.flatMap { $0 < 0 ? nil : String($0) } ?? "*"
    }

    // MARK: v2

    /// One BPF instruction, as the kernel has it.
    struct Instruction: Equatable {
        var code: UInt8
        var registers: UInt8
        var offset: Int16
        var value: Int32
    }

    /// A program of type CGROUP_DEVICE: later rules override earlier ones, so they are asked first.
    ///
    private static func kind(_ rule: RuntimeSpec.DeviceRule) -> String {
        rule.type.flatMap { $0.isEmpty ? nil : $0 } ?? "a"
    }

    /// No letter means all, and so does `a`, which the kernel knows for types only.
    private static func rights(_ rule: RuntimeSpec.DeviceRule) -> String {
        guard let access = rule.access, !access.isEmpty, !access.contains("a") else { return "rwm" }
        return access
    }

    /// The context (struct bpf_cgroup_dev_ctx) has access << 16 | type, major and minor.
    static func program(_ rules: [RuntimeSpec.DeviceRule]) -> [Instruction] {
        var program = [
            Instruction(code: 0x61, registers: 0x12, offset: 0, value: 0),
            Instruction(code: 0x54, registers: 0x02, offset: 0, value: 0xFFFF),
            Instruction(code: 0x61, registers: 0x13, offset: 0, value: 0),
            Instruction(code: 0x74, registers: 0x03, offset: 0, value: 16),
            Instruction(code: 0x61, registers: 0x14, offset: 4, value: 0),
            Instruction(code: 0x61, registers: 0x15, offset: 8, value: 0),
        ]
        for rule in rules.reversed() {
            let block = block(rule)
            program += block
            if block.count == 2 { return program }
        }
        return program + verdict(false)
    }

    private static func verdict(_ allow: Bool) -> [Instruction] {
        [
            Instruction(code: 0xB7, registers: 0, offset: 0, value: allow ? 1 : 0),
            Instruction(code: 0x95, registers: 0, offset: 0, value: 0),
        ]
    }

    /// Checks that skip to the next block, then the verdict.
    private static func block(_ rule: RuntimeSpec.DeviceRule) -> [Instruction] {
        var checks: [Instruction] = []
        let type = kind(rule)
        func unless(_ register: UInt8, _ value: Int32) {
            checks.append(Instruction(code: 0x55, registers: register, offset: 0, value: value))
        }
        if type != "a" { unless(2, type == "b" ? 1 : 2) }
        let access = rights(rule)
        let mask = zip("mrw", [Int32(1), 2, 4]).reduce(Int32(0)) { access.contains($1.0) ? $0 | $1.1 : $0 }
        if mask != 7 {
            // r1 = asked rights; the rule covers them when nothing but its own remains.
            checks.append(Instruction(code: 0xBC, registers: 0x31, offset: 0, value: 0))
            checks.append(
                Instruction(code: 0x54, registers: 0x01, offset: 0, value: rule.allow ? ~mask & 7 : mask))
            checks.append(Instruction(code: rule.allow ? 0x55 : 0x15, registers: 1, offset: 0, value: 0))
        }
        if type != "a", let major = rule.major, major >= 0 { unless(4, Int32(truncatingIfNeeded: major)) }
        if type != "a", let minor = rule.minor, minor >= 0 { unless(5, Int32(truncatingIfNeeded: minor)) }
        let end = checks.count + 2
        for index in checks.indices where checks[index].code & 7 == 5 {
            checks[index].offset = Int16(end - index - 1)
        }
        return checks + verdict(rule.allow)
    }

    /// Loads the program and attaches it to a folder of v2.
    static func attach(_ rules: [RuntimeSpec.DeviceRule], to folder: String) throws(SystemError) {
        let program = program(rules).map { instruction -> UInt64 in
            UInt64(instruction.code) | UInt64(instruction.registers) << 8
                | UInt64(UInt16(bitPattern: instruction.offset)) << 16
                | UInt64(UInt32(bitPattern: instruction.value)) << 32
        }
        let loaded = try checked("load the device program") {
            viv_load_device_program(program, UInt32(program.count))
        }
        defer { close(loaded) }
        let group = try checked("open \(folder)") { viv_open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0) }
        defer { close(group) }
        try checked("attach the device program to \(folder)") { viv_attach_device_program(group, loaded) }
    }
}
