import Machine

/// A device tree (Devicetree Specification 0.4): what a board tells the software that boots on it.
///
/// A value: build it node by node, then take its `flattened` form.
package struct DeviceTree: Equatable, Sendable {
    /// The node `/`.
    package var root: DeviceTreeNode
    /// Physical ranges that software must leave alone.
    package var reservations: [Reservation]
    /// The hart that boots.
    package var bootHart: UInt32

    /// One entry of the memory reservation block: addresses in bytes.
    package struct Reservation: Equatable, Sendable {
        package let address: UInt64
        package let size: UInt64

        package init(address: UInt64, size: UInt64) {
            self.address = address
            self.size = size
        }
    }

    package init(
        root: DeviceTreeNode = DeviceTreeNode(""), reservations: [Reservation] = [], bootHart: UInt32 = 0
    ) {
        self.root = root
        self.reservations = reservations
        self.bootHart = bootHart
    }

    /// The node at `path`, such as `/soc/serial@10000000`; `/` is the root.
    package func node(at path: String) -> DeviceTreeNode? {
        path.split(separator: "/").reduce(root) { node, name in
            node?.children.first { $0.name == name }
        }
    }
}

/// One node: a name, properties in order, children in order.
package struct DeviceTreeNode: Equatable, Sendable {
    /// With its unit address, such as `cpu@0`; empty for the root.
    package var name: String
    package private(set) var properties: [Property] = []
    package var children: [DeviceTreeNode] = []

    /// A property as it stands in a flattened tree.
    package struct Property: Equatable, Sendable {
        package let name: String
        package let value: [UInt8]
    }

    package init(_ name: String) { self.name = name }

    /// A node for a device at `address`: its `compatible`, `reg` (two cells each for address and size) and
    /// own properties.
    ///
    /// - Parameter interrupts: the specifier within the parent interrupt controller; printed only if the
    ///   device has an interrupt.
    package init(_ device: DeviceDescription, at address: UInt64, interrupts: [UInt32] = []) {
        self.init("\(device.name)@\(String(address, radix: 16))")
        set("compatible", .strings(device.compatible))
        set("reg", .quads([address, device.size]))
        if device.interrupts, !interrupts.isEmpty { set("interrupts", .cells(interrupts)) }
        for property in device.properties { set(property.name, property.value) }
    }

    /// Gives the node a property, in place of one of the same name.
    package mutating func set(_ name: String, _ value: PropertyValue) {
        set(Property(name: name, value: value.encoded))
    }

    mutating func set(_ property: Property) {
        if let index = properties.firstIndex(where: { $0.name == property.name }) {
            properties[index] = property
        } else {
            properties.append(property)
        }
    }

    /// Adds `node` as the last child.
    package mutating func add(_ node: DeviceTreeNode) { children.append(node) }

    /// The bytes of a property; `nil` when there is none of that name.
    package subscript(name: String) -> [UInt8]? { properties.first { $0.name == name }?.value }

    /// A property as big-endian 32-bit cells; `nil` when missing or of another length.
    package func cells(_ name: String) -> [UInt32]? {
        guard let bytes = self[name], bytes.count % 4 == 0 else { return nil }
        return stride(from: 0, to: bytes.count, by: 4).map { start in
            bytes[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }
        }
    }

    /// A property as NUL-terminated strings; `nil` when missing or not terminated.
    package func strings(_ name: String) -> [String]? {
        guard let bytes = self[name], bytes.last == 0 else { return nil }
        return bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}
