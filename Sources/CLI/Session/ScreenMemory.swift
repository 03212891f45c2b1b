import Display
import Host

/// The pixels of a machine's screen: memory that the machine draws into, and that is passed to whoever looks.
final class ScreenMemory {
    let file: FileDescriptor

    init() throws(SystemError) { file = try Surface.makeFile() }
}
