/// Numbers as bytes, the lowest first: how tables, registers and debuggers hold them.
package enum LittleEndian {
    /// The low `count` bytes of `value`.
    package static func bytes(_ value: UInt64, _ count: Int = 8) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * min($0, 8))) }
    }

    /// What up to eight bytes stand for; more are ignored.
    package static func value(_ bytes: some Collection<UInt8>) -> UInt64 {
        bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
