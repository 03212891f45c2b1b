import Machine

/// The ACPI tables of a hardware-reduced x86 board (ACPI 6.5, chapter 5): RSDP, XSDT, FADT, MADT and DSDT, made of
/// what the board has.
package struct ACPITables {
    /// A device that a driver finds by its identifier.
    package struct ListedDevice: Sendable {
        package enum Place: Sendable {
            case memory(UInt32, size: UInt32)
            case ports(UInt16, count: UInt8)
        }

        /// Four characters at most.
        package let name: String
        /// `PNP0501` and the like are compressed, others are strings.
        package let identifier: String
        package let number: UInt64
        package let place: Place
        /// An input of the I/O APIC.
        package let interrupt: UInt32

        package init(name: String, identifier: String, number: UInt64, place: Place, interrupt: UInt32) {
            self.name = name
            self.identifier = identifier
            self.number = number
            self.place = place
            self.interrupt = interrupt
        }
    }

    package var cores = 1
    package var localAPIC: UInt32 = 0xFEE0_0000
    package var ioAPIC: UInt32 = 0xFEC0_0000
    /// Ports of the sleep and reset registers, and what to write to them.
    package var sleepControl: UInt16 = 0
    package var sleepStatus: UInt16 = 0
    package var resetPort: UInt16 = 0
    package var resetValue: UInt8 = 0
    package var powerOffType: UInt8 = 0
    /// The byte of CMOS RAM that counts centuries; 0 when there is no clock in CMOS.
    package var centuryRegister: UInt8 = 0
    package var devices: [ListedDevice] = []

    package init() {}

    /// Bytes that the tables may take.
    package static let room: UInt64 = 0x1_0000

    /// Writes the tables to RAM at `address`, a multiple of 16 below 4 GiB, where the RSDP will be. False when they do
    /// not fit.
    package func write(to memory: GuestMemory, at address: UInt64) -> Bool {
        var image = [UInt8](repeating: 0, count: 64)
        func place(_ table: [UInt8]) -> UInt64 {
            while image.count % 16 != 0 { image.append(0) }
            defer { image += table }
            return address + UInt64(image.count)
        }
        let dsdt = place(Self.table("DSDT", revision: 2, differentiated))
        let fadt = place(Self.table("FACP", revision: 5, fixedDescription(dsdt)))
        let madt = place(Self.table("APIC", revision: 5, interruptControllers))
        let pointers = LittleEndian.bytes(fadt, 8) + LittleEndian.bytes(madt, 8)
        let xsdt = place(Self.table("XSDT", revision: 1, pointers))
        image.replaceSubrange(0..<36, with: Self.rootPointer(xsdt))
        guard UInt64(image.count) <= Self.room else { return false }
        return image.withUnsafeBytes { memory.write(address, from: $0) }
    }

    // MARK: Tables

    private static let maker = Array("VIVARM".utf8)

    private static func table(_ signature: String, revision: UInt8, _ body: [UInt8]) -> [UInt8] {
        var bytes = Array(signature.utf8) + LittleEndian.bytes(UInt64(36 + body.count), 4) + [revision, 0]
        bytes +=
            maker + Array("VIVMICRO".utf8) + LittleEndian.bytes(1, 4) + Array("VIVA".utf8)
            + LittleEndian.bytes(1, 4) + body
        bytes[9] = checksum(bytes)
        return bytes
    }

    /// What makes the sum of all bytes zero.
    private static func checksum(_ bytes: [UInt8]) -> UInt8 { 0 &- bytes.reduce(0, &+) }

    private static func rootPointer(_ xsdt: UInt64) -> [UInt8] {
        var bytes =
            Array("RSD PTR ".utf8) + [0] + maker + [2] + LittleEndian.bytes(0, 4) + LittleEndian.bytes(36, 4)
        bytes += LittleEndian.bytes(xsdt, 8) + [0, 0, 0, 0]
        bytes[8] = checksum(Array(bytes[..<20]))
        bytes[32] = checksum(bytes)
        return bytes
    }

    /// Section 5.2.9. Fields of what hardware-reduced boards lack stay zero.
    private func fixedDescription(_ dsdt: UInt64) -> [UInt8] {
        let headerSize = 36
        var bytes = [UInt8](repeating: 0, count: 268 - headerSize)
        func set(_ offset: Int, _ value: [UInt8]) {
            bytes.replaceSubrange(offset - headerSize..<offset - headerSize + value.count, with: value)
        }
        set(40, LittleEndian.bytes(dsdt, 4))
        set(108, [centuryRegister])
        // No VGA and no 8042; and whether there is a clock in CMOS.
        set(109, LittleEndian.bytes(1 << 2 | (centuryRegister == 0 ? 1 << 5 : 0), 2))
        // WBINVD works, the reset register counts, hardware-reduced.
        set(112, LittleEndian.bytes(1 << 0 | 1 << 10 | 1 << 20, 4))
        set(116, Self.port(resetPort))
        set(128, [resetValue])
        set(131, [1])
        set(140, LittleEndian.bytes(dsdt, 8))
        set(244, Self.port(sleepControl))
        set(256, Self.port(sleepStatus))
        return bytes
    }

    /// An 8-bit register in I/O space (section 5.2.3.2).
    private static func port(_ port: UInt16) -> [UInt8] {
        [1, 8, 0, 1] + LittleEndian.bytes(UInt64(port), 8)
    }

    /// Section 5.2.12.
    private var interruptControllers: [UInt8] {
        var bytes = LittleEndian.bytes(UInt64(localAPIC), 4) + LittleEndian.bytes(0, 4)
        for core in 0..<cores { bytes += [0, 8, UInt8(core), UInt8(core)] + LittleEndian.bytes(1, 4) }
        return bytes + [1, 12, UInt8(cores), 0] + LittleEndian.bytes(UInt64(ioAPIC), 4)
            + LittleEndian.bytes(0, 4)
    }

    private var differentiated: [UInt8] {
        let sleep = AML.package([AML.integer(UInt64(powerOffType)), AML.integer(0)])
        return AML.rootName("_S5", sleep) + AML.scope("_SB", devices.flatMap(Self.device))
    }

    private static func device(_ device: ListedDevice) -> [UInt8] {
        let place =
            switch device.place {
            case .memory(let address, let size): AML.memory(address, size: size)
            case .ports(let first, let count): AML.ports(first, count: count)
            }
        let isPlugAndPlay = device.identifier.hasPrefix("PNP")
        let identifier = isPlugAndPlay ? AML.eisa(device.identifier) : AML.string(device.identifier)
        return AML.device(
            device.name,
            AML.name("_HID", identifier) + AML.name("_UID", AML.integer(device.number))
                + AML.name("_CCA", AML.integer(1))
                + AML.name("_CRS", AML.resources([place, AML.interrupt(device.interrupt)])))
    }
}
