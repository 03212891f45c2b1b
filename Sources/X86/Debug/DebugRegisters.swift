import Machine

/// A core's registers under the names and in the features that GDB knows (GDB manual, "i386 Features").
enum DebugRegisters {
    static let set = RegisterSet(
        architecture: "i386:x86-64", general: segmentBases,
        [
            RegisterFeature("org.gnu.gdb.i386.core", types: [flags], general + floats),
            RegisterFeature("org.gnu.gdb.i386.sse", types: vectorTypes, vectors),
            RegisterFeature("org.gnu.gdb.i386.segments", wide(["fs_base", "gs_base"])),
            RegisterFeature(
                "org.vivarium.i386.system",
                wide(["k_gs_base", "cr0", "cr2", "cr3", "cr4", "cr8", "efer"])),
        ])

    // Where each kind begins.
    static let rip = 16
    static let eflags = 17
    static let segments = 18
    static let floatStack = 24
    static let floatControl = 32
    static let vector = 40
    static let mxcsr = 56
    static let segmentBases = 57
    static let system = 59

    /// GDB's order of the general registers, as numbers of the instruction set.
    static let order = [0, 3, 1, 2, 6, 7, 5, 4, 8, 9, 10, 11, 12, 13, 14, 15]
    /// GDB's order of the segment registers.
    static let segmentOrder = [
        SegmentSlot.cs, SegmentSlot.ss, SegmentSlot.ds, SegmentSlot.es, SegmentSlot.fs, SegmentSlot.gs,
    ]

    private static let general: [DebugRegister] =
        wide(["rax", "rbx", "rcx", "rdx", "rsi", "rdi"])
        + ["rbp", "rsp"].map { DebugRegister($0, bits: 64, type: "data_ptr") }
        + wide(["r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"])
        + [
            DebugRegister("rip", bits: 64, type: "code_ptr"),
            DebugRegister("eflags", bits: 32, type: "i386_eflags"),
        ]
        + ["cs", "ss", "ds", "es", "fs", "gs"].map { DebugRegister($0, bits: 32, type: "int32") }

    private static let floats: [DebugRegister] =
        (0..<8).map { DebugRegister("st\($0)", bits: 80, type: "i387_ext") }
        + ["fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop"].map {
            DebugRegister($0, bits: 32, type: "int", group: "float")
        }

    private static let vectors: [DebugRegister] =
        (0..<16).map { DebugRegister("xmm\($0)", bits: 128, type: "vec128") }
        + [DebugRegister("mxcsr", bits: 32, type: "int", group: "vector")]

    private static func wide(_ names: [String]) -> [DebugRegister] {
        names.map { DebugRegister($0, bits: 64, type: "int64") }
    }

    private static let flags: String = {
        let bits: KeyValuePairs = [
            "CF": 0, "PF": 2, "AF": 4, "ZF": 6, "SF": 7, "TF": 8, "IF": 9, "DF": 10, "OF": 11, "NT": 14,
            "RF": 16, "VM": 17, "AC": 18, "VIF": 19, "VIP": 20, "ID": 21,
        ]
        let fields = bits.map { "<field name=\"\($0.key)\" start=\"\($0.value)\" end=\"\($0.value)\"/>" }
        return "<flags id=\"i386_eflags\" size=\"4\">\(fields.joined())</flags>"
    }()

    private static let vectorTypes: [String] = {
        let views: KeyValuePairs = [
            "v4_float": ("ieee_single", 4), "v2_double": ("ieee_double", 2), "v16_int8": ("int8", 16),
            "v8_int16": ("int16", 8), "v4_int32": ("int32", 4), "v2_int64": ("int64", 2),
        ]
        let vectors = views.map {
            "<vector id=\"\($0.key)_vector\" type=\"\($0.value.0)\" count=\"\($0.value.1)\"/>"
        }
        let fields = views.map { "<field name=\"\($0.key)\" type=\"\($0.key)_vector\"/>" }
        let whole = "<field name=\"uint128\" type=\"uint128\"/>"
        return vectors + ["<union id=\"vec128\">\(fields.joined())\(whole)</union>"]
    }()
}
