import Glibc
import Host
import Model

/// Firmware that boards start with, from Debian's packages.
package enum BuiltInFirmware: String, CaseIterable, Sendable {
    /// The BIOS of the `pc` board.
    case seabios
    /// UEFI for the `pc` board, and the content of the flash in which it keeps its variables at first.
    case ovmf, ovmfVariables
    /// The option ROM of its graphics card.
    case vgabios

    /// Where its package puts it.
    var installedPath: String {
        switch self {
        case .seabios: "/usr/share/seabios/bios-256k.bin"
        case .ovmf: "/usr/share/OVMF/OVMF_CODE_4M.fd"
        case .ovmfVariables: "/usr/share/OVMF/OVMF_VARS_4M.fd"
        case .vgabios: "/usr/share/seabios/vgabios-stdvga.bin"
        }
    }
}

extension BuiltInFirmware {
    /// Debian's name of the package.
    fileprivate var packageName: String {
        switch self {
        case .seabios, .vgabios: "seabios"
        case .ovmf, .ovmfVariables: "ovmf"
        }
    }
}

extension Catalogue {
    /// The file of `firmware`: the host's own where its package is installed, else one from the cache, which is
    /// fetched when it is not there.
    package func file(of firmware: BuiltInFirmware) throws -> String {
        if access(firmware.installedPath, R_OK) == 0 { return firmware.installedPath }
        let folder = "\(cache.path)/firmware"
        let file = "\(folder)/\(firmware.rawValue)"
        if access(file, R_OK) == 0 { return file }
        return try cache.exclusively {
            let recipe = try LinuxRecipe(cache, .x86, progress: progress)
            let unpacked = "\(folder)/unpacked"
            defer { Folder.remove(unpacked) }
            try recipe.fetch(package: firmware.packageName, into: unpacked)
            guard rename(unpacked + firmware.installedPath, file) == 0 else {
                throw CatalogueError(.unusableFile, "the package \(firmware.packageName) holds no firmware")
            }
            return file
        }
    }
}
