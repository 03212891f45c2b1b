import CLinux
import Glibc
import Host

/// Both ends of a pipe, close-on-exec.
struct Pipe: ~Copyable {
    let reader: Int32
    private(set) var writer: Int32

    init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        try checked("make a pipe") { viv_pipe(&ends) }
        reader = ends[0]
        writer = ends[1]
    }

    deinit {
        close(reader)
        if writer >= 0 { close(writer) }
    }

    /// A reader sees the end once every writer is gone; ours must not keep it waiting.
    mutating func closeWriter() {
        close(writer)
        writer = -1
    }
}
