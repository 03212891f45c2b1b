import CLinux
import Glibc

/// Small pieces of host code that each execute one guest instruction: the host has the same vector and x87
/// instructions, so the guest's are copied, with their operands renamed to fixed registers.
///
/// A piece is `(destination, source, environment) -> result` and is made when it is first needed. Memory is
/// mapped once, twice: writable and executable, never both.
final class NativeCode {
    typealias Piece =
        @convention(c) (
            UnsafeMutableRawPointer, UnsafeMutableRawPointer, UnsafeMutableRawPointer
        ) -> UInt64

    private static let size = 1 << 20
    /// No piece is longer.
    private static let longest = 96

    private let writable: UnsafeMutablePointer<UInt8>
    private let executable: UnsafeMutableRawPointer
    private var used = 0
    private var pieces: [UInt32: Piece] = [:]
    /// Pieces by their keys below `directSize`, which is where all without immediates are.
    private let direct: UnsafeMutablePointer<Piece?>
    private static let directSize = 1 << 14

    /// `nil` when the host refuses executable memory.
    init?() {
        let file = viv_memfd("vivarium-pieces", Self.size)
        guard file >= 0 else { return nil }
        defer { close(file) }
        let view = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
        let code = mmap(nil, Self.size, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0)
        guard view != MAP_FAILED, code != MAP_FAILED, let view, let code else { return nil }
        writable = view.assumingMemoryBound(to: UInt8.self)
        executable = code
        direct = .allocate(capacity: Self.directSize)
        direct.initialize(repeating: nil, count: Self.directSize)
    }

    deinit {
        munmap(writable, Self.size)
        munmap(executable, Self.size)
        direct.deallocate()
    }

    /// The piece for `key`, made of the bytes that `bytes` gives when there is none yet.
    @inline(__always)
    func piece(_ key: UInt32, _ bytes: () -> [UInt8]) -> Piece {
        if key < Self.directSize, let piece = direct[Int(key)] { return piece }
        return pieces[key] ?? make(key, bytes())
    }

    private func make(_ key: UInt32, _ bytes: [UInt8]) -> Piece {
        if used + Self.longest > Self.size {
            // Nobody is inside a piece while another is being made.
            pieces.removeAll()
            direct.update(repeating: nil, count: Self.directSize)
            used = 0
        }
        (writable + used).update(from: bytes, count: min(bytes.count, Self.longest))
        let piece = unsafeBitCast(executable + used, to: Piece.self)
        used += (bytes.count + 15) & ~15
        if key < Self.directSize { direct[Int(key)] = piece } else { pieces[key] = piece }
        return piece
    }
}

/// What pieces get as their environment.
struct NativeEnvironment {
    /// The MXCSR to run under, and what it has become.
    var mxcsr: UInt32 = 0x1F80
    /// The host's own.
    var hostMXCSR: UInt32 = 0x1F80
    var unused: UInt64 = 0
    /// The guest's XMM0, for instructions that read it without naming it.
    var xmm0 = Vector()
    /// Lengths of strings in, and the index found.
    var rax: UInt64 = 0
    var rdx: UInt64 = 0
    var rcx: UInt64 = 0
}
