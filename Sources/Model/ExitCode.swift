/// The exit codes of `viv` and `viv-machine`. They are part of the interface: scripts rely on them.
package enum ExitCode: Int32, Sendable, CaseIterable {
    /// The guest powered itself off, or the command did what it was asked.
    case success = 0
    /// Unknown command, option or value.
    case badCommandLine = 64
    /// The guest reset with a failure reason, panicked, or can never run again.
    case guestFailed = 65
    /// A file, disk or cache entry is missing or cannot be used.
    case unusableFile = 66
    /// The host or the machine will not do what was asked: no such accelerator, port in use, disk in use.
    case refused = 69
    /// A fault of Vivarium itself.
    case internalFault = 70
    /// The machine was ended from outside before its guest powered off.
    case ended = 75

    /// One line for the manual.
    package var meaning: String {
        switch self {
        case .success: "the guest powered off, or the command succeeded"
        case .badCommandLine: "unknown command, option or value"
        case .guestFailed: "the guest ended badly"
        case .unusableFile: "a file is missing or cannot be used"
        case .refused: "the request was refused"
        case .internalFault: "internal fault"
        case .ended: "ended from outside before the guest powered off"
        }
    }
}
