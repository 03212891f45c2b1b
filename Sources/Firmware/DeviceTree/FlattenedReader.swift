/// Why bytes are no flattened device tree.
package enum DeviceTreeError: Error, Equatable {
    case notADeviceTree
    case unsupportedVersion(UInt32)
    /// A block, string or value reaches past the end.
    case truncated
    /// Tokens in an order that makes no tree.
    case malformed
    /// Nodes nest deeper than any real tree.
    case tooDeep
}

extension DeviceTree {
    /// Reads a flattened tree of version 16 or later. Safe with any bytes.
    package init(flattened blob: [UInt8]) throws(DeviceTreeError) {
        var reader = try FlattenedReader(blob)
        self.init(
            root: try reader.readTree(), reservations: try reader.readReservations(),
            bootHart: reader.bootHart)
    }
}

/// Walks the blocks of a flattened device tree.
private struct FlattenedReader {
    private static let deepest = 64

    private let blob: [UInt8]
    private let strings: Range<Int>
    private let structureEnd: Int
    private let reservationsOffset: Int
    private var position: Int
    let bootHart: UInt32

    init(_ blob: [UInt8]) throws(DeviceTreeError) {
        guard blob.count >= FlattenedLayout.headerSize, blob.big32(0) == FlattenedLayout.magic else {
            throw .notADeviceTree
        }
        let version = blob.big32(20)
        guard version >= FlattenedLayout.compatibleVersion, blob.big32(24) <= FlattenedLayout.version else {
            throw .unsupportedVersion(version)
        }
        let size = Int(blob.big32(4))
        guard size <= blob.count else { throw .truncated }
        self.blob = blob
        bootHart = blob.big32(28)
        reservationsOffset = Int(blob.big32(16))
        strings = try Self.block(at: blob.big32(12), size: blob.big32(32), within: size)
        position = Int(blob.big32(8))
        let structureSize = version >= 17 ? blob.big32(36) : UInt32(max(0, size - position))
        structureEnd = try Self.block(at: blob.big32(8), size: structureSize, within: size).upperBound
        guard position % 4 == 0 else { throw .malformed }
    }

    private static func block(at offset: UInt32, size: UInt32, within total: Int) throws(DeviceTreeError)
        -> Range<Int>
    {
        let end = Int(offset) + Int(size)
        guard end <= total else { throw .truncated }
        return Int(offset)..<end
    }

    mutating func readTree() throws(DeviceTreeError) -> DeviceTreeNode {
        guard try nextToken() == .beginNode else { throw .malformed }
        let root = try readNode(depth: 0)
        guard try nextToken() == .end else { throw .malformed }
        return root
    }

    func readReservations() throws(DeviceTreeError) -> [DeviceTree.Reservation] {
        var reservations: [DeviceTree.Reservation] = []
        var offset = reservationsOffset
        while offset + 16 <= blob.count {
            let (address, size) = (blob.big64(offset), blob.big64(offset + 8))
            if address == 0, size == 0 { return reservations }
            reservations.append(.init(address: address, size: size))
            offset += 16
        }
        throw .truncated
    }

    /// The node whose opening token has just been read.
    private mutating func readNode(depth: Int) throws(DeviceTreeError) -> DeviceTreeNode {
        guard depth < Self.deepest else { throw .tooDeep }
        var node = DeviceTreeNode(try string(at: position, before: structureEnd))
        position += node.name.utf8.count + 1
        align()
        while true {
            switch try nextToken() {
            case .property: node.set(try readProperty())
            case .beginNode: node.add(try readNode(depth: depth + 1))
            case .endNode: return node
            case .nop, .end: throw .malformed
            }
        }
    }

    private mutating func readProperty() throws(DeviceTreeError) -> DeviceTreeNode.Property {
        let count = Int(try nextWord())
        let nameOffset = Int(try nextWord())
        guard nameOffset < strings.count else { throw .truncated }
        let name = try string(at: strings.lowerBound + nameOffset, before: strings.upperBound)
        guard count <= structureEnd - position else { throw .truncated }
        let value = Array(blob[position..<position + count])
        position += count
        align()
        return DeviceTreeNode.Property(name: name, value: value)
    }

    private mutating func nextToken() throws(DeviceTreeError) -> FlattenedLayout.Token {
        while true {
            guard let token = FlattenedLayout.Token(rawValue: try nextWord()) else { throw .malformed }
            if token != .nop { return token }
        }
    }

    private mutating func nextWord() throws(DeviceTreeError) -> UInt32 {
        guard position + 4 <= structureEnd else { throw .truncated }
        defer { position += 4 }
        return blob.big32(position)
    }

    private mutating func align() { position = (position + 3) & ~3 }

    /// Names are ASCII by specification; anything else is refused, so that lengths in bytes agree.
    private func string(at start: Int, before end: Int) throws(DeviceTreeError) -> String {
        guard start <= end, let length = blob[start..<end].firstIndex(of: 0) else { throw .truncated }
        let bytes = blob[start..<length]
        guard bytes.allSatisfy({ $0 < 0x80 }) else { throw .malformed }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension [UInt8] {
    fileprivate func big32(_ offset: Int) -> UInt32 {
        self[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    fileprivate func big64(_ offset: Int) -> UInt64 {
        UInt64(big32(offset)) << 32 | UInt64(big32(offset + 4))
    }
}
