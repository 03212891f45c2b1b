import Glibc
import HTTPTypes
import Host
import HummingbirdCore
import NIOCore

/// A file without a name that holds a long body while somebody else reads or writes it at his own pace.
///
/// What reads archives blocks, and a body arrives by waiting: were the two joined by a pipe, a few slow clients could
/// stop every thread. A file takes any amount in bounded memory.
final class Spool: Sendable {
    private static let pieceSize = 128 << 10

    private let file: Host.FileDescriptor

    /// An empty spool in `folder`.
    init(in folder: String) throws {
        try Folder.create(folder, mode: 0o700)
        file = try Host.FileDescriptor.unlinked(in: folder)
    }

    /// A spool with all of a body.
    static func holding(_ body: RequestBytes, in folder: String) async throws -> Spool {
        let spool = try Spool(in: folder)
        while let bytes = try await body.next(), !bytes.isEmpty {
            try Descriptors.writeAll(spool.file.raw, bytes)
        }
        spool.rewind()
        return spool
    }

    /// The kernel's number, valid while the spool lives.
    var raw: Int32 { file.raw }

    /// The next reader begins at the start.
    func rewind() { lseek(file.raw, 0, SEEK_SET) }

    /// The whole content as a response.
    func response(type: String) throws -> Response {
        rewind()
        let size = try file.status().size
        return Response(
            status: .ok, headers: [.contentType: type],
            body: ResponseBody(contentLength: Int(clamping: size)) { writer in
                while let bytes = try Descriptors.read(self.raw, limit: Self.pieceSize), !bytes.isEmpty {
                    try await writer.write(bytes: bytes)
                }
                try await writer.finish(nil)
            })
    }
}
