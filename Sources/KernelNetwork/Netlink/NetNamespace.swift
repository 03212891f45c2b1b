import CLinux
import Glibc
import Host
import Synchronization

/// A net namespace, held open.
struct NetNamespace: ~Copyable {
    private let descriptor: FileDescriptor

    init(owning descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    /// The one that a process lives in.
    init(pid: Int32) throws(SystemError) {
        descriptor = try FileDescriptor.open("/proc/\(pid)/ns/net")
    }

    /// The one that a path leads to.
    init(path: String) throws(SystemError) { descriptor = try FileDescriptor.open(path) }

    /// The one that the calling thread lives in.
    static func current() throws(SystemError) -> NetNamespace {
        NetNamespace(owning: try FileDescriptor.open("/proc/self/task/\(viv_thread_id())/ns/net"))
    }

    var raw: Int32 { descriptor.raw }

    /// Runs `body` inside, on a thread that exists for nothing else: one that has moved may not be able to come back,
    /// and must never serve anybody again.
    func run<Result: Sendable>(
        _ body: @escaping @Sendable () throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        let raw = raw
        return try Self.onThread { () throws(SystemError) in
            try checked("enter a net namespace") { viv_enter_network(raw) }
            return try body()
        }
    }

    /// Makes a new namespace and runs `body` inside it.
    static func create<Value: Sendable>(
        _ body: @escaping @Sendable () throws(SystemError) -> Value
    ) throws(SystemError) -> Value {
        try onThread { () throws(SystemError) in
            try checked("make a net namespace") { viv_new_network() }
            return try body()
        }
    }

    private static func onThread<Value: Sendable>(
        _ body: @escaping @Sendable () throws(SystemError) -> Value
    ) throws(SystemError) -> Value {
        let outcome = Outcome<Value>()
        let thread = try Thread(name: "namespace") {
            do throws(SystemError) {
                outcome.set(.success(try body()))
            } catch {
                outcome.set(.failure(error))
            }
        }
        thread.join()
        return try outcome.get()
    }
}

/// What a thread has to say when it ends.
private final class Outcome<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, SystemError>>(.failure(SystemError("finish", code: ECANCELED)))

    func set(_ new: sending Result<Value, SystemError>) { result.withLock { $0 = new } }

    func get() throws(SystemError) -> Value { try result.withLock { $0 }.get() }
}

/// Settings below `/proc/sys/net` of the calling thread's net namespace.
enum NetworkSetting {
    static func read(_ name: String) -> String? {
        guard let file = try? FileDescriptor.open("/proc/sys/net/\(name)"),
            let bytes = try? Descriptors.read(file.raw)
        else { return nil }
        return String(decoding: bytes.prefix { $0 > 0x20 }, as: UTF8.self)
    }

    static func write(_ value: String, to name: String) throws(SystemError) {
        let file = try FileDescriptor.open("/proc/sys/net/\(name)", O_WRONLY)
        try Descriptors.writeAll(file.raw, Array(value.utf8))
    }
}
