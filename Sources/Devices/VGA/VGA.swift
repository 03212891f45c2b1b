import Display
import Machine
import Synchronization

/// A PC's graphics card: a VGA with Bochs' display interface, whose memory is also seen as a whole.
package final class VGA: Sendable {
    /// Where its ports lie, and how many there are.
    package enum Ports {
        package static let registers: (first: UInt64, size: UInt64) = (0x3B0, 0x30)
        package static let display: (first: UInt64, size: UInt64) = (0x1CE, 4)
    }

    /// The window to its memory below 1 MiB.
    package static let window: (first: UInt64, size: UInt64) = (0xA_0000, UInt64(VGACore.windowSize))

    package let memory: VideoMemory
    private let core: Mutex<VGACore>
    private let recognizer: TextRecognizer

    /// - Parameter firmware: its option ROM, by whose fonts text is recognised in graphics modes.
    package init(memory: VideoMemory, firmware: [UInt8]) {
        self.memory = memory
        recognizer = TextRecognizer(Font.fonts(in: firmware))
        core = Mutex(VGACore(memory))
    }

    /// Ports 0x3B0 to 0x3DF.
    package var registerPorts: PortRegister {
        PortRegister(
            read: { [self] offset, width in
                core.withLock { core in
                    Self.gather(width) { core.registers.read(Int(truncatingIfNeeded: offset) &+ $0) }
                }
            },
            write: { [self] offset, width, value in
                core.withLock { core in
                    Self.scatter(width, value) {
                        core.registers.write(Int(truncatingIfNeeded: offset) &+ $0, $1)
                    }
                }
            },
            reset: { [self] in
                memory.clear(VideoMemory.size)
                core.withLock { $0 = VGACore(memory) }
            })
    }

    /// The index at 0x1CE, the data at 0x1CF or 0x1D0, each of 16 bits.
    package var displayPorts: PortRegister {
        PortRegister(
            read: { [self] offset, width in
                let value = core.withLock { core in
                    offset == 0 ? core.displayIndex : core.display.read(core.displayIndex)
                }
                return UInt64(width == .byte ? value & 0xFF : value)
            },
            write: { [self] offset, _, value in
                let value = UInt16(truncatingIfNeeded: value)
                core.withLock { if offset == 0 { $0.displayIndex = value } else { $0.writeDisplay(value) } }
            })
    }

    /// 128 KiB from 0xA0000.
    package var windowDevice: PortRegister {
        PortRegister(
            read: { [self] offset, width in
                core.withLock { core in
                    Self.gather(width) { core.load(Int(truncatingIfNeeded: offset) &+ $0) }
                }
            },
            write: { [self] offset, width, value in
                core.withLock { core in
                    Self.scatter(width, value) { core.store(Int(truncatingIfNeeded: offset) &+ $0, $1) }
                }
            })
    }

    /// All of its memory, as it lies.
    private var linearDevice: PortRegister {
        PortRegister(
            read: { [memory] offset, width in
                Self.gather(width) { memory[Int(truncatingIfNeeded: offset) &+ $0] }
            },
            write: { [memory] offset, width, value in
                Self.scatter(width, value) { memory[Int(truncatingIfNeeded: offset) &+ $0] = $1 }
            })
    }

    /// The card on PCI: QEMU's "std". Its memory is at the first base address.
    package func function(firmware: [UInt8]) -> PCIFunction {
        var identity = PCIFunction.Identity(vendor: 0x1234, device: 0x1111, classCode: 0x03_0000)
        (identity.subsystemVendor, identity.subsystem, identity.revision) = (0x1AF4, 0x1100, 2)
        let memory = PCIFunction.Region(
            .prefetchableMemory, size: UInt64(VideoMemory.size), linearDevice)
        return PCIFunction(identity, regions: [0: memory], rom: firmware)
    }

    /// Draws what the screen shows.
    ///
    /// - Returns: whether the surface has room for it.
    package func draw(into surface: Surface, isBlinkedOff: Bool = false) -> Bool {
        core.withLock { $0.draw(into: surface, isBlinkedOff: isBlinkedOff) }
    }

    /// The text on the screen, a row each: read from memory in text modes, recognised by its shape in others.
    ///
    /// - Parameter surface: what `draw` has made of it.
    package func text(on surface: Surface) -> [String] {
        let shown: [String]? = core.withLock { core in
            switch core.mode {
            case .text: core.text
            case .blank: []
            default: nil
            }
        }
        return shown ?? recognizer.read(surface)
    }

    private static func gather(_ width: AccessWidth, _ byte: (Int) -> UInt8) -> UInt64 {
        (0..<Int(width.rawValue)).reduce(0) { $0 | UInt64(byte($1)) << UInt64(8 * $1) }
    }

    private static func scatter(_ width: AccessWidth, _ value: UInt64, _ byte: (Int, UInt8) -> Void) {
        for index in 0..<Int(width.rawValue) {
            byte(index, UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
        }
    }
}
