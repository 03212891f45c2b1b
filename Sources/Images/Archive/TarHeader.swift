/// The 512-byte blocks that stand before members: ustar (POSIX.1-1988), GNU and the older v7 form.
enum TarHeader {
    static let blockSize = 512

    struct Fields {
        var type: UInt8
        var name: String
        var link: String
        var mode: Int64
        var uid: Int64
        var gid: Int64
        var size: Int64
        var modified: Int64
        var userName: String
        var groupName: String
        var major: Int64
        var minor: Int64
        var isGNU: Bool
    }

    /// Whether a block is all zeros, as two are at the end of an archive.
    static func isZero(_ block: UnsafeRawBufferPointer) -> Bool { block.allSatisfy { $0 == 0 } }

    static func parse(_ block: UnsafeRawBufferPointer) throws(ImageError) -> Fields {
        guard checksumMatches(block) else {
            throw ImageError(
                .corrupt, "this is no tar archive, or it is damaged: the checksum of a header is wrong")
        }
        let isGNU = block[257..<265].elementsEqual("ustar  \0".utf8)
        let isUstar = block[257..<262].elementsEqual("ustar".utf8)
        var name = text(block, 0, 100)
        if isUstar, !isGNU {
            let prefix = text(block, 345, 155)
            if !prefix.isEmpty { name = "\(prefix)/\(name)" }
        }
        return Fields(
            type: block[156], name: name, link: text(block, 157, 100),
            mode: try number(block, 100, 8), uid: try number(block, 108, 8), gid: try number(block, 116, 8),
            size: try number(block, 124, 12), modified: try number(block, 136, 12),
            userName: isUstar ? text(block, 265, 32) : "", groupName: isUstar ? text(block, 297, 32) : "",
            major: isUstar ? try number(block, 329, 8) : 0, minor: isUstar ? try number(block, 337, 8) : 0,
            isGNU: isGNU)
    }

    /// The sum of all bytes, the checksum itself counted as spaces; some old programs summed signed bytes.
    private static func checksumMatches(_ block: UnsafeRawBufferPointer) -> Bool {
        guard let stored = try? number(block, 148, 8) else { return false }
        var unsigned: Int64 = 0
        var signed: Int64 = 0
        for (index, byte) in block.enumerated() {
            let value = (148..<156).contains(index) ? 0x20 : byte
            unsigned += Int64(value)
            signed += Int64(Int8(bitPattern: value))
        }
        return stored == unsigned || stored == signed
    }

    /// Up to the first NUL.
    static func text(_ block: UnsafeRawBufferPointer, _ offset: Int, _ length: Int) -> String {
        FileName.decode(block[offset..<offset + length].prefix { $0 != 0 })
    }

    /// Octal digits with spaces or NULs around them, or base 256 where the first bit is set.
    static func number(_ block: UnsafeRawBufferPointer, _ offset: Int, _ length: Int) throws(ImageError)
        -> Int64
    {
        let field = block[offset..<offset + length]
        if block[offset] & 0x80 != 0 { return try binary(field) }
        var value: Int64 = 0
        var hasEnded = false
        for byte in field.drop(while: { $0 == 0x20 || $0 == 0 }) {
            if byte == 0x20 || byte == 0 {
                hasEnded = true
                continue
            }
            guard (0x30...0x37).contains(byte), !hasEnded else { throw malformed }
            value = value << 3 | Int64(byte - 0x30)
        }
        return value
    }

    /// Big-endian two's complement without the first bit.
    private static func binary(_ field: Slice<UnsafeRawBufferPointer>) throws(ImageError) -> Int64 {
        let first = field[field.startIndex]
        let isNegative = first & 0x40 != 0
        var value: Int64 = isNegative ? -1 : 0
        for (index, byte) in field.enumerated() {
            let byte = index == 0 ? (isNegative ? first | 0x80 : first & 0x7f) : byte
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 256)
            guard !overflow else { throw malformed }
            value = shifted | Int64(byte)
        }
        return value
    }

    private static let malformed = ImageError(.corrupt, "a number in a tar header is malformed")
}
