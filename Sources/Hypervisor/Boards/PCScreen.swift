import Devices
import Display
import Host
import Machine
import Model

/// The graphics card of the `pc` board, where the machine has a screen.
struct PCScreen {
    /// SeaVGABIOS has 40 KiB; PCI allows much more.
    private static let largestFirmware: UInt64 = 1 << 20

    let card: VGA
    let firmware: [UInt8]
    let surface: Surface

    /// `nil` for a machine without a screen.
    init?(_ spec: MachineSpec) throws(MachineError) {
        guard let descriptor = spec.screen else { return nil }
        guard let surface = Surface(shared: descriptor) else {
            throw MachineError(.badCommandLine, "the screen's memory is too small")
        }
        guard let memory = VideoMemory() else {
            throw MachineError(.refused, "the host has no memory for the graphics card")
        }
        firmware = try Self.readFirmware(spec.screenFirmware)
        self.surface = surface
        card = VGA(memory: memory, firmware: firmware)
    }

    private static func readFirmware(_ descriptor: Int32?) throws(MachineError) -> [UInt8] {
        guard let descriptor else { return [] }
        do {
            let size = try FileStatus(of: descriptor).size
            guard size <= largestFirmware else {
                throw MachineError(.unusableFile, "the graphics card's firmware is too large")
            }
            return try Descriptors.read(descriptor, limit: Int(size)) ?? []
        } catch let error as MachineError {
            throw error
        } catch {
            throw MachineError(.unusableFile, "the graphics card's firmware cannot be read: \(error)")
        }
    }

    /// Puts the card at its ports and its window, where there is no RAM then.
    func attach(bus: AddressSpace, ports: AddressSpace, memory: GuestMemory) throws {
        let (registers, display, window) = (VGA.Ports.registers, VGA.Ports.display, VGA.window)
        try ports.attach(card.registerPorts, name: "VGA", at: registers.first, size: registers.size)
        try ports.attach(card.displayPorts, name: "display", at: display.first, size: display.size)
        try bus.attach(card.windowDevice, name: "VGA window", at: window.first, size: window.size)
        memory.hole = window.first..<window.first + window.size
    }
}
