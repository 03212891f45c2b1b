import Machine
import Synchronization

/// The two 8237A DMA controllers of a PC with their page registers (8237A datasheet; 82371SB datasheet, section 2.5.1):
/// addresses and counts of the channels by which ISA's devices reach memory. The channels of the second one, which
/// moves words, have registers only.
package final class DMAController: Sendable {
    private struct Channel {
        var base: UInt16 = 0
        var baseCount: UInt16 = 0
        var address: UInt16 = 0
        var count: UInt16 = 0
        var mode: UInt8 = 0
    }

    private enum Mode {
        static let decrements: UInt8 = 1 << 5
        static let starts: UInt8 = 1 << 4
        /// Bits 2 and 3: to or from memory.
        static let toMemory: UInt8 = 1
        static let fromMemory: UInt8 = 2
    }

    private struct State {
        var channels = [Channel](repeating: Channel(), count: 8)
        var masked: UInt8 = 0xFF
        var finished: UInt8 = 0
        /// Which byte of a word comes next, of each controller.
        var isHigh = [false, false]
        var pages = [UInt8](repeating: 0, count: 16)
    }

    /// Where each channel's page register is.
    private static let pagePlaces = [7, 3, 1, 2, 15, 11, 9, 10]

    private let state = Mutex(State())
    private let memory: GuestMemory

    package init(memory: GuestMemory) { self.memory = memory }

    // MARK: Registers

    /// 16 ports.
    package var firstPorts: PortRegister { ports(0, stride: 1) }
    /// 32 ports, of which every other one counts.
    package var secondPorts: PortRegister { ports(1, stride: 2) }

    /// 16 ports, the first of which firmware tells its progress to.
    package var pagePorts: PortRegister {
        PortRegister(
            read: { [self] offset, _ in UInt64(state.withLock { $0.pages[Int(offset & 15)] }) },
            write: { [self] offset, _, value in
                state.withLock { $0.pages[Int(offset & 15)] = UInt8(truncatingIfNeeded: value) }
            }, reset: { [self] in state.withLock { $0 = State() } })
    }

    private func ports(_ controller: Int, stride: UInt64) -> PortRegister {
        PortRegister(
            read: { [self] offset, _ in
                UInt64(state.withLock { Self.read(&$0, controller, Int(offset / stride & 15)) })
            },
            write: { [self] offset, _, value in
                let byte = UInt8(truncatingIfNeeded: value)
                state.withLock { Self.write(&$0, controller, Int(offset / stride & 15), byte) }
            })
    }

    private static func read(_ state: inout State, _ controller: Int, _ register: Int) -> UInt8 {
        switch register {
        case 0..<8:
            let channel = state.channels[4 * controller + register / 2]
            let word = register & 1 == 0 ? channel.address : channel.count
            defer { state.isHigh[controller].toggle() }
            return UInt8(truncatingIfNeeded: state.isHigh[controller] ? word >> 8 : word)
        case 8:
            let bits = state.finished >> UInt8(4 * controller) & 15
            state.finished &= ~(15 << UInt8(4 * controller))
            return bits
        case 15: return 0xF0 | state.masked >> UInt8(4 * controller) & 15
        default: return 0
        }
    }

    private static func write(_ state: inout State, _ controller: Int, _ register: Int, _ value: UInt8) {
        let shift = UInt8(4 * controller)
        switch register {
        case 0..<8: writeWord(&state, controller, register, value)
        case 10:
            let bit = UInt8(1) << (shift + value & 3)
            state.masked = value & 4 != 0 ? state.masked | bit : state.masked & ~bit
        case 11: state.channels[4 * controller + Int(value & 3)].mode = value
        case 12: state.isHigh[controller] = false
        case 13:
            state.isHigh[controller] = false
            state.masked |= 15 << shift
            state.finished &= ~(15 << shift)
        case 14: state.masked &= ~(15 << shift)
        case 15: state.masked = state.masked & ~(15 << shift) | (value & 15) << shift
        default: break
        }
    }

    private static func writeWord(_ state: inout State, _ controller: Int, _ register: Int, _ value: UInt8) {
        let index = 4 * controller + register / 2
        func put(_ word: UInt16) -> UInt16 {
            state.isHigh[controller] ? word & 0xFF | UInt16(value) << 8 : word & 0xFF00 | UInt16(value)
        }
        if register & 1 == 0 {
            state.channels[index].base = put(state.channels[index].base)
            state.channels[index].address = state.channels[index].base
        } else {
            state.channels[index].baseCount = put(state.channels[index].baseCount)
            state.channels[index].count = state.channels[index].baseCount
        }
        state.isHigh[controller].toggle()
    }

    // MARK: A device's side

    /// The device gives bytes, which go to memory until the channel's count has run out.
    ///
    /// - Parameter channel: 0 to 3.
    /// - Returns: whether the count has run out; `nil` when the channel does not take anything.
    package func give(_ bytes: [UInt8], channel: Int) -> Bool? {
        guard let run = take(bytes.count, channel, Mode.toMemory) else { return nil }
        for (index, byte) in bytes.prefix(run.count).enumerated() {
            _ = memory.store8(run.address(index), byte)
        }
        return run.isLast
    }

    /// The device wants `count` bytes; fewer when the channel's count runs out. `nil` when the channel gives nothing.
    package func want(_ count: Int, channel: Int) -> (bytes: [UInt8], isLast: Bool)? {
        guard let run = take(count, channel, Mode.fromMemory) else { return nil }
        return ((0..<run.count).map { memory.load8(run.address($0)) ?? 0xFF }, run.isLast)
    }

    private struct Run {
        let page: UInt64
        let start: UInt16
        let count: Int
        let isDown: Bool
        let isLast: Bool

        /// Addresses wrap within their 64 KiB.
        func address(_ index: Int) -> UInt64 {
            let step = UInt16(truncatingIfNeeded: index)
            return page << 16 | UInt64(isDown ? start &- step : start &+ step)
        }
    }

    private func take(_ wanted: Int, _ channel: Int, _ direction: UInt8) -> Run? {
        state.withLock { state in
            let index = channel & 3
            var channel = state.channels[index]
            guard state.masked >> UInt8(index) & 1 == 0, channel.mode >> 2 & 3 == direction else {
                return nil
            }
            let count = min(wanted, Int(channel.count) + 1)
            let isDown = channel.mode & Mode.decrements != 0
            let isLast = count == Int(channel.count) + 1
            let run = Run(
                page: UInt64(state.pages[Self.pagePlaces[index]]), start: channel.address, count: count,
                isDown: isDown, isLast: isLast)
            let step = UInt16(truncatingIfNeeded: count)
            channel.address = isDown ? channel.address &- step : channel.address &+ step
            channel.count = channel.count &- step
            if isLast {
                state.finished |= 1 << UInt8(index)
                if channel.mode & Mode.starts != 0 {
                    (channel.address, channel.count) = (channel.base, channel.baseCount)
                } else {
                    state.masked |= 1 << UInt8(index)
                }
            }
            state.channels[index] = channel
            return run
        }
    }
}
