import Glibc
import Host
import Model

/// Opens what a machine is made of, and says in one line what is wrong with what cannot be opened.
enum MachineFiles {
    /// A kernel, initrd or firmware: `role` names it in messages.
    static func open(_ path: String, role: String) throws(Failure) -> FileDescriptor {
        do {
            let file = try FileDescriptor.open(path)
            guard try file.status().kind == .regular else {
                throw Failure.unusableFile("\(role) \(path) is not a file")
            }
            return file
        } catch let failure as Failure {
            throw failure
        } catch {
            throw .unusableFile("cannot use \(role) \(path): \(reason(error))")
        }
    }

    /// A disk image, locked against other machines: exclusively if this one writes to it.
    static func openDisk(_ disk: DiskOption, ephemeral: Bool) throws(Failure) -> FileDescriptor {
        let writes = !disk.isReadOnly && !ephemeral
        let image: FileDescriptor
        do {
            image = try FileDescriptor.open(disk.path, writes ? O_RDWR : O_RDONLY)
        } catch {
            throw .unusableFile(explain(error, disk.path, writes: writes))
        }
        let status: FileStatus
        do { status = try image.status() } catch { throw .unusableFile("\(error)") }
        switch status.kind {
        case .regular, .blockDevice: break
        case .directory: throw .unusableFile("disk \(disk.path) is a directory: give an image file")
        default: throw .unusableFile("disk \(disk.path) is neither a file nor a block device")
        }
        guard image.lock(exclusive: writes) else {
            throw .refused(
                "disk \(disk.path) is in use by another machine: stop that one, or share it with ',readonly'"
            )
        }
        return image
    }

    private static func explain(_ error: SystemError, _ path: String, writes: Bool) -> String {
        let isForbidden = [EACCES, EROFS, EPERM].contains(error.code)
        return switch error.code {
        case EISDIR: "disk \(path) is a directory: give an image file"
        case _ where writes && isForbidden && access(path, R_OK) == 0:
            "disk \(path) is not writable: use --disk \(path),readonly or --ephemeral"
        default: "cannot use disk \(path): \(error.reason)"
        }
    }

    /// An unlinked file for the writes of an ephemeral disk.
    static func scratch() throws(Failure) -> FileDescriptor {
        let directory = HostMachine.environment("TMPDIR") ?? "/var/tmp"
        do {
            return try FileDescriptor.unlinked(in: directory)
        } catch {
            throw .unusableFile("\(error): set TMPDIR to a folder with room")
        }
    }

    /// A file to be written, made or emptied.
    static func create(_ path: String, role: String) throws(Failure) -> FileDescriptor {
        do {
            return try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
        } catch {
            throw .unusableFile("cannot write \(role) \(path): \(error.reason)")
        }
    }

    private static func reason(_ error: any Error) -> String {
        (error as? SystemError)?.reason ?? "\(error)"
    }
}
