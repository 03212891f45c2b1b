import CLinux
import Glibc
import Host
import KVM
import Machine
import Synchronization

/// A vCPU of KVM's with the thread that it runs on.
final class KVMThread: @unchecked Sendable {
    // SAFETY: requests and the thread's identity are atomic; `KVMCPU` says for itself what others may call.

    private enum Request {
        static let park: UInt32 = 1
        static let end: UInt32 = 2
    }

    /// What interrupts the thread while it is in the guest.
    private static let signal = SIGUSR1

    private let cpu: KVMCPU
    private let bus: AddressSpace
    private let ports: AddressSpace
    private let sleeper = Sleeper()
    private let requests = Atomic<UInt32>(Request.park)
    private let isParked = Atomic<Bool>(false)
    private let identity = Atomic<pthread_t>(0)
    /// The guest has lost control of the processor. On the vCPU's thread, which parks.
    private let lost: @Sendable () -> Void
    /// KVM cannot go on. On the vCPU's thread, which parks.
    private let failed: @Sendable (UInt32) -> Void

    /// Starts the thread; the vCPU is parked.
    init(
        _ cpu: KVMCPU, name: String, bus: AddressSpace, ports: AddressSpace,
        lost: @escaping @Sendable () -> Void, failed: @escaping @Sendable (UInt32) -> Void
    ) throws(SystemError) {
        self.cpu = cpu
        self.bus = bus
        self.ports = ports
        self.lost = lost
        self.failed = failed
        // No handler that restarts: the system call is to end.
        viv_kvm_interrupt_by(Self.signal)
        _ = try Thread(name: name) { [self] in
            identity.store(pthread_self(), ordering: .sequentiallyConsistent)
            run()
        }
    }

    private func run() {
        while true {
            let asked = requests.load(ordering: .sequentiallyConsistent)
            if asked & Request.end != 0 { return standStill() }
            if asked & Request.park != 0 {
                standStill()
                sleeper.sleep(nanoseconds: nil) { [self] in
                    requests.load(ordering: .sequentiallyConsistent) != Request.park
                }
                continue
            }
            isParked.store(false, ordering: .sequentiallyConsistent)
            look(after: cpu.enter())
        }
    }

    private func look(after exit: KVMExit) {
        switch exit {
        case .access: cpu.serve(bus: bus, ports: ports)
        case .kicked, .interruptWindow: break
        case .shutDown:
            park()
            lost()
        case .halted:
            park()
            failed(UInt32(KVM_EXIT_HLT))
        case .failed(let reason):
            park()
            failed(reason)
        }
    }

    private func standStill() {
        sleeper.announce { isParked.store(true, ordering: .sequentiallyConsistent) }
    }

    // MARK: Any thread

    func park() {
        _ = requests.bitwiseOr(Request.park, ordering: .sequentiallyConsistent)
        kick()
    }

    func unpark() {
        _ = requests.bitwiseAnd(~Request.park, ordering: .sequentiallyConsistent)
        sleeper.wake()
    }

    func end() {
        _ = requests.bitwiseOr(Request.end, ordering: .sequentiallyConsistent)
        kick()
        sleeper.wake()
    }

    /// *Any other thread.*
    func waitUntilParked() { sleeper.await { isParked.load(ordering: .acquiring) } }

    private func kick() {
        let thread = identity.load(ordering: .sequentiallyConsistent)
        guard thread != 0, thread != pthread_self() else { return }
        cpu.kick()
        pthread_kill(thread, Self.signal)
    }
}
