import Glibc
import Host
import Testing

/// One test for all that touches the process's one raw terminal.
@Suite(.serialized) struct TerminalTests {
    private func localFlags(_ fd: Int32) -> tcflag_t {
        var settings = termios()
        #expect(tcgetattr(fd, &settings) == 0)
        return settings.c_lflag
    }

    @Test func `raw mode takes echo and signals away and restoring brings them back`() throws {
        let pty = try PseudoTerminal()
        let before = localFlags(pty.slave.raw)
        #expect(before & tcflag_t(ECHO | ISIG | ICANON) == tcflag_t(ECHO | ISIG | ICANON))
        try Terminal.makeRaw(pty.slave.raw)
        #expect(localFlags(pty.slave.raw) & tcflag_t(ECHO | ISIG | ICANON) == 0)
        // As after a stop: raw again, and what was saved first stays saved.
        try Terminal.makeRaw(pty.slave.raw)
        Terminal.restore()
        #expect(localFlags(pty.slave.raw) == before)
        Terminal.restore()
        #expect(localFlags(pty.slave.raw) == before)
    }

    @Test func `a pipe is no terminal and has no size`() throws {
        let null = try FileDescriptor.open("/dev/null")
        #expect(!Terminal.isTerminal(null.raw))
        #expect(Terminal.size(of: null.raw) == nil)
        #expect(throws: SystemError.self) { try Terminal.makeRaw(null.raw) }
    }

    @Test func `the size of a terminal is told`() throws {
        let pty = try PseudoTerminal()
        var size = winsize(ws_row: 40, ws_col: 132, ws_xpixel: 0, ws_ypixel: 0)
        #expect(ioctl(pty.master.raw, UInt(TIOCSWINSZ), &size) == 0)
        #expect(Terminal.size(of: pty.slave.raw) == Terminal.Size(columns: 132, rows: 40))
    }
}
