/// A number of bytes as people write it: `512M`, `1G`, `64K`, `4096`; units are powers of 1024.
package struct ByteSize: Equatable, Sendable, CustomStringConvertible {
    package let bytes: UInt64

    package init(bytes: UInt64) { self.bytes = bytes }

    /// Parses digits and an optional unit K, M, G or T, in either case, with an optional `B` or `iB`.
    ///
    /// - Returns: `nil` for anything else and for sizes of 2⁶⁴ bytes and more.
    package init?(_ text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = UInt64(digits),
            let shift = Self.shift(of: text.dropFirst(digits.count).lowercased())
        else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: 1 << shift)
        guard !overflow else { return nil }
        bytes = product
    }

    private static func shift(of unit: String) -> UInt64? {
        switch unit {
        case "", "b": 0
        case "k", "kb", "kib": 10
        case "m", "mb", "mib": 20
        case "g", "gb", "gib": 30
        case "t", "tb", "tib": 40
        default: nil
        }
    }

    /// The largest unit that divides the size: `1G`, `1536M`, `100`.
    package var description: String {
        for (shift, unit) in [(40, "T"), (30, "G"), (20, "M"), (10, "K")] as [(UInt64, String)]
        where bytes > 0 && bytes & ((1 << shift) - 1) == 0 {
            return "\(bytes >> shift)\(unit)"
        }
        return "\(bytes)"
    }
}
