/// Bounds-checked little-endian numbers in the bytes of a file; `nil` past the end.
extension [UInt8] {
    func little16(_ offset: Int) -> UInt16? { little(offset, UInt16.self) }
    func little32(_ offset: Int) -> UInt32? { little(offset, UInt32.self) }
    func little64(_ offset: Int) -> UInt64? { little(offset, UInt64.self) }

    private func little<Number: FixedWidthInteger>(_ offset: Int, _: Number.Type) -> Number? {
        let size = MemoryLayout<Number>.size
        guard offset >= 0, offset <= count - size else { return nil }
        return withUnsafeBytes {
            Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Number.self))
        }
    }
}
