import Host
import Model

/// Why a guest cannot be had: the exit code and one line for the user.
package struct CatalogueError: Error, Equatable, CustomStringConvertible {
    package let code: ExitCode
    package let description: String

    package init(_ code: ExitCode, _ description: String) {
        self.code = code
        self.description = description
    }

    /// A file of the cache that the kernel refuses to make or write: the disk may be full.
    init(_ error: SystemError) {
        self.init(.unusableFile, "\(error): free some space, or set XDG_CACHE_HOME to another folder")
    }
}
