import Machine

/// The registers of a vCPU as XML (GDB manual, "Target Description Format").
enum TargetDescription {
    static func text(_ set: RegisterSet) -> String {
        var number = 0
        var lines = [
            "<?xml version=\"1.0\"?>", "<!DOCTYPE target SYSTEM \"gdb-target.dtd\">",
            "<target version=\"1.0\">", "<architecture>\(set.architecture)</architecture>",
        ]
        for feature in set.features {
            lines.append("<feature name=\"\(feature.name)\">")
            lines += feature.types
            for register in feature.registers {
                lines.append(element(register, number))
                number += 1
            }
            lines.append("</feature>")
        }
        return (lines + ["</target>"]).joined(separator: "\n")
    }

    private static func element(_ register: DebugRegister, _ number: Int) -> String {
        let type = register.type.map { " type=\"\($0)\"" } ?? ""
        let group = register.group.map { " group=\"\($0)\"" } ?? ""
        return
            "<reg name=\"\(register.name)\" bitsize=\"\(register.bits)\" regnum=\"\(number)\"\(type)\(group)/>"
    }
}
