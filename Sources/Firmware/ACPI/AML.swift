import Machine

/// The few terms of ACPI's machine language that our boards need (ACPI 6.5, chapter 20).
enum AML {
    /// A scope of the root, such as `\_SB`.
    static func scope(_ name: String, _ terms: [UInt8]) -> [UInt8] {
        let body: [UInt8] = [0x5C] + segment(name) + terms
        return [0x10] + length(body.count) + body
    }

    static func device(_ name: String, _ terms: [UInt8]) -> [UInt8] {
        let body = segment(name) + terms
        return [0x5B, 0x82] + length(body.count) + body
    }

    static func name(_ name: String, _ value: [UInt8]) -> [UInt8] { [0x08] + segment(name) + value }

    /// A name in the root.
    static func rootName(_ name: String, _ value: [UInt8]) -> [UInt8] {
        [0x08, 0x5C] + segment(name) + value
    }

    static func integer(_ value: UInt64) -> [UInt8] {
        switch value {
        case 0: [0x00]
        case 1: [0x01]
        case ...0xFF: [0x0A] + LittleEndian.bytes(value, 1)
        case ...0xFFFF: [0x0B] + LittleEndian.bytes(value, 2)
        case ...0xFFFF_FFFF: [0x0C] + LittleEndian.bytes(value, 4)
        default: [0x0E] + LittleEndian.bytes(value, 8)
        }
    }

    static func string(_ text: String) -> [UInt8] { [0x0D] + Array(text.utf8) + [0] }

    /// An EISA identifier such as `PNP0501`, compressed into 32 bits.
    static func eisa(_ identifier: String) -> [UInt8] {
        let letters = identifier.utf8.prefix(3).reduce(UInt32(0)) { $0 << 5 | UInt32($1 & 0x1F) }
        let number = UInt32(identifier.dropFirst(3), radix: 16) ?? 0
        return integer(UInt64((letters << 16 | number).byteSwapped))
    }

    static func package(_ elements: [[UInt8]]) -> [UInt8] {
        let body: [UInt8] = [UInt8(elements.count)] + elements.joined()
        return [0x12] + length(body.count) + body
    }

    /// `_CRS` and its like: descriptors and the end tag, whose checksum 0 counts as right.
    static func resources(_ descriptors: [[UInt8]]) -> [UInt8] {
        let bytes: [UInt8] = descriptors.joined() + [0x79, 0x00]
        let body = integer(UInt64(bytes.count)) + bytes
        return [0x11] + length(body.count) + body
    }

    // MARK: Resources (section 6.4)

    static func memory(_ address: UInt32, size: UInt32) -> [UInt8] {
        [0x86, 9, 0, 1] + LittleEndian.bytes(UInt64(address), 4) + LittleEndian.bytes(UInt64(size), 4)
    }

    static func ports(_ first: UInt16, count: UInt8) -> [UInt8] {
        [0x47, 1] + LittleEndian.bytes(UInt64(first), 2) + LittleEndian.bytes(UInt64(first), 2) + [1, count]
    }

    /// A level-triggered, active-high input of the interrupt controller.
    static func interrupt(_ input: UInt32) -> [UInt8] {
        [0x89, 6, 0, 1, 1] + LittleEndian.bytes(UInt64(input), 4)
    }

    // MARK: Encoding

    /// Four characters, filled up with underscores.
    private static func segment(_ name: String) -> [UInt8] {
        Array(name.utf8.prefix(4)) + [UInt8](repeating: UInt8(ascii: "_"), count: max(0, 4 - name.utf8.count))
    }

    /// A package's length, which counts itself (section 20.2.4).
    private static func length(_ body: Int) -> [UInt8] {
        if body + 1 < 0x40 { return [UInt8(body + 1)] }
        if body + 2 < 0x1000 { return [0x40 | UInt8((body + 2) & 0xF), UInt8((body + 2) >> 4)] }
        let total = body + 3
        return [0x80 | UInt8(total & 0xF), UInt8(total >> 4 & 0xFF), UInt8(total >> 12 & 0xFF)]
    }
}
