import Foundation
import Testing

/// The programs under test, beside the test bundle, and what the host has for them.
enum Programs {
    /// Where the build put everything; `VIVARIUM_PROGRAMS` names another folder.
    static let folder: URL = {
        if let named = ProcessInfo.processInfo.environment["VIVARIUM_PROGRAMS"] {
            return URL(filePath: named)
        }
        return URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    }()

    static let viv = folder.appending(path: "viv")
    static let machine = folder.appending(path: "viv-machine")

    /// Whether `viv boot busybox` will start at once; the first test that asks fills the cache, which
    /// takes a network and some minutes.
    static let hasBusybox: Bool = {
        guard let answer = try? Command.run(viv, ["guests", "update", "busybox"], patience: 900) else {
            return false
        }
        if answer.code == 0 { return true }
        let listed = try? Command.run(viv, ["guests", "--format", "json"])
        return listed?.output.contains("\"version\"") ?? false
    }()

    static let compiler = "riscv64-linux-gnu-gcc"
    static let hasCompiler = FileManager.default.isExecutableFile(atPath: "/usr/bin/\(compiler)")

    /// Debian's OpenSBI and U-Boot for QEMU's board.
    static let openSBI = "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin"
    static let uBoot = "/usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin"
    static let hasFirmware =
        FileManager.default.fileExists(atPath: openSBI) && FileManager.default.fileExists(atPath: uBoot)

    /// A folder of this test run, private to it.
    static let scratch: URL = {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "vivarium-e2e-\(UUID().uuidString)")
        try? FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        return folder
    }()

    /// A file of `size` zero bytes in the scratch folder.
    static func disk(_ name: String, size: UInt64) throws -> URL {
        let file = scratch.appending(path: "\(name)-\(UUID().uuidString).img")
        _ = FileManager.default.createFile(atPath: file.path(), contents: nil)
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: size)
        try handle.close()
        return file
    }
}

/// A command that runs to its end.
struct Command {
    let code: Int32
    let output: String
    let errors: String
    /// Ended by a signal, whose number `code` then is.
    let wasKilled: Bool

    /// Runs a program without input. One that takes longer than `patience` seconds is killed.
    static func run(_ program: URL, _ arguments: [String], patience: Double = 60) throws -> Command {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        let (output, errors) = (Collector(), Collector())
        process.standardOutput = output.pipe
        process.standardError = errors.pipe
        try process.run()
        let watchdog = DispatchWorkItem { process.terminate() }
        DispatchQueue.global().asyncAfter(deadline: .now() + patience, execute: watchdog)
        process.waitUntilExit()
        watchdog.cancel()
        return Command(
            code: process.terminationStatus, output: output.finish(), errors: errors.finish(),
            wasKilled: process.terminationReason == .uncaughtSignal)
    }

    /// Ours, with a runtime directory that no other machine is in.
    static var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        environment["XDG_RUNTIME_DIR"] = Programs.scratch.path()
        environment["SWIFT_BACKTRACE"] = "enable=no"
        return environment
    }
}

/// Reads a pipe to its end on a thread of its own.
final class Collector: @unchecked Sendable {
    // SAFETY: `text` is guarded by `lock`.

    let pipe = Pipe()
    private let lock = NSCondition()
    private var bytes = Data()
    private var isOver = false

    init() {
        let handle = pipe.fileHandleForReading
        Thread.detachNewThread { [self] in
            while true {
                let data = handle.availableData
                lock.lock()
                bytes += data
                isOver = data.isEmpty
                lock.broadcast()
                lock.unlock()
                if data.isEmpty { return }
            }
        }
    }

    /// Waits for the end; everything that was read.
    func finish() -> String {
        lock.lock()
        defer { lock.unlock() }
        while !isOver { lock.wait() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Waits until `text` has come behind the first `start` bytes; the position after it, or `nil` when the pipe
    /// has ended or the time is over.
    func wait(for text: String, from start: Int, until deadline: Date) -> Int? {
        lock.lock()
        defer { lock.unlock() }
        while true {
            if let range = bytes.range(of: Data(text.utf8), in: min(start, bytes.count)..<bytes.count) {
                return range.upperBound
            }
            guard !isOver, lock.wait(until: deadline) else { return nil }
        }
    }

    /// What has come so far, from a position on, up to another.
    func text(from start: Int, to end: Int = .max) -> String {
        lock.lock()
        defer { lock.unlock() }
        return String(decoding: bytes[min(start, bytes.count)..<min(end, bytes.count)], as: UTF8.self)
    }
}
