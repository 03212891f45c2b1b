import Machine
import Synchronization

/// A space of addresses in which PCI functions show their registers wherever drivers put them. Where nothing is, all
/// bits read as ones.
package final class PCIWindow: Device {
    struct Mapping: Sendable {
        let start: UInt64
        let size: UInt64
        let device: any Device

        /// Where in the mapping an access lies that is wholly in it.
        func offset(of address: UInt64, _ width: AccessWidth) -> UInt64? {
            let offset = address &- start
            return offset < size && UInt64(width.rawValue) <= size - offset ? offset : nil
        }
    }

    private let mappings = Mutex<[Mapping]>([])

    func replace(_ new: [Mapping]) { mappings.withLock { $0 = new } }

    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 {
        guard let (device, offset) = target(offset, width) else {
            return width == .double ? .max : 1 << (8 * UInt64(width.rawValue)) - 1
        }
        return device.read(at: offset, width: width)
    }

    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        guard let (device, offset) = target(offset, width) else { return }
        device.write(at: offset, width: width, value)
    }

    package func reset() {}

    private func target(_ address: UInt64, _ width: AccessWidth) -> (any Device, UInt64)? {
        mappings.withLock { mappings in
            for mapping in mappings {
                if let offset = mapping.offset(of: address, width) { return (mapping.device, offset) }
            }
            return nil
        }
    }
}
