/// The calls of SBI 0.1 (chapter 5): one number each, one result in a0, masks of harts in memory.
enum LegacyCall: UInt64 {
    case setTimer = 0
    case consolePutCharacter = 1
    case consoleGetCharacter = 2
    case clearInterrupt = 3
    case sendInterrupt = 4
    case remoteFenceI = 5
    case remoteFenceVMA = 6
    case remoteFenceVMAOfAddressSpace = 7
    case shutdown = 8
}

extension SBI {
    func handle(_ legacy: LegacyCall, _ call: SBICall, from hart: Int) -> SBIOutcome {
        switch legacy {
        case .setTimer: harts.setTimer(call.a0, of: hart)
        case .consolePutCharacter: withUnsafeBytes(of: UInt8(truncatingIfNeeded: call.a0), console.write)
        case .consoleGetCharacter: return .legacy(getCharacter())
        case .clearInterrupt: harts.setSoftwareInterrupt(false, of: hart)
        case .sendInterrupt:
            return forHarts(at: call.a0, hart) { targets in
                for target in targets.indices { harts.setSoftwareInterrupt(true, of: target) }
            }
        case .remoteFenceI: return forHarts(at: call.a0, hart) { harts.fence(.instructions, on: $0) }
        case .remoteFenceVMA:
            let fence = Self.translations(call.a1, size: call.a2, addressSpace: nil)
            return forHarts(at: call.a0, hart) { harts.fence(fence, on: $0) }
        case .remoteFenceVMAOfAddressSpace:
            let fence = Self.translations(call.a1, size: call.a2, addressSpace: call.a3)
            return forHarts(at: call.a0, hart) { harts.fence(fence, on: $0) }
        case .shutdown:
            power(.powerOff)
            return .noReturn
        }
        return .legacy(0)
    }

    /// The byte typed first, or -1.
    private func getCharacter() -> UInt64 {
        var byte: UInt8 = 0
        let count = withUnsafeMutableBytes(of: &byte, console.read)
        return count == 1 ? UInt64(byte) : UInt64.max
    }

    /// Acts on the harts of the mask at virtual address `pointer`; all of them when that is null. Bits beyond the
    /// last hart mean nothing.
    private func forHarts(at pointer: UInt64, _ hart: Int, _ act: (HartSet) -> Void) -> SBIOutcome {
        let all = HartSet.first(harts.count)
        guard pointer != 0 else {
            act(all)
            return .legacy(0)
        }
        guard let mask = harts.load(virtual: pointer, of: hart) else {
            return .legacy(SBIError.invalidAddress.register)
        }
        act(all.intersection(HartSet(rawValue: mask)))
        return .legacy(0)
    }
}
