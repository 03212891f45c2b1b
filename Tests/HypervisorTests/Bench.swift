import CLinux
import Glibc
import Host
import Hypervisor
import Machine
import Model

/// A machine for tests, run to its end on the calling thread: programs in, events and console text out.
final class Bench {
    let loop: EventLoop
    private(set) var events: [MachineEvent] = []
    private(set) var machine: VirtualMachine?
    /// Called on the loop with every event, the last one included.
    var onEvent: (MachineEvent) -> Void = { _ in }

    private var console: FileDescriptor
    private let theirs: FileDescriptor

    init() throws {
        loop = try EventLoop()
        var pair = try SocketPair(.stream)
        console = pair.takeNear()
        theirs = pair.takeFar()
    }

    /// Builds the machine without starting it.
    func assemble(_ change: (inout MachineSpec) throws -> Void) throws -> VirtualMachine {
        var spec = MachineSpec(id: MachineID(random: 2), name: "bench")
        spec.memory = 32 << 20
        spec.accelerator = .interpret
        spec.serial = theirs.raw
        try change(&spec)
        let built = try VirtualMachine(spec, loop: loop, birth: .take()) { [unowned self] event in
            events.append(event)
            onEvent(event)
            if event.exitCode != nil { loop.stop() }
        }
        machine = built
        return built
    }

    /// Runs until the machine ends, or for ten seconds; returns the last event.
    func run(_ change: (inout MachineSpec) throws -> Void) throws -> MachineEvent? {
        let machine = try assemble(change)
        loop.schedule(after: 10_000_000_000) { machine.kill("the test ran out of patience") }
        machine.powerOn()
        loop.run()
        return events.last
    }

    /// What the guest has written to its serial port.
    func consoleText() throws -> String { String(decoding: try consoleBytes(), as: UTF8.self) }

    /// The same as bytes.
    func consoleBytes() throws -> [UInt8] {
        try Descriptors.setNonBlocking(console.raw)
        var text: [UInt8] = []
        while let bytes = try Descriptors.read(console.raw), !bytes.isEmpty { text += bytes }
        return text
    }

    /// Types at the guest's serial port.
    func type(_ text: String) throws { try Descriptors.writeAll(console.raw, Array(text.utf8)) }

    /// An open file with these bytes, without a name.
    static func file(_ bytes: [UInt8]) throws -> Int32 {
        var path = Array("/tmp/vivarium-bench-XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        unlink(path)
        try Descriptors.writeAll(descriptor, bytes)
        return descriptor
    }
}
