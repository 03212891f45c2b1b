/// What a device says about itself, for the board to print as a device tree node (or an ACPI one).
///
/// A device knows neither its address nor its interrupt number: the board adds both.
package struct DeviceDescription: Sendable, Equatable {
    /// The generic node name, such as `serial` (Devicetree Specification 0.4, section 2.2.2).
    package let name: String
    /// Programming models that fit, most exact first.
    package let compatible: [String]
    /// Bytes of address space that the device decodes.
    package let size: UInt64
    /// Whether it drives one interrupt line.
    package let interrupts: Bool
    /// Whatever else a driver must know, in the order to be printed.
    package let properties: [Property]

    /// One named property.
    package struct Property: Sendable, Equatable {
        package let name: String
        package let value: PropertyValue

        package init(_ name: String, _ value: PropertyValue) {
            self.name = name
            self.value = value
        }
    }

    package init(
        name: String, compatible: [String], size: UInt64, interrupts: Bool, properties: [Property] = []
    ) {
        self.name = name
        self.compatible = compatible
        self.size = size
        self.interrupts = interrupts
        self.properties = properties
    }
}

/// A device that can describe itself to the board.
package protocol DescribedDevice: Device {
    /// The same before and after any reset.
    var description: DeviceDescription { get }
}

/// The value of a device tree property (Devicetree Specification 0.4, section 2.2.4).
package enum PropertyValue: Sendable, Equatable {
    /// Present, and that is all.
    case flag
    /// Big-endian 32-bit cells.
    case cells([UInt32])
    /// Big-endian 64-bit numbers: two cells each, as addresses and sizes are.
    case quads([UInt64])
    /// NUL-terminated strings, one after the other.
    case strings([String])
    case bytes([UInt8])

    /// The bytes as they stand in a flattened tree.
    package var encoded: [UInt8] {
        switch self {
        case .flag: []
        case .cells(let cells): cells.flatMap { cell in withUnsafeBytes(of: cell.bigEndian) { Array($0) } }
        case .quads(let quads): quads.flatMap { quad in withUnsafeBytes(of: quad.bigEndian) { Array($0) } }
        case .strings(let strings): strings.flatMap { Array($0.utf8) + [0] }
        case .bytes(let bytes): bytes
        }
    }
}
