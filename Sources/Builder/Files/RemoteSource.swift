import Glibc
import Host
import Images

/// Files of ADD that are fetched by URL.
enum RemoteSource {
    /// Larger files are refused.
    private static let largest: Int64 = 16 << 30

    static func isRemote(_ source: String) -> Bool {
        ["http://", "https://", "ftp://", "git://", "git@", "ssh://"].contains(where: source.hasPrefix)
    }

    /// Fetches a file into a folder and checks it.
    ///
    /// - Returns: its name, from the URL's path.
    static func fetch(_ url: String, into folder: String, checksum: String?) async throws(BuildError)
        -> String
    {
        let path = url.prefix { $0 != "?" && $0 != "#" }
        guard url.hasPrefix("http://") || url.hasPrefix("https://"), !path.hasSuffix(".git") else {
            throw BuildError(
                .invalidDockerfile,
                "ADD \(url): only http and https are fetched; clone git repositories before the build")
        }
        let parts = path.split(separator: "/").dropFirst(2)
        guard let last = parts.last, last != "..", last != "." else {
            throw BuildError(.invalidDockerfile, "ADD \(url): the URL names no file")
        }
        let target = "\(folder)/\(last)"
        let file = try system { () throws(SystemError) in
            try FileDescriptor.open(target, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        }
        let raw = file.raw
        let modified = try await fromImages { () async throws(ImageError) in
            try await RemoteFile.fetch(url, into: raw, limit: largest)
        }
        let times = [timespec](repeating: timespec(tv_sec: Int(modified ?? 0), tv_nsec: 0), count: 2)
        utimensat(AT_FDCWD, target, times, 0)
        try check(target, checksum, url)
        return String(last)
    }

    private static func check(_ path: String, _ checksum: String?, _ url: String) throws(BuildError) {
        guard let checksum else { return }
        guard let wanted = Digest(parsing: checksum), wanted.algorithm == .sha256 else {
            throw BuildError(.invalidDockerfile, "--checksum is sha256: and 64 hexadecimal digits")
        }
        let found = try system { () throws(SystemError) in try FileContent.digest(path) }
        guard found == wanted else {
            throw BuildError(.stepFailed, "\(url) has the digest \(found), not \(wanted)")
        }
    }
}
