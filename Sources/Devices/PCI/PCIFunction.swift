import Synchronization

/// One PCI function's configuration space (PCI Local Bus Specification 3.0, chapter 6): 256 bytes, of which firmware
/// and drivers may change those that have a write mask.
package final class PCIFunction: Sendable {
    /// What a function says of itself.
    package struct Identity: Sendable {
        package var vendor: UInt16
        package var device: UInt16
        /// Class, subclass and programming interface.
        package var classCode: UInt32
        package var revision: UInt8 = 0
        package var isMultifunction = false
        package var subsystemVendor: UInt16 = 0
        package var subsystem: UInt16 = 0

        package init(vendor: UInt16, device: UInt16, classCode: UInt32) {
            self.vendor = vendor
            self.device = device
            self.classCode = classCode
        }
    }

    private struct Space {
        var bytes: [UInt8]
        let initial: [UInt8]
        var masks = [UInt8](repeating: 0, count: 256)
    }

    private let space: Mutex<Space>

    /// - Parameters:
    ///   - values: further bytes as they are after a reset, by their place.
    ///   - writable: bits that can be written, by the byte's place, besides those of the command register.
    package init(_ identity: Identity, values: [Int: UInt8] = [:], writable: [Int: UInt8] = [:]) {
        var bytes = [UInt8](repeating: 0, count: 256)
        func put(_ place: Int, _ value: UInt32, _ count: Int) {
            for index in 0..<count {
                bytes[place + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index))
            }
        }
        put(0, UInt32(identity.vendor), 2)
        put(2, UInt32(identity.device), 2)
        bytes[8] = identity.revision
        put(9, identity.classCode, 3)
        bytes[0x0E] = identity.isMultifunction ? 0x80 : 0
        put(0x2C, UInt32(identity.subsystemVendor), 2)
        put(0x2E, UInt32(identity.subsystem), 2)
        for (place, value) in values where bytes.indices.contains(place) { bytes[place] = value }
        var space = Space(bytes: bytes, initial: bytes)
        // I/O, memory, bus master; cache line size, latency, interrupt line.
        (space.masks[4], space.masks[0x0C], space.masks[0x0D], space.masks[0x3C]) = (7, 0xFF, 0xFF, 0xFF)
        for (place, mask) in writable where space.masks.indices.contains(place) { space.masks[place] = mask }
        self.space = Mutex(space)
    }

    /// The byte at a place from 0 to 255.
    package func read(_ place: Int) -> UInt8 { space.withLock { $0.bytes[place & 0xFF] } }

    package func write(_ place: Int, _ value: UInt8) {
        space.withLock { space in
            let place = place & 0xFF
            let mask = space.masks[place]
            space.bytes[place] = space.bytes[place] & ~mask | value & mask
        }
    }

    /// Four bytes from a multiple of four.
    package func word(_ place: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(read(place + $1)) << UInt32(8 * $1) }
    }

    package func reset() { space.withLock { $0.bytes = $0.initial } }
}
