// The names of the PC16550D data sheet (section 8), so that the core speaks no numbers.

extension UART16550 {
    /// What an offset means, which depends on the divisor latch bit and on the direction.
    enum Register {
        case data, interruptEnable, interruptIdentity, fifoControl, lineControl, modemControl
        case lineStatus, modemStatus, scratch, divisorLow, divisorHigh

        init(reading offset: UInt64, latched: Bool) {
            switch offset & 7 {
            case 0: self = latched ? .divisorLow : .data
            case 1: self = latched ? .divisorHigh : .interruptEnable
            case 2: self = .interruptIdentity
            case 3: self = .lineControl
            case 4: self = .modemControl
            case 5: self = .lineStatus
            case 6: self = .modemStatus
            default: self = .scratch
            }
        }

        init(writing offset: UInt64, latched: Bool) {
            self = offset & 7 == 2 ? .fifoControl : Register(reading: offset, latched: latched)
        }
    }

    struct InterruptEnable: OptionSet {
        let rawValue: UInt8
        static let receivedData = InterruptEnable(rawValue: 0x01)
        static let transmitterEmpty = InterruptEnable(rawValue: 0x02)
        static let lineStatus = InterruptEnable(rawValue: 0x04)
        static let modemStatus = InterruptEnable(rawValue: 0x08)
        static let all: InterruptEnable = [.receivedData, .transmitterEmpty, .lineStatus, .modemStatus]
    }

    /// Why the UART interrupts; the raw values are those of bits 3–0 of the identity register.
    enum InterruptCause: UInt8 {
        case lineStatus = 0x06
        case receivedData = 0x04
        case receiveTimeout = 0x0c
        case transmitterEmpty = 0x02
        case modemStatus = 0x00
        case none = 0x01
    }

    struct FIFOControl: OptionSet {
        let rawValue: UInt8
        static let enable = FIFOControl(rawValue: 0x01)
        static let clearReceiver = FIFOControl(rawValue: 0x02)
    }

    struct ModemControl: OptionSet {
        let rawValue: UInt8
        static let dataTerminalReady = ModemControl(rawValue: 0x01)
        static let requestToSend = ModemControl(rawValue: 0x02)
        static let output1 = ModemControl(rawValue: 0x04)
        static let output2 = ModemControl(rawValue: 0x08)
        static let loopback = ModemControl(rawValue: 0x10)
        static let all: ModemControl = [.dataTerminalReady, .requestToSend, .output1, .output2, .loopback]
    }

    struct LineStatus: OptionSet {
        let rawValue: UInt8
        static let dataReady = LineStatus(rawValue: 0x01)
        static let overrun = LineStatus(rawValue: 0x02)
        static let breakReceived = LineStatus(rawValue: 0x10)
        static let holdingEmpty = LineStatus(rawValue: 0x20)
        static let transmitterEmpty = LineStatus(rawValue: 0x40)
    }

    struct ModemStatus: OptionSet {
        let rawValue: UInt8
        static let clearToSendChanged = ModemStatus(rawValue: 0x01)
        static let dataSetReadyChanged = ModemStatus(rawValue: 0x02)
        static let ringEnded = ModemStatus(rawValue: 0x04)
        static let carrierChanged = ModemStatus(rawValue: 0x08)
        static let clearToSend = ModemStatus(rawValue: 0x10)
        static let dataSetReady = ModemStatus(rawValue: 0x20)
        static let ring = ModemStatus(rawValue: 0x40)
        static let carrier = ModemStatus(rawValue: 0x80)
        static let changes: ModemStatus = [
            .clearToSendChanged, .dataSetReadyChanged, .ringEnded, .carrierChanged,
        ]
    }
}
