import Catalogue
import Glibc
import Host

/// The file in which a machine's UEFI variables live.
enum VariableStore {
    /// Makes the file as a copy of `template`, unless it is there. It appears whole or not at all.
    static func make(_ path: String, from template: String) throws(Failure) {
        guard access(path, F_OK) != 0 else { return }
        let temporary = "\(path).\(getpid())"
        do {
            let source = try FileDescriptor.open(template)
            let target = try FileDescriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            while let bytes = try Descriptors.read(source.raw), !bytes.isEmpty {
                try Descriptors.writeAll(target.raw, bytes)
            }
            guard fsync(target.raw) == 0, rename(temporary, path) == 0 else {
                throw SystemError("keep the variables")
            }
        } catch {
            unlink(temporary)
            throw .unusableFile("cannot make \(path): \(error)")
        }
    }
}

extension BuiltInFirmware {
    /// What `--firmware` calls it; `nil` for a file's name.
    init?(word: String) {
        switch word {
        case "bios": self = .seabios
        case "uefi": self = .ovmf
        default: return nil
        }
    }
}
