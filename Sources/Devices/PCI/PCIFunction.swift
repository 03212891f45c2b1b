import Machine
import Synchronization

/// One PCI function's configuration space (PCI Local Bus Specification 3.0, chapter 6): 256 bytes, of which firmware
/// and drivers may change those that have a write mask, and the registers that its base addresses lead to.
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
        /// 1 for INTA; 0 when the function never interrupts.
        package var interruptPin: UInt8 = 0

        package init(vendor: UInt16, device: UInt16, classCode: UInt32) {
            self.vendor = vendor
            self.device = device
            self.classCode = classCode
        }
    }

    /// What one base address register decodes.
    package struct Region: Sendable {
        package enum Kind: Sendable {
            case ports, memory
            /// 64 bits of address: the next register holds the upper half.
            case wideMemory
            /// Memory without side effects, such as a screen's.
            case prefetchableMemory
        }

        let kind: Kind
        let size: UInt64
        let device: any Device

        /// - Parameter size: a power of two; at least 4 for ports, 16 for memory.
        package init(_ kind: Kind, size: UInt64, _ device: any Device) {
            self.kind = kind
            self.size = size
            self.device = device
        }

        /// The low bits, which tell the kind.
        var tag: UInt32 {
            switch kind {
            case .ports: 1
            case .memory: 0
            case .wideMemory: 4
            case .prefetchableMemory: 8
            }
        }
    }

    /// One entry of the list of capabilities (section 6.7), without the two bytes that every one begins with.
    package struct Capability: Sendable {
        let identifier: UInt8
        let body: [UInt8]
        let masks: [UInt8]

        /// - Parameter masks: bits that can be written, from the first byte of the body on.
        package init(_ identifier: UInt8, _ body: [UInt8], masks: [UInt8] = []) {
            self.identifier = identifier
            self.body = body
            self.masks = masks
        }
    }

    fileprivate struct Space {
        var bytes: [UInt8]
        var initial: [UInt8]
        var masks = [UInt8](repeating: 0, count: 256)
    }

    /// Where the first capability lies.
    static let firstCapability = Place.capabilities

    /// Where things are.
    enum Place {
        static let command = 4
        static let bases = 0x10
        static let rom = 0x30
        static let interruptLine = 0x3C
        static let capabilities = 0x40
    }

    private let space: Mutex<Space>
    private let regions: [Int: Region]
    private let rom: Region?
    private let written: @Sendable (_ place: Int, _ value: UInt8) -> Void

    /// - Parameters:
    ///   - values: further bytes as they are after a reset, by their place.
    ///   - writable: bits that can be written, by the byte's place, besides those of the command register.
    ///   - regions: by the number of their base address register, 0 to 5.
    ///   - rom: an option ROM; a multiple of 512 bytes.
    ///   - capabilities: in their order, from 0x40 on.
    ///   - written: told of each byte that was written, when it has been, with its new value; after a reset of those
    ///     that have masks.
    package init(
        _ identity: Identity, values: [Int: UInt8] = [:], writable: [Int: UInt8] = [:],
        regions: [Int: Region] = [:], rom: [UInt8] = [], capabilities: [Capability] = [],
        written: @escaping @Sendable (_ place: Int, _ value: UInt8) -> Void = { _, _ in }
    ) {
        var space = Space(bytes: [UInt8](repeating: 0, count: 256), initial: [])
        space.identify(identity)
        // I/O, memory, bus master; no INTx; cache line size, latency, interrupt line.
        for (place, mask) in [4: 7, 5: 4, 0x0C: 0xFF, 0x0D: 0xFF, 0x3C: 0xFF] {
            space.masks[place] = UInt8(mask)
        }
        for (index, region) in regions where (0..<6).contains(index) { space.decode(region, index) }
        self.rom = rom.isEmpty ? nil : Region(.memory, size: Self.romSize(rom.count), ROM(rom))
        if let size = self.rom?.size { space.put(mask: ~UInt32(size - 1) | 1, at: Place.rom) }
        space.list(capabilities)
        for (place, value) in values where space.bytes.indices.contains(place) { space.bytes[place] = value }
        for (place, mask) in writable where space.masks.indices.contains(place) { space.masks[place] = mask }
        space.initial = space.bytes
        self.space = Mutex(space)
        self.regions = regions
        self.written = written
    }

    /// Firmware asks for 2 KiB at least.
    private static func romSize(_ count: Int) -> UInt64 {
        var size: UInt64 = 2048
        while size < UInt64(count) { size *= 2 }
        return size
    }

    /// The byte at a place from 0 to 255.
    package func read(_ place: Int) -> UInt8 { space.withLock { $0.bytes[place & 0xFF] } }

    package func write(_ place: Int, _ value: UInt8) {
        let place = place & 0xFF
        let new = space.withLock { space in
            let mask = space.masks[place]
            space.bytes[place] = space.bytes[place] & ~mask | value & mask
            return space.bytes[place]
        }
        written(place, new)
    }

    /// Four bytes from a multiple of four.
    package func word(_ place: Int) -> UInt32 {
        space.withLock { space in
            (0..<4).reduce(0) { $0 | UInt32(space.bytes[(place + $1) & 0xFF]) << UInt32(8 * $1) }
        }
    }

    /// Whether drivers have switched INTx off.
    package var hasNoInterruptPin: Bool { read(5) & 4 != 0 }

    package func reset() {
        for region in regions.values { region.device.reset() }
        let changed = space.withLock { space in
            space.bytes = space.initial
            return space.masks.indices.filter { space.masks[$0] != 0 }.map { ($0, space.bytes[$0]) }
        }
        for (place, value) in changed { written(place, value) }
    }

    /// What the base addresses lead to now.
    func mappings() -> (ports: [PCIWindow.Mapping], memory: [PCIWindow.Mapping]) {
        let command = read(Place.command)
        var (ports, memory): ([PCIWindow.Mapping], [PCIWindow.Mapping]) = ([], [])
        for (index, region) in regions {
            let isPorts = region.kind == .ports
            guard command & (isPorts ? 1 : 2) != 0 else { continue }
            let low = UInt64(word(Place.bases + 4 * index) & (isPorts ? ~3 : ~15))
            let high = region.kind == .wideMemory ? UInt64(word(Place.bases + 4 * index + 4)) << 32 : 0
            let mapping = PCIWindow.Mapping(start: high | low, size: region.size, device: region.device)
            // While a driver finds out sizes, or where no address was given.
            guard mapping.start != 0, mapping.start < (isPorts ? 0x1_0000 : 1 << 52) else { continue }
            if isPorts { ports.append(mapping) } else { memory.append(mapping) }
        }
        let base = word(Place.rom)
        if let rom, base & 1 != 0, command & 2 != 0, base & ~0x7FF != 0 {
            memory.append(PCIWindow.Mapping(start: UInt64(base & ~0x7FF), size: rom.size, device: rom.device))
        }
        return (ports, memory)
    }
}

extension PCIFunction.Space {
    fileprivate mutating func put(_ value: UInt32, _ count: Int, at place: Int) {
        for index in 0..<count {
            bytes[place + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index))
        }
    }

    fileprivate mutating func put(mask: UInt32, at place: Int) {
        for index in 0..<4 { masks[place + index] = UInt8(truncatingIfNeeded: mask >> UInt32(8 * index)) }
    }

    fileprivate mutating func identify(_ identity: PCIFunction.Identity) {
        put(UInt32(identity.vendor), 2, at: 0)
        put(UInt32(identity.device), 2, at: 2)
        bytes[8] = identity.revision
        put(identity.classCode, 3, at: 9)
        bytes[0x0E] = identity.isMultifunction ? 0x80 : 0
        put(UInt32(identity.subsystemVendor), 2, at: 0x2C)
        put(UInt32(identity.subsystem), 2, at: 0x2E)
        bytes[0x3D] = identity.interruptPin
    }

    /// By the bits that stick a driver learns the size.
    fileprivate mutating func decode(_ region: PCIFunction.Region, _ index: Int) {
        let place = PCIFunction.Place.bases + 4 * index
        put(region.tag, 4, at: place)
        put(mask: UInt32(truncatingIfNeeded: ~(region.size - 1)), at: place)
        if region.kind == .wideMemory, index < 5 { put(mask: .max, at: place + 4) }
    }

    fileprivate mutating func list(_ capabilities: [PCIFunction.Capability]) {
        var place = PCIFunction.Place.capabilities
        var link = 0x34
        for capability in capabilities where place + 2 + capability.body.count <= 256 {
            bytes[6] = 0x10
            bytes[link] = UInt8(place)
            bytes[place] = capability.identifier
            for (index, byte) in capability.body.enumerated() { bytes[place + 2 + index] = byte }
            for (index, mask) in capability.masks.enumerated() { masks[place + 2 + index] = mask }
            link = place + 1
            place = (place + 2 + capability.body.count + 3) & ~3
        }
    }
}
