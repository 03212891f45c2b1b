import Machine
import Synchronization

/// QEMU's firmware configuration device (docs/specs/fw_cfg): a selector of 16 bits at its first port, and at the second
/// the bytes of the item selected, one after the other. Items cannot be written, and there is no DMA.
package final class FirmwareConfiguration: Device {
    package static let size: UInt64 = 2
    /// Items with numbers of their own.
    package enum Item {
        package static let signature: UInt16 = 0
        package static let version: UInt16 = 1
        package static let memorySize: UInt16 = 3
        package static let hasNoGraphics: UInt16 = 4
        package static let processors: UInt16 = 5
        package static let bootMenu: UInt16 = 0x0E
        package static let mostProcessors: UInt16 = 0x0F
        /// The timer's interrupt is at input 2 of the I/O APIC.
        package static let timerOverride: UInt16 = 0x8002
        static let directory: UInt16 = 0x19
        static let firstFile: UInt16 = 0x20
    }

    private static let nameSize = 56

    private struct Cursor {
        var item: UInt16 = 0
        var position = 0
    }

    private let items: [UInt16: [UInt8]]
    private let cursor = Mutex(Cursor())

    /// - Parameters:
    ///   - numbers: items that are little-endian numbers; readers take as many bytes as they know of.
    ///   - files: what firmware finds by name, 55 bytes at most, in the directory's order.
    package init(numbers: [UInt16: UInt64], files: [(name: String, bytes: [UInt8])]) {
        var items: [UInt16: [UInt8]] = [Item.signature: Array("QEMU".utf8), Item.version: [1, 0, 0, 0]]
        for (item, value) in numbers { items[item] = LittleEndian.bytes(value) }
        var directory = Self.big(UInt32(files.count), 4)
        for (index, file) in files.enumerated() {
            let item = Item.firstFile + UInt16(index)
            items[item] = file.bytes
            let name = Array(file.name.utf8.prefix(Self.nameSize - 1))
            directory += Self.big(UInt32(file.bytes.count), 4) + Self.big(UInt32(item), 2) + [0, 0]
            directory += name + [UInt8](repeating: 0, count: Self.nameSize - name.count)
        }
        items[Item.directory] = directory
        self.items = items
    }

    private static func big(_ value: UInt32, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    }

    /// Behind the end of an item there are zeroes.
    package func read(at offset: UInt64, width: AccessWidth) -> UInt64 {
        guard offset == 1, width == .byte else { return 0 }
        return cursor.withLock { cursor in
            guard let bytes = items[cursor.item], cursor.position < bytes.count else { return 0 }
            defer { cursor.position += 1 }
            return UInt64(bytes[cursor.position])
        }
    }

    package func write(at offset: UInt64, width: AccessWidth, _ value: UInt64) {
        guard offset == 0, width != .byte else { return }
        // Bit 14 asks to write, bit 15 for what depends on the architecture: both are parts of the number.
        cursor.withLock { $0 = Cursor(item: UInt16(truncatingIfNeeded: value)) }
    }

    package func reset() { cursor.withLock { $0 = Cursor() } }
}
