import Foundation

/// The programs under test, and what they may write to.
package enum Programs {
    /// Where the build put everything; `VIVARIUM_PROGRAMS` names another folder.
    package static let folder: URL = {
        if let named = ProcessInfo.processInfo.environment["VIVARIUM_PROGRAMS"] {
            return URL(filePath: named)
        }
        return URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    }()

    package static let viv = folder.appending(path: "viv")

    /// A folder of this test run, private to it; gone when the run has ended.
    package static let scratch: URL = {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "vivarium-e2e-\(UUID().uuidString)")
        try? FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        atexit { try? FileManager.default.removeItem(at: Programs.scratch) }
        return folder
    }()
}
