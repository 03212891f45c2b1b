import Machine

/// The boot parameters ("zero page") of Linux on x86, and with them everything that the 64-bit boot protocol wants
/// to find: identity page tables, a descriptor table, the command line (Linux, Documentation/arch/x86/boot.rst,
/// "64-bit Boot Protocol", and zero-page.rst).
package struct BootParameters {
    /// Where in low memory each part lies.
    package enum Place {
        package static let parameters: UInt64 = 0x7000
        package static let descriptors: UInt64 = 0x8000
        package static let pageTables: UInt64 = 0x9000
        package static let commandLine: UInt64 = 0x2_0000
        package static let commandLineRoom = 0x1_0000
        static let seed: UInt64 = 0x3_0000
        /// Tables of the firmware, in what is no ordinary RAM.
        package static let firmware: UInt64 = 0xE_0000
        static let lowEnd: UInt64 = 0x9_F000
        static let highStart: UInt64 = 0x10_0000
    }

    /// Null, null, 64-bit code (selector 0x10), data (0x18).
    package static let descriptors: [UInt64] = [0, 0, 0x00AF_9B00_0000_FFFF, 0x00CF_9300_0000_FFFF]

    private enum Field {
        static let acpi = 0x70
        static let mapCount = 0x1E8
        static let loaderType = 0x210
        static let initrd = 0x218
        static let initrdSize = 0x21C
        static let commandLine = 0x228
        static let setupData = 0x250
        static let map = 0x2D0
    }

    /// Kinds of memory in the map.
    private enum Kind {
        static let ram: UInt64 = 1
        static let reserved: UInt64 = 2
    }

    /// The kind of setup data that is a random seed.
    private static let seedType: UInt64 = 9

    private let kernel: BzImage
    private var page = [UInt8](repeating: 0, count: 4096)

    package init(kernel: BzImage) { self.kernel = kernel }

    /// Writes everything. RAM starts at 0 and ends below 3 GiB.
    ///
    /// - Parameters:
    ///   - acpi: physical address of the RSDP.
    ///   - seed: fresh randomness for the kernel's pool.
    package mutating func write(
        to memory: GuestMemory, arguments: String, initrd: Range<UInt64>?, acpi: UInt64, seed: [UInt8] = []
    ) throws(KernelError) {
        let line = Array(arguments.utf8)
        guard line.count <= kernel.commandLineLimit, line.count < Place.commandLineRoom else {
            throw .unsupported("takes a command line of at most \(kernel.commandLineLimit) characters")
        }
        let header = kernel.setupHeader
        page.replaceSubrange(header.offset..<header.offset + header.bytes.count, with: header.bytes)
        page[Field.loaderType] = 0xFF
        set(Field.acpi, acpi, 8)
        set(Field.commandLine, Place.commandLine, 4)
        if let initrd {
            set(Field.initrd, initrd.lowerBound, 4)
            set(Field.initrdSize, initrd.upperBound - initrd.lowerBound, 4)
        }
        if !seed.isEmpty {
            set(Field.setupData, Place.seed, 8)
            let head =
                LittleEndian.bytes(0, 8) + LittleEndian.bytes(Self.seedType, 4)
                + LittleEndian.bytes(UInt64(seed.count), 4)
            try put(head + seed, at: Place.seed, memory)
        }
        describe(memory)
        try put(page, at: Place.parameters, memory)
        try put(line + [0], at: Place.commandLine, memory)
        try put(Self.descriptors.flatMap { LittleEndian.bytes($0, 8) }, at: Place.descriptors, memory)
        try writePageTables(memory)
    }

    private mutating func set(_ offset: Int, _ value: UInt64, _ count: Int) {
        page.replaceSubrange(offset..<offset + count, with: LittleEndian.bytes(value, count))
    }

    private mutating func describe(_ memory: GuestMemory) {
        let ranges: [(Range<UInt64>, UInt64)] = [
            (0..<Place.lowEnd, Kind.ram), (Place.firmware..<Place.highStart, Kind.reserved),
            (Place.highStart..<memory.base + memory.size, Kind.ram),
        ]
        page[Field.mapCount] = UInt8(ranges.count)
        for (index, (range, kind)) in ranges.enumerated() {
            let entry = Field.map + 20 * index
            set(entry, range.lowerBound, 8)
            set(entry + 8, range.upperBound - range.lowerBound, 8)
            set(entry + 16, kind, 4)
        }
    }

    /// The first four gigabytes as themselves, in pages of 2 MiB.
    private func writePageTables(_ memory: GuestMemory) throws(KernelError) {
        let present: UInt64 = 3
        let large: UInt64 = 1 << 7
        try put(LittleEndian.bytes(Place.pageTables + 0x1000 | present, 8), at: Place.pageTables, memory)
        for gigabyte in 0..<UInt64(4) {
            let directory = Place.pageTables + 0x2000 + gigabyte << 12
            try put(
                LittleEndian.bytes(directory | present, 8), at: Place.pageTables + 0x1000 + 8 * gigabyte,
                memory)
            let entries = (0..<UInt64(512)).flatMap {
                LittleEndian.bytes(gigabyte << 30 | $0 << 21 | large | present, 8)
            }
            try put(entries, at: directory, memory)
        }
    }

    private func put(_ bytes: [UInt8], at address: UInt64, _ memory: GuestMemory) throws(KernelError) {
        guard bytes.withUnsafeBytes({ memory.write(address, from: $0) }) else {
            throw .doesNotFit(
                what: "the boot parameters", address: address, size: UInt64(bytes.count),
                ram: memory.base..<memory.base + memory.size)
        }
    }
}
