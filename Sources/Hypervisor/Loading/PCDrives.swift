import Devices
import Disks
import Model

/// Which drive of a PC is where.
struct PCDrives {
    /// Of the first channel, then of the second one.
    private(set) var ide: [IDEChannel.Drive?] = [nil, nil, nil, nil]

    /// Disks are IDE from the first place on, discs from the third one.
    init(_ spec: MachineSpec) throws(MachineError) {
        for disc in try VirtualDisks.images(spec.cdroms) { try plug(.optical(disc), [2, 3, 1, 0]) }
        let disks = spec.disks.filter { VirtualDisks.bus(of: $0, spec) == .ide }
        for disk in try VirtualDisks.images(disks) { try plug(.disk(disk), [0, 1, 2, 3]) }
    }

    private mutating func plug(_ drive: IDEChannel.Drive, _ places: [Int]) throws(MachineError) {
        guard let place = places.first(where: { ide[$0] == nil }) else {
            throw MachineError(.refused, "the pc board has room for four disks and CD-ROMs")
        }
        ide[place] = drive
    }
}
