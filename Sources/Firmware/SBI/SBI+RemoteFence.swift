/// Remote fences (chapter 8). Those for a hypervisor extension are not offered, as no hart has one.
extension SBI {
    func remoteFence(_ call: SBICall) -> SBIReply {
        guard call.functionID < 3 else { return SBIReply(.notSupported) }
        guard let targets = harts(mask: call.a0, base: call.a1) else { return SBIReply(.invalidParameter) }
        let fence: RemoteFence =
            switch call.functionID {
            case 0: .instructions
            case 1: Self.translations(call.a2, size: call.a3, addressSpace: nil)
            default: Self.translations(call.a2, size: call.a3, addressSpace: call.a4)
            }
        harts.fence(fence, on: targets)
        return .success()
    }

    /// Ranges that are empty, endless or wrap around become all addresses: forgetting more than asked for is
    /// always allowed.
    static func translations(_ start: UInt64, size: UInt64, addressSpace: UInt64?) -> RemoteFence {
        let (last, overflow) = start.addingReportingOverflow(size &- 1)
        let bounded = size != 0 && size != UInt64.max && !overflow
        return .translations(
            addresses: bounded ? start...last : nil,
            addressSpace: addressSpace.map { UInt16(truncatingIfNeeded: $0) })
    }
}
