import CLinux
import Machine
import Synchronization

/// What others may ask of a core, as bits of `CoreState.signals`.
package enum CoreSignal {
    /// The local APIC has an interrupt that its priority rules let through.
    package static let interrupt: UInt32 = 1
    package static let nonMaskable: UInt32 = 2
    /// The interrupt controllers of old have an interrupt.
    package static let external: UInt32 = 4
    /// INIT: the core is reset, and all but the first wait for `startUp`.
    package static let initialise: UInt32 = 8
    /// SIPI, at the page that `Core.startUp` was given.
    static let startUp: UInt32 = 16
}

/// What a core needs of its local APIC. All are called on the core's thread.
package struct InterruptController {
    /// Takes the most urgent interrupt of whichever controller has one; its vector.
    package var acknowledge: () -> UInt8? = { nil }
    /// CR8.
    package var taskPriority: () -> UInt8 = { 0 }
    package var setTaskPriority: (UInt8) -> Void = { _ in }
    /// `nil` and false for registers that are not the APIC's.
    package var readMSR: (UInt32) -> UInt64? = { _ in nil }
    package var writeMSR: (UInt32, UInt64) -> Bool = { _, _ in false }
    /// The deadline that was set by `Core.setTimer` has passed.
    package var timerExpired: () -> Void = {}
    /// Where the core finds the registers in its memory, a page; `nil` for nowhere.
    package var window: () -> UInt64? = { nil }
    package var readWindow: (UInt64, AccessWidth) -> UInt64 = { _, _ in 0 }
    package var writeWindow: (UInt64, AccessWidth, UInt64) -> Void = { _, _, _ in }

    package init() {}
}

/// One x86 core: its state and everything that an engine shares with the rest of the machine.
///
/// Methods marked *any thread* may be called from anywhere; all others belong to the core's own thread, or to a
/// machine whose cores are parked or not yet running.
package final class Core: @unchecked Sendable {
    // SAFETY: other threads reach the shared fields of the state by atomic operations, `requests` and the like
    // are atomic, closures are set before the thread starts, and everything else is the own thread's.

    package let id: UInt32
    package let state: CorePointer
    package let memory: GuestMemory
    /// Memory-mapped devices.
    package let bus: AddressSpace
    /// The 64 K input and output ports.
    package let ports: AddressSpace
    /// Its ticks are the cycles of the time-stamp counter.
    package let clock: any Clock
    package var controller = InterruptController()
    /// What a debugger wants of the core.
    package let debug = DebugLatch()
    /// Called on the core's thread when the guest has lost control of it for good (a triple fault).
    package var shutDown: () -> Void = {}
    /// Called on the core's thread each time it falls asleep with nothing left that could wake it.
    package var fellDormant: (Core) -> Void = { _ in }

    package let registers: UnsafeMutablePointer<UInt64>
    let bases: UnsafeMutablePointer<UInt64>
    /// x87, MXCSR and vector registers.
    package let float: UnsafeMutablePointer<FloatArea>
    let exitRequest: UnsafeMutableRawPointer
    let signals: UnsafeMutableRawPointer
    let decoder = Decoder()
    let tlb: TLB
    let jumps: JumpTable
    let blocks: BlockCache
    let native: NativeCode?
    let scratch: UnsafeMutableRawPointer
    private let ramBase: UInt64
    private let ramHost: UInt64

    /// Bits of a physical address that leave the processor: all, or all but bit 20 while A20 is masked.
    var addressLines: UInt64 = .max

    // Life cycle: see CoreLifeCycle.
    let sleeper = Sleeper()
    let requests = Atomic<UInt32>(0)
    let isAsleep = Atomic<Bool>(false)
    let isParkedValue = Atomic<Bool>(false)
    let isDormantValue = Atomic<Bool>(false)
    /// Code that cores share, and what the others ask about it.
    let watch: CodeWatch
    let inbox: CodeInbox
    private let remote = Backlink<Core>()
    let alarm: AlarmClock?
    /// The page that SIPI names.
    let startPage = Atomic<UInt8>(0)
    /// How many cores the machine has, as CPUID tells.
    package var siblings = 1
    /// What CPUID tells of.
    package var featureLevel = FeatureLevel.all
    var alarmNumber = 0
    var alarmTime: UInt64 = .max
    var timerDeadline: UInt64 = .max

    /// A core in its reset state, but in no mode that could run yet.
    ///
    /// - Parameters:
    ///   - alarm: what kicks the core when a timer comes due while it runs.
    ///   - watch: what it shares with the other cores of its machine, where there are some.
    package init(
        id: UInt32, memory: GuestMemory, bus: AddressSpace, ports: AddressSpace, clock: any Clock,
        alarm: AlarmClock? = nil, watch: CodeWatch? = nil
    ) {
        self.id = id
        self.memory = memory
        self.bus = bus
        self.ports = ports
        self.clock = clock
        self.alarm = alarm
        let block = UnsafeMutableRawPointer.allocate(byteCount: CoreLayout.size, alignment: 4096)
        state = block.bindMemory(to: CoreState.self, capacity: 1)
        state.initialize(to: CoreState())
        jumps = JumpTable(at: block + CoreLayout.jumps)
        tlb = TLB(at: block + CoreLayout.tlb, jumps: jumps)
        registers = Self.words(&state.pointee.r)
        bases = Self.words(&state.pointee.bases)
        exitRequest = Self.raw(&state.pointee.core.exitRequest)
        signals = Self.raw(&state.pointee.signals)
        float = (block + CoreLayout.float).bindMemory(to: FloatArea.self, capacity: 1)
        float.initialize(to: FloatArea())
        scratch = .allocate(byteCount: 64, alignment: 64)
        let watch = watch ?? CodeWatch(memory: memory)
        self.watch = watch
        inbox = watch.join { [remote] in remote.call { $0.kick() } }
        blocks = BlockCache(memory: memory, watch, inbox)
        native = NativeCode()
        ramBase = memory.base
        ramHost = UInt64(UInt(bitPattern: memory.host))
        remote.set(self)
        if let alarm { alarmNumber = alarm.add { [remote] in remote.call { $0.kick() } } }
        updateMode()
    }

    deinit {
        remote.set(nil)
        UnsafeMutableRawPointer(state).deallocate()
        scratch.deallocate()
    }

    /// The state never moves, so addresses of its fields outlive the call.
    private static func words<Field>(_ field: UnsafeMutablePointer<Field>) -> UnsafeMutablePointer<UInt64> {
        raw(field).assumingMemoryBound(to: UInt64.self)
    }

    private static func raw<Field>(_ field: UnsafeMutablePointer<Field>) -> UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(field)
    }

    @inline(__always)
    func physical(ofHost address: UInt64) -> UInt64 { address &- ramHost &+ ramBase }

    /// 48-bit addresses repeat their highest bit.
    @inline(__always)
    static func isCanonical(_ address: UInt64) -> Bool { (address &+ 1 << 47) >> 48 == 0 }

    /// Lets address line 20 through, or holds it at zero as the first PCs did, from the core's next
    /// instruction on. *Any thread.*
    package func setA20(_ isOpen: Bool) {
        addressLines = isOpen ? .max : ~(1 << 20)
        inbox.post { $0.isFlush = true }
    }

    // MARK: Modes

    package var isLongMode: Bool { state.pointee.efer & Control.longModeActive != 0 }

    /// Brings everything derived from control registers, CS and flags up to date: the TLB set in force, how code
    /// is decoded, bases that 64-bit mode ignores.
    package func updateMode() {
        let code = state.pointee.segments[Int(SegmentSlot.cs)].attributes
        let isWide = isLongMode && code & 1 << 13 != 0
        let stack = state.pointee.segments[Int(SegmentSlot.ss)].attributes
        state.pointee.stackMask = isWide ? .max : stack & 1 << 14 != 0 ? 0xFFFF_FFFF : 0xFFFF
        state.pointee.flatSegments = isWide ? 0 : flatSegments()
        let mode: Decoder.Mode = isWide ? .bits64 : code & 1 << 14 != 0 ? .bits32 : .bits16
        state.pointee.mode = mode.rawValue
        for slot in 0..<4 { bases[slot] = isWide ? 0 : state.pointee.segments[slot].base }
        bases[4] = state.pointee.segments[4].base
        bases[5] = state.pointee.segments[5].base
        selectTLB()
    }

    func selectTLB() {
        state.pointee.tlb = UInt(bitPattern: tlb.base(of: currentSet))
    }

    var currentSet: TLB.Set {
        if state.pointee.privilege == 3 { return .user }
        let isStrict =
            state.pointee.cr4 & Control.cr4SMAP != 0 && state.pointee.systemFlags & Flag.alignment == 0
        return isStrict ? .supervisorStrict : .supervisor
    }
}
