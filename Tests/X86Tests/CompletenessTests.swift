import ProgramDriver
import Testing
import X86

/// Every instruction that a disassembler of others knows is one for our decoder, and of the same length; what we lack is
/// listed here.
@Suite(.enabled(if: Disassembler.isInstalled, "needs objdump (package binutils)"))
struct CompletenessTests {
    /// No instruction here is longer, and what pads it is nothing but short ones.
    private static let slot = 16

    /// Instructions of extensions that no guest is told of, by how their names begin.
    private static let absent = """
        vmcall vmclear vmfunc vmgexit vmlaunch vmload vmmcall vmptr vmread vmresume vmrun vmsave vmwrite vmx invept invvpid
        invlpga clgi stgi skinit getsec seamcall seamops seamret tdcall encl pvalidate psmash rmp invlpgb tlbsync pconfig
        bnd xabort xbegin xend xtest xsusldtrk xresldtrk rdpkru wrpkru incssp rdssp saveprevssp rstorssp wrss wruss
        setssbsy clrssbsy clui stui testui uiret senduipi monitor mwait umonitor umwait tpause
        clzero rdpru mcommit hreset wrmsrns rdmsrlist wrmsrlist serialize xstore xcrypt xsha montmul rsm
        clwb cldemote clflushopt wbnoinvd prefetchi movdir enqcmd ptwrite rdpid gf2p8 aesencwide aesdecwide aesenc128
        aesenc256 aesdec128 aesdec256 encodekey loadiwkey extrq insertq movntss movntsd llwpcb slwpcb lwp cmp0 aadd aor
        aand axor sysenter sysexit xsave xrstor femms pf pi2fw vprot vpcom kmov
        """.split { $0 == " " || $0 == "\n" }
    /// Prefixes that change nothing or are reserved, registers that there are none of, and branches of 16 bits,
    /// which AMD's processors have and Intel's have not.
    private static let doubtful = """
        rep data16 lock jmpw callw %? %cs %cr1 %cr5 %cr6 %cr7 %db4 %db5
        """.split(separator: " ")

    private static func isAbsent(_ text: Substring) -> Bool {
        text.split { " ,".contains($0) }.contains { word in
            (absent + doubtful).contains { word.hasPrefix($0) }
        }
    }

    private static func instructions() -> [[UInt8]] {
        let prefixes: [[UInt8]] = [
            [], [0x66], [0xF3], [0xF2], [0x48], [0x66, 0x48], [0xF3, 0x48], [0xF2, 0x48],
        ]
        let maps: [[UInt8]] = [[], [0x0F], [0x0F, 0x38], [0x0F, 0x3A]]
        let operands = (0..<8).flatMap { digit in [0x00, 0xC1].map { UInt8($0 | digit << 3) } }
        return prefixes.flatMap { prefix in
            maps.flatMap { map in
                (UInt8.min...UInt8.max).flatMap { opcode in operands.map { prefix + map + [opcode, $0] } }
            }
        }
    }

    @Test func whatOthersDisassembleIsKnown() throws {
        let instructions = Self.instructions()
        let code = instructions.flatMap { $0 + [UInt8](repeating: 0x90, count: Self.slot - $0.count) }
        let theirs = try Disassembler.disassemble(code, step: Self.slot)
        let decoder = Decoder()
        var compared = 0
        var unknown: Set<String> = []
        for (index, bytes) in instructions.enumerated() {
            guard let (length, text) = theirs[index * Self.slot], !text.contains("(bad)"),
                length >= bytes.count - 1, !Self.isAbsent(text)
            else { continue }
            let padded = bytes + [UInt8](repeating: 0x90, count: 16 - bytes.count)
            let own = decoder.decode(padded, count: 16, .bits64)
            if own?.chapter == .branch, bytes[0] == 0x66 { continue }
            // Shown as a part of what follows.
            if own?.op == .fwait { continue }
            compared += 1
            if own?.op == .undefined || own.map({ Int($0.length) }) != length {
                let found = own.map { "\($0.op) of \($0.length)" } ?? "more"
                unknown.insert(
                    "\(UnicornScript.hexadecimal(bytes)) is \(text) of \(length) bytes, not \(found)")
            }
        }
        #expect(compared > 10_000)
        #expect(unknown == [])
    }
}
