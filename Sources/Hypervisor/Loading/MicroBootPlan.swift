import Firmware
import Machine
import Model

/// The files that an x86-64 machine starts from, recognised and checked; it can load them again and again.
struct MicroBootPlan {
    private let kernel: BzImage
    private let initrd: BootFile?
    private let arguments: String

    /// Looks at the files; says in one line which cannot be used and why.
    init(_ spec: MachineSpec) throws(MachineError) {
        if spec.firmware != nil {
            throw MachineError(.refused, "the micro board boots kernels, not firmware; use --kernel")
        }
        guard let descriptor = spec.kernel else { throw MachineError(.badCommandLine, "no kernel given") }
        kernel = try Self.naming("the kernel") { () throws(KernelError) in
            try BzImage(try BootFile(descriptor: descriptor))
        }
        initrd = try spec.initrd.map { (file) throws(MachineError) in
            try Self.naming("the initrd") { () throws(KernelError) in try BootFile(descriptor: file) }
        }
        arguments = spec.append
    }

    /// Loads everything into `memory`, which is zero but for an earlier load.
    ///
    /// - Parameter seed: fresh randomness for this boot.
    /// - Returns: the address of the first instruction.
    func load(into memory: GuestMemory, _ board: MicroBoard, seed: [UInt8]) throws(MachineError) -> UInt64 {
        let loaded = try Self.naming("the kernel") { () throws(KernelError) in try kernel.load(into: memory) }
        let place = try initrdPlace(memory, above: loaded.range.upperBound)
        if let initrd, let place {
            try Self.naming("the initrd") { () throws(KernelError) in
                try initrd.place(at: place.lowerBound, in: memory, as: "the initrd")
            }
        }
        guard board.tables.write(to: memory, at: BootParameters.Place.firmware) else {
            throw MachineError(.internalFault, "the board's tables do not fit")
        }
        try Self.naming("the kernel") { () throws(KernelError) in
            var parameters = BootParameters(kernel: kernel)
            try parameters.write(
                to: memory, arguments: arguments, initrd: place, acpi: BootParameters.Place.firmware,
                seed: seed)
        }
        return loaded.entry
    }

    /// As high as the kernel can reach, on a page boundary.
    private func initrdPlace(_ memory: GuestMemory, above: UInt64) throws(MachineError) -> Range<UInt64>? {
        guard let initrd, initrd.size > 0 else { return nil }
        let top = min(memory.size, kernel.initrdLimit &+ 1) & ~(GuestMemory.pageSize - 1)
        guard initrd.size <= top, (top - initrd.size) & ~(GuestMemory.pageSize - 1) >= above else {
            throw MachineError(
                .refused, "the initrd does not fit behind the kernel; give the machine more memory")
        }
        let start = (top - initrd.size) & ~(GuestMemory.pageSize - 1)
        return start..<start + initrd.size
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
