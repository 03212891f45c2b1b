extension DeviceTree {
    /// The tree as a flattened device tree blob, version 17.
    package var flattened: [UInt8] {
        var writer = FlattenedWriter()
        writer.add(root)
        return writer.finish(reservations: reservations, bootHart: bootHart)
    }
}

/// Lays out the blocks of a flattened device tree.
private struct FlattenedWriter {
    private var structure: [UInt8] = []
    private var strings: [UInt8] = []
    private var stringOffsets: [String: UInt32] = [:]

    mutating func add(_ node: DeviceTreeNode) {
        append(.beginNode)
        structure += Array(node.name.utf8) + [0]
        align()
        for property in node.properties {
            append(.property)
            structure.append(big: UInt32(truncatingIfNeeded: property.value.count))
            structure.append(big: offset(of: property.name))
            structure += property.value
            align()
        }
        for child in node.children { add(child) }
        append(.endNode)
    }

    /// Header, reservations, structure, strings: the order in which the specification lists them.
    mutating func finish(reservations: [DeviceTree.Reservation], bootHart: UInt32) -> [UInt8] {
        append(.end)
        let structureOffset = FlattenedLayout.headerSize + 16 * (reservations.count + 1)
        let stringsOffset = structureOffset + structure.count
        let header: [UInt32] = [
            FlattenedLayout.magic, UInt32(stringsOffset + strings.count), UInt32(structureOffset),
            UInt32(stringsOffset), UInt32(FlattenedLayout.headerSize), FlattenedLayout.version,
            FlattenedLayout.compatibleVersion, bootHart, UInt32(strings.count), UInt32(structure.count),
        ]
        var blob: [UInt8] = []
        for word in header { blob.append(big: word) }
        for entry in reservations + [.init(address: 0, size: 0)] {
            blob.append(big: entry.address)
            blob.append(big: entry.size)
        }
        return blob + structure + strings
    }

    private mutating func append(_ token: FlattenedLayout.Token) { structure.append(big: token.rawValue) }

    private mutating func align() {
        while structure.count % 4 != 0 { structure.append(0) }
    }

    /// Property names are kept once each.
    private mutating func offset(of name: String) -> UInt32 {
        if let offset = stringOffsets[name] { return offset }
        let offset = UInt32(strings.count)
        strings += Array(name.utf8) + [0]
        stringOffsets[name] = offset
        return offset
    }
}

extension [UInt8] {
    fileprivate mutating func append(big number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }
}
