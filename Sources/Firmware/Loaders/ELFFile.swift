import Machine

/// A RISC-V ELF64 executable: where its segments go, where it starts, where its symbols are.
struct ELFFile {
    /// A loadable segment, checked against the size of the file.
    struct Segment: Equatable {
        let file: Range<UInt64>
        let virtual: UInt64
        let physical: UInt64
        /// Bytes in memory: those beyond the file's are zero.
        let memorySize: UInt64
    }

    let file: BootFile
    let segments: [Segment]
    /// As linked: physical or virtual.
    private let entry: UInt64
    /// Relocates itself to wherever it is loaded, as firmware does.
    private let isPositionIndependent: Bool
    private let sections: Table

    /// A table of equal records in the file.
    private struct Table {
        let offset: UInt64
        let stride: UInt16
        let count: UInt16
    }

    private enum Number {
        static let headerSize = 64
        static let classOffset = 4
        static let machineRISCV: UInt16 = 243
        static let executable: UInt16 = 2
        static let sharedObject: UInt16 = 3
        static let loadable: UInt32 = 1
        static let symbolTable: UInt32 = 2
        static let programHeaderSize: UInt16 = 56
        static let sectionHeaderSize: UInt16 = 64
        static let symbolSize = 24
    }

    static func isELF(_ head: [UInt8]) -> Bool { head.starts(with: [0x7f] + Array("ELF".utf8)) }

    /// `head` is the start of `file`, 64 bytes or more.
    init(_ file: BootFile, head: [UInt8]) throws(KernelError) {
        try Self.checkKind(head)
        guard head.count >= Number.headerSize, let entry = head.little64(24),
            let programs = head.little64(32),
            let programSize = head.little16(54), let programCount = head.little16(56),
            let sections = head.little64(40), let sectionSize = head.little16(58),
            let sectionCount = head.little16(60)
        else { throw .truncated(what: "the ELF header is incomplete") }
        self.file = file
        self.sections = Table(offset: sections, stride: sectionSize, count: sectionCount)
        let table = Table(offset: programs, stride: programSize, count: programCount)
        segments = try Self.readSegments(file, table)
        guard !segments.isEmpty else { throw .corrupt("the ELF file has nothing to load") }
        self.entry = entry
        isPositionIndependent = head.little16(16) == Number.sharedObject
    }

    private static func checkKind(_ head: [UInt8]) throws(KernelError) {
        guard head.count >= 20, let type = head.little16(16), let machine = head.little16(18) else {
            throw .truncated(what: "the ELF header is incomplete")
        }
        guard head[5] == 1 else { throw .otherArchitecture("a big-endian processor (ELF)") }
        guard machine == Number.machineRISCV else {
            throw .otherArchitecture(machineName(machine) + " (ELF)")
        }
        guard head[Number.classOffset] == 2 else { throw .otherArchitecture("32-bit RISC-V (ELF)") }
        guard type == Number.executable || type == Number.sharedObject else {
            throw .unsupported("is an ELF file but no executable; link it first")
        }
    }

    private static func machineName(_ machine: UInt16) -> String {
        switch machine {
        case 3: "x86"
        case 8: "MIPS"
        case 20, 21: "PowerPC"
        case 22: "s390"
        case 40: "32-bit Arm"
        case 62: "x86-64"
        case 183: "arm64"
        case 258: "LoongArch"
        default: "ELF machine \(machine)"
        }
    }

    private static func readSegments(_ file: BootFile, _ table: Table) throws(KernelError) -> [Segment] {
        guard table.count == 0 || table.stride >= Number.programHeaderSize else {
            throw .corrupt("the program headers are too small")
        }
        let stride = Int(table.stride)
        let headers = try file.bytes(at: table.offset, count: stride * Int(table.count))
        var segments: [Segment] = []
        for start in Swift.stride(from: 0, to: stride * Int(table.count), by: max(stride, 1)) {
            guard let type = headers.little32(start), let offset = headers.little64(start + 8),
                let virtual = headers.little64(start + 16), let physical = headers.little64(start + 24),
                let fileSize = headers.little64(start + 32), let memorySize = headers.little64(start + 40)
            else { throw .truncated(what: "the program headers are incomplete") }
            guard type == Number.loadable, memorySize > 0 else { continue }
            let (end, overflow) = offset.addingReportingOverflow(fileSize)
            guard !overflow, end <= file.size else {
                throw .truncated(what: "a segment reaches past the end")
            }
            guard fileSize <= memorySize else {
                throw .corrupt("a segment is larger in the file than in memory")
            }
            segments.append(
                Segment(file: offset..<end, virtual: virtual, physical: physical, memorySize: memorySize))
        }
        return segments
    }

    /// Addresses in kernels are often virtual: translated by the segment they lie in.
    private func physical(_ address: UInt64) -> UInt64 {
        if segments.contains(where: { address &- $0.physical < $0.memorySize }) { return address }
        guard let home = segments.first(where: { address &- $0.virtual < $0.memorySize }) else {
            return address
        }
        return home.physical &+ (address &- home.virtual)
    }

    /// Places every segment: where it says, or from the start of RAM when the file is position-independent
    /// and linked for elsewhere. Memory beyond a segment's bytes in the file is zeroed.
    func load(into memory: GuestMemory) throws(KernelError) -> KernelImage.Loaded {
        let lowest = segments.map(\.physical).min() ?? 0
        let bias = isPositionIndependent && !memory.contains(lowest, 1) ? memory.base &- lowest : 0
        var highest: UInt64 = 0
        for segment in segments {
            let start = segment.physical &+ bias
            try load(segment, at: start, into: memory)
            highest = max(highest, start + segment.memorySize)
        }
        return KernelImage.Loaded(
            entry: physical(entry) &+ bias, range: lowest &+ bias..<highest,
            toHost: try symbol("tohost").map { physical($0) &+ bias })
    }

    private func load(_ segment: Segment, at start: UInt64, into memory: GuestMemory) throws(KernelError) {
        guard let target = memory.pointer(to: start, count: segment.memorySize) else {
            throw .doesNotFit(
                what: "the kernel", address: start, size: segment.memorySize,
                ram: memory.base..<memory.base + memory.size)
        }
        try file.place(segment.file, at: start, in: memory, as: "the kernel")
        let fileSize = segment.file.upperBound - segment.file.lowerBound
        Self.zero(target + Int(fileSize), Int(segment.memorySize - fileSize))
        memory.didWrite(start, segment.memorySize)
    }

    /// Fresh RAM is zero already: pages are only written that hold something else, so that they stay unbacked.
    private static func zero(_ start: UnsafeMutableRawPointer, _ count: Int) {
        let page = Int(GuestMemory.pageSize)
        for offset in Swift.stride(from: 0, to: count, by: page) {
            let part = UnsafeMutableRawBufferPointer(start: start + offset, count: min(page, count - offset))
            if part.contains(where: { $0 != 0 }) { part.initializeMemory(as: UInt8.self, repeating: 0) }
        }
    }

    /// The value of the first symbol called `name`, if the file has a symbol table with it.
    func symbol(_ name: String) throws(KernelError) -> UInt64? {
        for index in 0..<Int(sections.count) where sections.stride >= Number.sectionHeaderSize {
            guard let section = try section(index), section.type == Number.symbolTable,
                let strings = try self.section(Int(section.link))
            else { continue }
            let names = try contents(strings)
            let symbols = try contents(section)
            let wanted = Array(name.utf8) + [0]
            for start in Swift.stride(from: 0, to: symbols.count, by: Number.symbolSize) {
                guard let nameOffset = symbols.little32(start), let value = symbols.little64(start + 8) else {
                    break
                }
                guard names.dropFirst(Int(nameOffset)).starts(with: wanted) else { continue }
                return value
            }
        }
        return nil
    }

    private struct Section {
        let type: UInt32
        let link: UInt32
        let offset: UInt64
        let size: UInt64
    }

    private func section(_ index: Int) throws(KernelError) -> Section? {
        guard index < Int(sections.count) else { return nil }
        let (offset, overflow) = sections.offset.addingReportingOverflow(
            UInt64(index) * UInt64(sections.stride))
        guard !overflow else { return nil }
        let header = try file.bytes(at: offset, count: Int(Number.sectionHeaderSize))
        guard let type = header.little32(4), let start = header.little64(24), let size = header.little64(32),
            let link = header.little32(40)
        else { return nil }
        return Section(type: type, link: link, offset: start, size: size)
    }

    /// At most 64 MiB of it: no honest symbol table is larger.
    private func contents(_ section: Section) throws(KernelError) -> [UInt8] {
        try file.bytes(at: section.offset, count: Int(min(section.size, 64 << 20)))
    }
}
