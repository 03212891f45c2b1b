import Glibc
import Host
import HTTPTypes
import HummingbirdCore
import NIOCore

/// A file without a name that holds a long body while somebody else reads or writes it at his own pace.
///
/// What reads archives blocks, and a body arrives by waiting: were the two joined by a pipe, a few slow clients could
/// stop every thread. A file takes any amount in bounded memory.
struct Spool: ~Copyable, Sendable {
    private static let pieceSize = 128 << 10

    private let file: FileDescriptor

    /// An empty spool in `folder`.
    init(in folder: String) throws {
        try Folder.create(folder, mode: 0o700)
        file = try FileDescriptor.unlinked(in: folder)
    }

    /// Takes in all of a body.
    init(_ body: RequestBytes, in folder: String) async throws {
        try self.init(in: folder)
        while let bytes = try await body.next(), !bytes.isEmpty { try Descriptors.writeAll(file.raw, bytes) }
        rewind()
    }

    /// The kernel's number, valid while the spool lives.
    var raw: Int32 { file.raw }

    /// The next reader begins at the start.
    func rewind() { lseek(file.raw, 0, SEEK_SET) }

    /// The whole content as a response.
    consuming func response(type: String) throws -> Response {
        rewind()
        let size = try file.status().size
        let file = SpoolReader(file: file)
        return Response(
            status: .ok, headers: [.contentType: type],
            body: ResponseBody(contentLength: Int(clamping: size)) { writer in
                while let bytes = try file.next(Self.pieceSize) { try await writer.write(bytes: bytes) }
                try await writer.finish(nil)
            })
    }
}

/// Reads a spool's file piece by piece and closes it when the response is done with.
private final class SpoolReader: Sendable {
    private let file: FileDescriptor

    init(file: consuming FileDescriptor) { self.file = file }

    func next(_ limit: Int) throws -> [UInt8]? {
        let bytes = try Descriptors.read(file.raw, limit: limit) ?? []
        return bytes.isEmpty ? nil : bytes
    }
}
