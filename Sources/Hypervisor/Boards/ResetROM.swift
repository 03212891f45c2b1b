import Machine

/// The first instructions of a machine with firmware: they put the hart's number into `a0`, the device
/// tree into `a1` and a description of the next stage into `a2`, and jump to the firmware.
///
/// The layout follows QEMU's, whose fw_dynamic description (OpenSBI, docs/firmware/fw_dynamic.md) lies
/// right behind the code.
final class ResetROM: Device {
    /// Where the description of the next stage begins.
    static let descriptionOffset: UInt64 = 40

    private let bytes: [UInt8]

    /// - Parameters:
    ///   - entry: physical address of the firmware's first instruction.
    ///   - deviceTree: physical address of the flattened device tree.
    ///   - payload: physical address of what the firmware is to start; 0 when it has that inside.
    init(entry: UInt64, deviceTree: UInt64, payload: UInt64) {
        let code: [UInt32] = [
            0x0000_0297,  // auipc t0, 0
            0x0282_8613,  // addi  a2, t0, 40: the description below
            0xf140_2573,  // csrr  a0, mhartid
            0x0202_b583,  // ld    a1, 32(t0)
            0x0182_b283,  // ld    t0, 24(t0)
            0x0002_8067,  // jr    t0
        ]
        let magic: UInt64 = 0x4942_534f  // "OSBI"
        let version: UInt64 = 2
        let supervisorMode: UInt64 = 1
        let words = [entry, deviceTree, magic, version, payload, supervisorMode, 0, 0]
        bytes =
            code.flatMap { word in withUnsafeBytes(of: word.littleEndian) { Array($0) } }
            + words.flatMap { word in withUnsafeBytes(of: word.littleEndian) { Array($0) } }
    }

    func read(at offset: UInt64, width: AccessWidth) -> UInt64 {
        (0..<UInt64(width.rawValue)).reduce(0) { value, index in
            let (position, overflow) = offset.addingReportingOverflow(index)
            guard !overflow, position < UInt64(bytes.count) else { return value }
            return value | UInt64(bytes[Int(position)]) << (8 * index)
        }
    }

    func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {}

    func reset() {}
}
