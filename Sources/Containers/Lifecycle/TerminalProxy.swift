import CLinux
import Glibc
import Host

/// Joins this process's terminal with the container's.
final class TerminalProxy {
    /// The end of a pair that the container sends its terminal through.
    let far: Int32
    private let near: Int32
    private var master: Int32 = -1
    private var takesInput = true

    init() throws(ContainerError) {
        var ends: (Int32, Int32) = (-1, -1)
        let made = withUnsafeMutableBytes(of: &ends) {
            viv_socket_pair(Int32(SOCK_STREAM.rawValue), $0.assumingMemoryBound(to: Int32.self).baseAddress)
        }
        guard made == 0 else {
            throw ContainerError(.system, SystemError("make a pair of sockets").description)
        }
        (near, far) = ends
    }

    /// Takes the terminal, and makes this process's own raw.
    func begin() throws(ContainerError) {
        close(far)
        master = viv_receive_descriptor(near)
        close(near)
        guard master >= 0 else { throw ContainerError(.system, "the container sent no terminal") }
        try? Descriptors.setNonBlocking(master)
        if isatty(0) == 1 { _ = viv_terminal_raw(0) }
        resize()
    }

    func end() {
        drain()
        viv_terminal_restore()
        close(master)
    }

    func resize() {
        var size = winsize()
        guard master >= 0, viv_window_size(0, &size) == 0, size.ws_row > 0 else { return }
        _ = viv_set_window_size(master, &size)
    }

    var slots: [pollfd] {
        [
            pollfd(fd: takesInput ? 0 : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: master, events: Int16(POLLIN), revents: 0),
        ]
    }

    func pump(_ slots: ArraySlice<pollfd>) {
        guard let input = slots.first, let output = slots.last else { return }
        if input.revents != 0 {
            let bytes = (try? Descriptors.read(0)) ?? []
            takesInput = !bytes.isEmpty
            try? Descriptors.writeAll(master, bytes)
        }
        if output.revents & Int16(POLLIN) != 0 { drain() } else if output.revents != 0 { usleep(1000) }
    }

    private func drain() {
        while let bytes = try? Descriptors.read(master), !bytes.isEmpty {
            try? Descriptors.writeAll(1, bytes)
        }
    }
}
