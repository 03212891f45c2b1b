import Devices
import Host
import Machine
import Model

/// Everything of a machine that depends on its processor and its board: vCPUs on their threads, devices in their
/// places, how programs are loaded and where they begin.
///
/// All methods are called on the loop's thread. vCPUs are parked from the start.
protocol Platform: AnyObject {
    var memory: GuestMemory { get }
    var clock: HostClock { get }
    /// The first serial port.
    var serialPort: SerialPort { get }
    /// Screen, keyboard and mouse, where there are such.
    var seat: Seat? { get }
    /// The engine in use, never `auto`.
    var accelerator: Accelerator { get }
    /// Where a test program reports its result, if it does.
    var resultWord: UInt64? { get }
    /// Guest instructions retired since the vCPUs were last reset; of running ones as far as they have told.
    var instructions: UInt64 { get }
    /// Whether no vCPU can ever run again.
    var isDead: Bool { get }

    /// Puts the programs into RAM, which is zero, as the machine's maker did at first.
    func load() throws
    /// Puts every vCPU to where its first instruction is.
    func prepare()
    func resetDevices()
    /// Holds the devices still: on return none of them touches RAM.
    func pauseDevices()
    func resumeDevices()
    /// The clock goes on after a pause.
    func clockResumed()

    /// The vCPUs in order, for a debugger.
    var debuggedCPUs: [any DebuggedCPU] { get }
    /// What debuggers want has changed: engines let go of what they keep of addresses. vCPUs are parked.
    func debugPointsChanged()

    func park()
    func waitUntilParked()
    func unpark()
    /// Ends the vCPUs' threads.
    func end()
}

/// What every platform is made of, whatever its processor.
struct PlatformParts {
    let spec: MachineSpec
    let birth: HostClock.Sample
    let panel: FrontPanel
    let line: SerialLine
    /// The timer of the board's real-time clock.
    let alarm: OneShot
    /// In the order of their slots.
    let virtio: [any VirtioDevice]

    /// Where the board's devices lead to.
    ///
    /// - Parameter asked: called on the vCPU's thread when the guest has asked its power supply for something.
    func links(_ clock: any Clock, asked: @escaping @Sendable () -> Void = {}) -> BoardLinks {
        BoardLinks(
            clock: clock, transmit: line.transmit, wantsInput: line.wantsInput,
            power: { [panel] request in
                asked()
                panel.report(.power(request))
            }, scheduleAlarm: alarm.set)
    }
}
