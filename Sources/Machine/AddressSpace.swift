/// A guest-physical address space outside RAM: ranges that belong to devices.
///
/// Built once by the board before the first vCPU runs and immutable from then on, so look-ups
/// need no lock.
package final class AddressSpace: @unchecked Sendable {
    // SAFETY: `regions` changes only in `attach`, which the board calls before any vCPU thread exists.

    /// Why a device cannot be attached.
    package enum AttachError: Error, Equatable {
        case overlap(name: String, with: String)
        case emptyOrWrapping(name: String)
    }

    private struct Region {
        let start: UInt64
        let size: UInt64
        let name: String
        let device: any Device
    }

    private var regions: [Region] = []
    /// Takes what no range claims, by its address, such as a bus whose devices move. Set before any vCPU runs.
    package nonisolated(unsafe) var otherwise: (any Device)?

    package init() {}

    /// Gives `size` bytes from `start` to `device`. Ranges never overlap.
    package func attach(_ device: any Device, name: String, at start: UInt64, size: UInt64)
        throws(AttachError)
    {
        guard size > 0, !start.addingReportingOverflow(size - 1).overflow else {
            throw .emptyOrWrapping(name: name)
        }
        let index = regions.firstIndex { $0.start > start } ?? regions.count
        if index > 0, start - regions[index - 1].start < regions[index - 1].size {
            throw .overlap(name: name, with: regions[index - 1].name)
        }
        if index < regions.count, regions[index].start - start < size {
            throw .overlap(name: name, with: regions[index].name)
        }
        regions.insert(Region(start: start, size: size, name: name, device: device), at: index)
    }

    /// The value read, or `nil` when no device claims all of the bytes (a bus error).
    package func read(_ address: UInt64, width: AccessWidth) -> UInt64? {
        guard let region = region(of: address, width) else {
            return otherwise?.read(at: address, width: width)
        }
        return region.device.read(at: address &- region.start, width: width)
    }

    /// False when no device claims all of the bytes (a bus error).
    package func write(_ address: UInt64, width: AccessWidth, _ value: UInt64) -> Bool {
        guard let region = region(of: address, width) else {
            otherwise?.write(at: address, width: width, value)
            return otherwise != nil
        }
        region.device.write(at: address &- region.start, width: width, value)
        return true
    }

    /// Whether some device claims the byte at `address`.
    package func isDevice(_ address: UInt64) -> Bool { region(of: address, .byte) != nil }

    /// Resets every device, in order of addresses. Call only while no vCPU runs.
    package func reset() {
        for region in regions { region.device.reset() }
    }

    private func region(of address: UInt64, _ width: AccessWidth) -> Region? {
        var low = 0
        var high = regions.count
        while low < high {
            let middle = (low + high) / 2
            if regions[middle].start <= address { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return nil }
        let region = regions[low - 1]
        let offset = address &- region.start
        guard offset < region.size, UInt64(width.rawValue) <= region.size &- offset else { return nil }
        return region
    }
}
