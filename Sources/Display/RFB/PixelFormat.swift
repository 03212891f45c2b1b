/// How a viewer wants its pixels (RFC 6143, section 7.4).
struct PixelFormat: Equatable {
    /// 8, 16 or 32.
    let bitsPerPixel: Int
    let depth: Int
    let isBigEndian: Bool
    let red: Channel
    let green: Channel
    let blue: Channel

    /// One colour's part of a pixel.
    struct Channel: Equatable {
        let most: UInt32
        let shift: UInt32

        /// From 8 bits.
        func encode(_ value: UInt32) -> UInt32 { ((value * most + 127) / 255) << shift }
    }

    /// What the server has, and begins with: 0x00RRGGBB, little-endian.
    static let native = PixelFormat(
        bitsPerPixel: 32, depth: 24, isBigEndian: false, red: Channel(most: 255, shift: 16),
        green: Channel(most: 255, shift: 8), blue: Channel(most: 255, shift: 0))

    private init(
        bitsPerPixel: Int, depth: Int, isBigEndian: Bool, red: Channel, green: Channel, blue: Channel
    ) {
        self.bitsPerPixel = bitsPerPixel
        self.depth = depth
        self.isBigEndian = isBigEndian
        (self.red, self.green, self.blue) = (red, green, blue)
    }

    /// The 16 bytes of the protocol; `nil` for what is no format, or has a palette.
    init?(_ bytes: ArraySlice<UInt8>) {
        let bytes = Array(bytes)
        guard bytes.count == 16, [8, 16, 32].contains(bytes[0]), bytes[3] != 0 else { return nil }
        func channel(_ place: Int, _ shift: Int) -> Channel {
            Channel(most: UInt32(bytes[place]) << 8 | UInt32(bytes[place + 1]), shift: UInt32(bytes[shift]))
        }
        let channels = [channel(4, 10), channel(6, 11), channel(8, 12)]
        let width = UInt64(bytes[0])
        for channel in channels {
            guard channel.shift < width, UInt64(channel.most) << UInt64(channel.shift) < 1 << width else {
                return nil
            }
        }
        self.init(
            bitsPerPixel: Int(bytes[0]), depth: Int(bytes[1]), isBigEndian: bytes[2] != 0, red: channels[0],
            green: channels[1], blue: channels[2])
    }

    var encoded: [UInt8] {
        let channels = [red, green, blue]
        let mosts = channels.flatMap {
            [UInt8(truncatingIfNeeded: $0.most >> 8), UInt8(truncatingIfNeeded: $0.most)]
        }
        return [UInt8(bitsPerPixel), UInt8(depth), isBigEndian ? 1 : 0, 1] + mosts
            + channels.map { UInt8($0.shift) } + [0, 0, 0]
    }

    var bytesPerPixel: Int { bitsPerPixel / 8 }

    /// A pixel 0x00RRGGBB as this format's number.
    func value(_ pixel: UInt32) -> UInt32 {
        if self == .native { return pixel & 0xFF_FFFF }
        return red.encode(pixel >> 16 & 255) | green.encode(pixel >> 8 & 255) | blue.encode(pixel & 255)
    }

    /// Appends a pixel in as many bytes as this format has.
    func append(_ pixel: UInt32, to bytes: inout [UInt8]) {
        append(value(pixel), bytesPerPixel, 0, to: &bytes)
    }

    private func append(_ value: UInt32, _ count: Int, _ low: Int, to bytes: inout [UInt8]) {
        for index in 0..<count {
            let place = isBigEndian ? count - 1 - index : index
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(8 * (place + low))))
        }
    }

    /// Appends a pixel as ZRLE does (section 7.7.5): in three bytes where all colours lie in three.
    func appendCompact(_ pixel: UInt32, to bytes: inout [UInt8]) {
        guard bitsPerPixel == 32, depth <= 24 else { return append(pixel, to: &bytes) }
        let used = [red, green, blue].reduce(UInt32(0)) { $0 | $1.most << $1.shift }
        if used & 0xFF00_0000 == 0 { return append(value(pixel), 3, 0, to: &bytes) }
        if used & 0xFF == 0 { return append(value(pixel), 3, 1, to: &bytes) }
        append(pixel, to: &bytes)
    }
}
