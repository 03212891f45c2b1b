/// The registers of a VGA (IBM VGA Technical Reference, 1992; names of the CRT controller's as there) behind its ports.
struct VGARegisters {
    /// Offsets of ports from 0x3B0.
    enum Port {
        static let monoIndex = 0x04
        static let monoData = 0x05
        static let monoStatus = 0x0A
        static let attribute = 0x10
        static let attributeRead = 0x11
        /// Written: miscellaneous output; read: input status 0.
        static let miscellaneous = 0x12
        static let sequencerIndex = 0x14
        static let sequencerData = 0x15
        static let paletteMask = 0x16
        /// Written: the index for reading; read: the state.
        static let paletteReadIndex = 0x17
        static let paletteWriteIndex = 0x18
        static let paletteData = 0x19
        static let featureRead = 0x1A
        static let miscellaneousRead = 0x1C
        static let graphicsIndex = 0x1E
        static let graphicsData = 0x1F
        static let colourIndex = 0x24
        static let colourData = 0x25
        /// Read: input status 1; written: feature control.
        static let colourStatus = 0x2A
    }

    /// Bits that exist.
    private static let sequencerMasks: [UInt8] = [0x03, 0x3D, 0x0F, 0x3F, 0x0E]
    private static let graphicsMasks: [UInt8] = [0x0F, 0x0F, 0x0F, 0x1F, 0x03, 0x7B, 0x0F, 0x0F, 0xFF]

    var sequencer = [UInt8](repeating: 0, count: 8)
    var sequencerIndex: UInt8 = 0
    var graphics = [UInt8](repeating: 0, count: 16)
    var graphicsIndex: UInt8 = 0
    var controller = [UInt8](repeating: 0, count: 32)
    var controllerIndex: UInt8 = 0
    var attributes = [UInt8](repeating: 0, count: 32)
    /// Bit 5 lets the screen show what the palette makes of memory.
    var attributeIndex: UInt8 = 0
    private var awaitsAttributeData = false
    var miscellaneous: UInt8 = 0
    private var feature: UInt8 = 0
    private var retrace: UInt8 = 0
    var palette = DACPalette()
    /// The four planes as the latest read found them.
    var latch: UInt32 = 0

    /// A port's value; `offset` counts from 0x3B0.
    mutating func read(_ offset: Int) -> UInt8 {
        guard isDecoded(offset) else { return 0xFF }
        switch offset {
        case Port.attribute: return awaitsAttributeData ? 0 : attributeIndex
        case Port.attributeRead: return attributes[Int(attributeIndex & 31)]
        case Port.miscellaneous: return 0x10  // A monitor is attached.
        case Port.sequencerIndex: return sequencerIndex
        case Port.sequencerData: return sequencer[Int(sequencerIndex & 7)]
        case Port.paletteMask: return palette.mask
        case Port.paletteReadIndex: return palette.state
        case Port.paletteWriteIndex: return palette.writeIndex
        case Port.paletteData: return palette.read()
        case Port.featureRead: return feature
        case Port.miscellaneousRead: return miscellaneous
        case Port.graphicsIndex: return graphicsIndex
        case Port.graphicsData: return graphics[Int(graphicsIndex & 15)]
        case Port.monoIndex, Port.colourIndex: return controllerIndex
        case Port.monoData, Port.colourData: return controller[Int(controllerIndex & 31)]
        case Port.monoStatus, Port.colourStatus:
            awaitsAttributeData = false
            // Vertical retrace and the display's being off come and go with each look: whoever waits for either has it.
            retrace ^= 0x09
            return retrace
        default: return 0xFF
        }
    }

    /// Writes a port; `offset` counts from 0x3B0.
    mutating func write(_ offset: Int, _ value: UInt8) {
        guard isDecoded(offset) else { return }
        switch offset {
        case Port.attribute: writeAttribute(value)
        case Port.miscellaneous: miscellaneous = value & ~0x10
        case Port.sequencerIndex: sequencerIndex = value & 7
        case Port.sequencerData: writeSequencer(value)
        case Port.paletteMask: palette.mask = value
        case Port.paletteReadIndex: palette.beginReading(value)
        case Port.paletteWriteIndex: palette.beginWriting(value)
        case Port.paletteData: palette.write(value)
        case Port.graphicsIndex: graphicsIndex = value & 15
        case Port.graphicsData: writeGraphics(value)
        case Port.monoIndex, Port.colourIndex: controllerIndex = value
        case Port.monoData, Port.colourData: writeController(value)
        case Port.monoStatus, Port.colourStatus: feature = value & 0x10
        default: break
        }
    }

    /// The CRT controller is at 0x3B4 or at 0x3D4, as the miscellaneous register says.
    private func isDecoded(_ offset: Int) -> Bool {
        if offset < Port.attribute { return miscellaneous & 1 == 0 }
        return offset < 0x20 || miscellaneous & 1 != 0
    }

    private mutating func writeAttribute(_ value: UInt8) {
        defer { awaitsAttributeData.toggle() }
        guard awaitsAttributeData else {
            attributeIndex = value & 0x3F
            return
        }
        switch attributeIndex & 31 {
        case 0..<16: attributes[Int(attributeIndex & 31)] = value & 0x3F
        case 0x10: attributes[0x10] = value & ~0x10
        case 0x12: attributes[0x12] = value & 0x3F
        case 0x11, 0x13, 0x14:
            attributes[Int(attributeIndex & 31)] = value & (attributeIndex & 31 == 0x11 ? 0xFF : 0x0F)
        default: break
        }
    }

    private mutating func writeSequencer(_ value: UInt8) {
        let index = Int(sequencerIndex)
        guard index < Self.sequencerMasks.count else { return }
        sequencer[index] = value & Self.sequencerMasks[index]
    }

    private mutating func writeGraphics(_ value: UInt8) {
        let index = Int(graphicsIndex)
        guard index < Self.graphicsMasks.count else { return }
        graphics[index] = value & Self.graphicsMasks[index]
    }

    /// Bit 7 of the vertical retrace end protects the first eight, but for a bit of the line comparison.
    private mutating func writeController(_ value: UInt8) {
        let index = Int(controllerIndex)
        guard index < 0x19 else { return }
        if controller[0x11] & 0x80 != 0, index <= 7 {
            if index == 7 { controller[7] = controller[7] & ~0x10 | value & 0x10 }
            return
        }
        controller[index] = value
    }
}

/// The 256 colours of the digital-to-analog converter.
struct DACPalette {
    /// Three components a colour, of six bits, or of eight where the Bochs interface says so.
    private(set) var components = [UInt8](repeating: 0, count: 768)
    var mask: UInt8 = 0xFF
    /// 0 while writing, 3 while reading.
    private(set) var state: UInt8 = 0
    private(set) var writeIndex: UInt8 = 0
    private var readIndex: UInt8 = 0
    private var part = 0
    private var written: [UInt8] = [0, 0, 0]
    var isWide = false

    mutating func beginReading(_ index: UInt8) { (readIndex, part, state) = (index, 0, 3) }

    mutating func beginWriting(_ index: UInt8) { (writeIndex, part, state) = (index, 0, 0) }

    mutating func read() -> UInt8 {
        let value = components[Int(readIndex) * 3 + part]
        part += 1
        if part == 3 { (part, readIndex) = (0, readIndex &+ 1) }
        return value
    }

    /// A colour changes when its third component has come.
    mutating func write(_ value: UInt8) {
        written[part] = isWide ? value : value & 0x3F
        part += 1
        guard part == 3 else { return }
        for index in 0..<3 { components[Int(writeIndex) * 3 + index] = written[index] }
        (part, writeIndex) = (0, writeIndex &+ 1)
    }

    /// 0x00RRGGBB.
    func colour(_ index: UInt8) -> UInt32 {
        let place = Int(index & mask) * 3
        return (0..<3).reduce(0) { $0 << 8 | UInt32(widened(components[place + $1])) }
    }

    private func widened(_ component: UInt8) -> UInt8 { isWide ? component : component << 2 | component >> 4 }

    var colours: [UInt32] { (0...255).map { colour(UInt8($0)) } }
}
