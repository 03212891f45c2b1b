/// RFC 4648, with padding.
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    package static func encode(_ bytes: [UInt8], isForURLs: Bool = false) -> String {
        var result: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = (0..<3).reduce(0) { $0 << 8 | ($1 < group.count ? Int(group[start + $1]) : 0) }
            for index in 0..<4 {
                result.append(
                    index <= group.count ? alphabet[bits >> (18 - 6 * index) & 63] : UInt8(ascii: "="))
            }
        }
        let text = String(decoding: result, as: UTF8.self)
        return isForURLs ? String(text.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }) : text
    }

    /// `nil` for anything but groups of four digits; padding may be missing.
    package static func decode(_ text: String) -> [UInt8]? {
        var bits = 0
        var count = 0
        var result: [UInt8] = []
        for byte in text.utf8 where byte != UInt8(ascii: "=") {
            guard let value = alphabet.firstIndex(of: byte) else { return nil }
            bits = (bits << 6 | value) & 0xffffff
            count += 6
            if count >= 8 {
                count -= 8
                result.append(UInt8(bits >> count & 0xff))
            }
        }
        return result
    }
}
