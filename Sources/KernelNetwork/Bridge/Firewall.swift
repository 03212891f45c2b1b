import CLinux
import Glibc
import Host

/// Runs the program `nft`, one transaction a call.
enum Firewall {
    private static let maximumMessage = 4096

    /// Applies all commands of `text` or none.
    static func apply(_ text: String, _ action: String) throws(KernelNetworkError) {
        guard !text.isEmpty else { return }
        do {
            let (exit, message) = try run(text)
            guard exit == .exited(0) else {
                let reason = message.split(separator: "\n").first.map(String.init) ?? "nft ended with \(exit)"
                throw KernelNetworkError(kind(of: reason), "cannot \(action): nft says \"\(reason)\"")
            }
        } catch let error as SystemError {
            let advice = error.code == ENOENT ? "; install Debian's package nftables" : ""
            throw KernelNetworkError(.refusedByHost, "cannot \(action): \(error)\(advice)")
        } catch let error as KernelNetworkError {
            throw error
        } catch {
            throw KernelNetworkError(.system, "cannot \(action): \(error)")
        }
    }

    private static func kind(of reason: String) -> KernelNetworkError.Kind {
        reason.contains("Operation not permitted") ? .refusedByHost : .system
    }

    private static func run(_ text: String) throws -> (ChildProcess.Exit, String) {
        // A file in memory instead of a pipe: a program that does not read cannot hold us up.
        let input = FileDescriptor(owning: try checked("hold rules in memory") { viv_memfd("rules", 0) })
        try Descriptors.writeAll(input.raw, Array(text.utf8))
        lseek(input.raw, 0, SEEK_SET)
        var pair = try SocketPair(.stream)
        let ours = pair.takeNear()
        let theirs = pair.takeFar()
        let child = try ChildProcess(
            "nft", ["-f", "-"],
            inherit: [.init(input.raw, as: 0), .init(theirs.raw, as: 1), .init(theirs.raw, as: 2)])
        _ = consume theirs
        var message: [UInt8] = []
        while let bytes = try Descriptors.read(ours.raw), !bytes.isEmpty {
            message += bytes.prefix(max(0, maximumMessage - message.count))
        }
        return (child.reap(), String(decoding: message, as: UTF8.self))
    }
}
