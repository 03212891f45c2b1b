/// The registers of Bochs' "display interface" (VBE_DISPI), by which software sets modes beyond VGA's.
struct BochsDisplay {
    enum Index {
        static let identity: UInt16 = 0
        static let width: UInt16 = 1
        static let height: UInt16 = 2
        static let depth: UInt16 = 3
        static let enable: UInt16 = 4
        static let bank: UInt16 = 5
        static let virtualWidth: UInt16 = 6
        static let virtualHeight: UInt16 = 7
        static let left: UInt16 = 8
        static let top: UInt16 = 9
        /// In units of 64 KiB.
        static let memory: UInt16 = 10
    }

    private enum Enable {
        static let on: UInt16 = 0x01
        static let tellsLimits: UInt16 = 0x02
        static let wideDAC: UInt16 = 0x20
        static let keepsMemory: UInt16 = 0x80
    }

    private static let version: UInt16 = 0xB0C5
    static let largestWidth: UInt16 = 2560
    static let largestHeight: UInt16 = 1600

    /// What a write to `enable` asks of the card.
    enum Effect: Equatable {
        case none
        /// A mode begins; memory is to be cleared or not.
        case begins(clears: Bool)
        case ends
    }

    private(set) var identity = version
    private(set) var width: UInt16 = 0
    private(set) var height: UInt16 = 0
    private(set) var depth: UInt16 = 8
    private(set) var enable: UInt16 = 0
    private(set) var bank: UInt16 = 0
    private(set) var virtualWidth: UInt16 = 0
    private(set) var left: UInt16 = 0
    private(set) var top: UInt16 = 0

    var isOn: Bool { enable & Enable.on != 0 }
    var hasWideDAC: Bool { enable & Enable.wideDAC != 0 }

    /// Bytes from one row of pixels to the next; of the planar mode per plane.
    var pitch: Int {
        switch depth {
        case 4: Int(virtualWidth) / 8
        case 15: Int(virtualWidth) * 2
        default: Int(virtualWidth) * Int(depth) / 8
        }
    }

    /// Rows that memory has room for.
    private var virtualHeight: Int {
        let room = depth == 4 ? VideoMemory.size / 4 : VideoMemory.size
        return pitch > 0 ? min(room / pitch, 0xFFFF) : 0
    }

    /// Where the picture begins, in bytes; in the planar mode as a planar address.
    var start: Int {
        let column = depth == 4 ? Int(left) / 8 : Int(left) * (depth == 15 ? 2 : Int(depth) / 8)
        return Int(top) * pitch + column
    }

    func read(_ index: UInt16) -> UInt16 {
        let tellsLimits = enable & Enable.tellsLimits != 0
        return switch index {
        case Index.identity: identity
        case Index.width: tellsLimits ? Self.largestWidth : width
        case Index.height: tellsLimits ? Self.largestHeight : height
        case Index.depth: tellsLimits ? 32 : depth
        case Index.enable: enable
        case Index.bank: bank
        case Index.virtualWidth: virtualWidth
        case Index.virtualHeight: UInt16(truncatingIfNeeded: virtualHeight)
        case Index.left: left
        case Index.top: top
        case Index.memory: UInt16(VideoMemory.size >> 16)
        default: 0
        }
    }

    mutating func write(_ index: UInt16, _ value: UInt16) -> Effect {
        switch index {
        case Index.identity: if (0xB0C0...Self.version).contains(value) { identity = value }
        case Index.width: if !isOn { width = min(value & ~7, Self.largestWidth) }
        case Index.height: if !isOn { height = min(value, Self.largestHeight) }
        case Index.depth:
            let wanted = value == 0 ? 8 : value
            if !isOn, [4, 8, 15, 16, 24, 32].contains(wanted) { depth = wanted }
        case Index.enable: return writeEnable(value)
        case Index.bank: bank = value & UInt16(VideoMemory.size >> 16 - 1)
        case Index.virtualWidth:
            virtualWidth = value & ~7
            restrict()
        case Index.left: (left, _) = (value, restrict())
        case Index.top: (top, _) = (value, restrict())
        default: break
        }
        restrict()
        return .none
    }

    private mutating func writeEnable(_ value: UInt16) -> Effect {
        let was = isOn
        enable = value
        if isOn, !was {
            (virtualWidth, left, top) = (width, 0, 0)
            restrict()
            return .begins(clears: value & Enable.keepsMemory == 0)
        }
        if !isOn, was {
            bank = 0
            return .ends
        }
        return .none
    }

    /// The picture lies within memory, whatever was written.
    private mutating func restrict() {
        virtualWidth = max(min(virtualWidth, 8192), width)
        left = min(left, virtualWidth - width)
        let rows = virtualHeight
        if rows > 0, Int(height) > rows { height = UInt16(rows) }
        top = min(top, UInt16(max(rows - Int(height), 0)))
    }
}
