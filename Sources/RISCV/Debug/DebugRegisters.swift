import Machine

/// A hart's registers under the names and in the features that GDB knows (GDB manual, "RISC-V Features").
enum DebugRegisters {
    static let set = RegisterSet(
        architecture: "riscv:rv64", general: 33,
        [
            RegisterFeature("org.gnu.gdb.riscv.cpu", integers),
            RegisterFeature("org.gnu.gdb.riscv.fpu", types: [double], floats),
            RegisterFeature(
                "org.gnu.gdb.riscv.csr",
                controls.map { DebugRegister($0.name, bits: 64, group: "csr") }),
            RegisterFeature("org.gnu.gdb.riscv.virtual", [DebugRegister("priv", bits: 64)]),
        ])

    /// Where each kind begins.
    static let pc = 32
    static let firstFloat = 33
    static let firstFloatControl = 65
    static let firstControl = 68
    static let privilege = firstControl + controls.count

    private static let integers: [DebugRegister] =
        [
            "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "fp", "s1", "a0", "a1", "a2", "a3", "a4", "a5",
            "a6",
            "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
        ].map { DebugRegister($0, bits: 64, type: types[$0] ?? "int") }
        + [DebugRegister("pc", bits: 64, type: "code_ptr")]

    private static let types = [
        "ra": "code_ptr", "sp": "data_ptr", "gp": "data_ptr", "tp": "data_ptr", "fp": "data_ptr",
    ]

    /// A register holds a single or a double.
    private static let double = """
        <union id="riscv_double"><field name="float" type="ieee_single"/>\
        <field name="double" type="ieee_double"/></union>
        """

    private static let floats: [DebugRegister] =
        [
            "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "fs0", "fs1", "fa0", "fa1", "fa2", "fa3",
            "fa4", "fa5", "fa6", "fa7", "fs2", "fs3", "fs4", "fs5", "fs6", "fs7", "fs8", "fs9", "fs10",
            "fs11",
            "ft8", "ft9", "ft10", "ft11",
        ].map { DebugRegister($0, bits: 64, type: "riscv_double") }
        + floatControls.map { DebugRegister($0.name, bits: 32, type: "int", group: "float") }

    static let floatControls: [(name: String, number: UInt16)] = [
        ("fflags", RegisterNumber.fflags), ("frm", RegisterNumber.frm),
        ("fcsr", RegisterNumber.fcsr),
    ]

    static let controls: [(name: String, number: UInt16)] =
        [
            ("sstatus", RegisterNumber.sstatus), ("sie", RegisterNumber.sie), ("stvec", RegisterNumber.stvec),
            ("scounteren", RegisterNumber.scounteren), ("sscratch", RegisterNumber.sscratch),
            ("sepc", RegisterNumber.sepc), ("scause", RegisterNumber.scause),
            ("stval", RegisterNumber.stval),
            ("sip", RegisterNumber.sip), ("satp", RegisterNumber.satp), ("mstatus", RegisterNumber.mstatus),
            ("misa", RegisterNumber.misa), ("medeleg", RegisterNumber.medeleg),
            ("mideleg", RegisterNumber.mideleg), ("mie", RegisterNumber.mie),
            ("mtvec", RegisterNumber.mtvec),
            ("mcounteren", RegisterNumber.mcounteren), ("mscratch", RegisterNumber.mscratch),
            ("mepc", RegisterNumber.mepc), ("mcause", RegisterNumber.mcause),
            ("mtval", RegisterNumber.mtval),
            ("mip", RegisterNumber.mip), ("pmpcfg0", RegisterNumber.pmpcfg0),
            ("pmpcfg2", RegisterNumber.pmpcfg2),
            ("mhartid", RegisterNumber.mhartid), ("cycle", RegisterNumber.cycle),
            ("time", RegisterNumber.time),
            ("instret", RegisterNumber.instret),
        ] + (0..<16 as Range<UInt16>).map { ("pmpaddr\($0)", RegisterNumber.pmpaddr0 + $0) }
}
