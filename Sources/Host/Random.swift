import CLinux

/// The kernel's random numbers.
package enum Random {
    /// `count` unpredictable bytes.
    package static func bytes(_ count: Int) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        // One call gives up to 256 bytes whole; longer requests may come in parts.
        for start in stride(from: 0, to: count, by: 256) {
            let wanted = min(256, count - start)
            try checked("get random bytes") {
                bytes.withUnsafeMutableBytes { viv_random($0.baseAddress.map { $0 + start }, wanted) }
            }
        }
        return bytes
    }

    /// A short name for a new thing: `digits` hexadecimal digits.
    package static func name(digits: Int) throws(SystemError) -> String {
        let alphabet = Array("0123456789abcdef")
        return String(try bytes(digits).map { alphabet[Int($0 & 15)] })
    }
}
