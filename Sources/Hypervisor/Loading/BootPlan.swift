import CLinux
import Firmware
import Glibc
import Machine
import Model

/// The files that a machine starts from, recognised and checked; it can load them again and again.
struct BootPlan {
    /// How the harts begin.
    struct Start: Sendable {
        /// Machine mode, every hart at once; otherwise supervisor mode, hart 0 alone.
        var machineMode: Bool
        /// Physical address of the first instruction.
        var entry: UInt64
        /// Physical address of the flattened device tree.
        var deviceTree: UInt64
        /// What firmware is to start next; 0 when that is its own business.
        var payload: UInt64
        /// Where a test program reports its result, if it does.
        var toHost: UInt64?
    }

    /// Boot loaders and firmware add nodes to the tree they find.
    private static let deviceTreeSlack: UInt64 = 64 << 10
    private static let superpage: UInt64 = 2 << 20

    private enum Program {
        case recognised(KernelImage)
        case raw(BootFile)
    }

    /// A program in RAM; see `KernelImage.Loaded`.
    private struct Placed {
        let entry: UInt64
        let range: Range<UInt64>
        let toHost: UInt64?
    }

    private let kernel: Program?
    private let firmware: Program?
    private let initrd: BootFile?

    /// Looks at the files; says in one line which cannot be used and why.
    init(_ spec: MachineSpec) throws(MachineError) {
        firmware = try spec.firmware.map { (file) throws(MachineError) in try Self.firmware(file) }
        let isPayload = spec.firmware != nil
        kernel = try spec.kernel.map { (file) throws(MachineError) in
            try Self.naming("the kernel") { () throws(KernelError) in
                try Self.kernel(file, isPayload: isPayload)
            }
        }
        initrd = try spec.initrd.map { (file) throws(MachineError) in
            try Self.naming("the initrd") { () throws(KernelError) in try BootFile(descriptor: file) }
        }
    }

    private static func kernel(_ descriptor: Int32, isPayload: Bool) throws(KernelError) -> Program {
        let file = try BootFile(descriptor: descriptor)
        do {
            return .recognised(try KernelImage(file))
        } catch KernelError.unknownFormat where isPayload {
            // A boot loader's raw binary: only the firmware's user can know that it fits.
            return .raw(file)
        }
    }

    /// ELF says itself where it goes; everything else is code for the start of RAM.
    private static func firmware(_ descriptor: Int32) throws(MachineError) -> Program {
        try naming("the firmware") { () throws(KernelError) in
            let file = try BootFile(descriptor: descriptor)
            var magic: UInt32 = 0
            guard pread(descriptor, &magic, 4, 0) == 4 else { throw .empty }
            return UInt32(bigEndian: magic) == 0x7f45_4c46 ? .recognised(try KernelImage(file)) : .raw(file)
        }
    }

    /// Loads everything into `memory`, which is zero but for an earlier load, and writes the device tree
    /// that `describe` makes of the initrd's place.
    ///
    /// - Parameter describe: gives trees of one size whatever the place.
    func load(
        into memory: GuestMemory, describe: (_ initrd: Range<UInt64>?, _ firmware: Bool) -> [UInt8]
    ) throws(MachineError) -> Start {
        var start = try loadPrograms(memory)
        let size = initrd?.size ?? 0
        let tree = UInt64(describe(size > 0 ? 0..<size : nil, start.start.machineMode).count)
        let layout = try Self.naming("the initrd") { () throws(KernelError) in
            try BootLayout(
                memory: memory, kernel: start.occupied, initrdSize: size,
                deviceTreeSize: tree + Self.deviceTreeSlack)
        }
        if let initrd, let place = layout.initrd {
            try Self.naming("the initrd") { () throws(KernelError) in
                try initrd.place(at: place.lowerBound, in: memory, as: "the initrd")
            }
        }
        let blob = describe(layout.initrd, start.start.machineMode)
        _ = blob.withUnsafeBytes { memory.write(layout.deviceTree, from: $0) }
        start.start.deviceTree = layout.deviceTree
        return start.start
    }

    private func loadPrograms(
        _ memory: GuestMemory
    ) throws(MachineError) -> (start: Start, occupied: Range<UInt64>) {
        guard let firmware else {
            guard let kernel else { throw MachineError(.badCommandLine, "no kernel and no firmware given") }
            let loaded = try Self.place(kernel, in: memory, at: memory.base, as: "the kernel")
            // A program linked to where firmware lives is its own firmware.
            let start = Start(
                machineMode: loaded.entry == memory.base, entry: loaded.entry, deviceTree: 0, payload: 0,
                toHost: loaded.toHost)
            return (start, loaded.range)
        }
        let loaded = try Self.place(firmware, in: memory, at: memory.base, as: "the firmware")
        var start = Start(
            machineMode: true, entry: loaded.entry, deviceTree: 0, payload: 0, toHost: loaded.toHost)
        var occupied = loaded.range
        if let kernel {
            let end = (occupied.upperBound + Self.superpage - 1) & ~(Self.superpage - 1)
            let next = try Self.place(kernel, in: memory, at: max(end, VirtMap.payload), as: "the kernel")
            start.payload = next.entry
            occupied = min(occupied.lowerBound, next.range.lowerBound)..<max(end, next.range.upperBound)
        }
        return (start, occupied)
    }

    /// Puts a program at `address`, or to where it says itself. Linux images count their offset from one
    /// superpage below a payload's place.
    private static func place(
        _ program: Program, in memory: GuestMemory, at address: UInt64, as what: String
    ) throws(MachineError) -> Placed {
        try naming(what) { () throws(KernelError) in
            switch program {
            case .recognised(let image):
                let base = address == memory.base ? address : address - superpage
                let loaded = try image.load(into: memory, base: base)
                return Placed(entry: loaded.entry, range: loaded.range, toHost: loaded.toHost)
            case .raw(let file):
                try file.place(at: address, in: memory, as: what)
                return Placed(entry: address, range: address..<address + file.size, toHost: nil)
            }
        }
    }

    /// Turns the loader's complaint into one that names the file's part.
    private static func naming<Result>(
        _ what: String, _ body: () throws(KernelError) -> Result
    ) throws(MachineError) -> Result {
        do {
            return try body()
        } catch {
            if case .doesNotFit = error { throw MachineError(.refused, "\(error)") }
            throw MachineError(.unusableFile, "\(what) \(error)")
        }
    }
}
