import Catalogue
import Host
import Model

/// Guests of the catalogue on the command line.
enum CatalogueGuest {
    /// Fills what the user has not given himself of `request` from the guest called `name`.
    static func add(_ name: String, to request: inout BootRequest) throws {
        let guest = try find(name)
        // Before a guest is made in vain.
        _ = try MachineProgram.locate()
        let arch = request.arch
        let files = try translating { try catalogue().files(of: guest, arch) }
        request.name = request.name ?? guest.rawValue
        request.kernel = request.kernel ?? files.kernel
        request.initrd = request.initrd ?? files.initrd
        request.append = request.append.isEmpty ? files.append : "\(files.append) \(request.append)"
        if let disk = files.disk { request.disks.insert(try DiskOption(parsing: disk), at: 0) }
        request.watchesForPanic = true
    }

    /// Fills in the firmware of a board that cannot start without, when the user has given none.
    static func addFirmware(to request: inout BootRequest) throws {
        guard request.board == .pc else { return }
        if request.hasScreen {
            request.screenFirmware = try translating { try catalogue().file(of: .vgabios) }
        }
        let wanted = request.firmware ?? "bios"
        if let builtIn = BuiltInFirmware(word: wanted) {
            request.firmware = try translating { try catalogue().file(of: builtIn) }
        }
        if wanted == "uefi" {
            let template = try translating { try catalogue().file(of: .ovmfVariables) }
            request.variables = template
            if let nvram = request.nvram { try VariableStore.make(nvram, from: template) }
        } else if request.nvram != nil {
            throw Failure.badCommandLine("--nvram is for --firmware uefi")
        }
        let image = request.disks.first?.path ?? request.cdroms.first ?? request.floppy?.path
        request.name = request.name ?? image?.split(separator: "/").last.map(String.init)
    }

    /// The guest called `name`.
    static func find(_ name: String) throws(Failure) -> BuiltInGuest {
        guard let guest = BuiltInGuest(rawValue: name) else {
            let names = BuiltInGuest.allCases.map(\.rawValue).joined(separator: ", ")
            throw .badCommandLine(
                "no guest '\(name)' in the catalogue: there are \(names); for a kernel use --kernel")
        }
        return guest
    }

    /// Runs `body`; what goes wrong in the catalogue is told as a failure of the command.
    static func translating<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as CatalogueError {
            throw Failure(error.code, error.description)
        }
    }

    static func cache() throws -> Cache { try translating { try Cache.standard() } }

    /// The user's catalogue, with progress on standard error.
    static func catalogue() throws -> Catalogue {
        Catalogue(cache: try cache(), progress: Report.note, boot: boot)
    }

    /// Boots a machine for the catalogue, unattended, and shows its output as progress.
    private static func boot(_ files: GuestFiles, purpose: String) throws -> String {
        var request = BootRequest()
        request.name = purpose
        request.arch = files.arch
        request.kernel = files.kernel
        request.initrd = files.initrd
        request.append = files.append
        request.memory = ByteSize(bytes: 1 << 30)
        request.cpus = min(max(HostMachine.processors, 1), 4)
        request.disks = try files.disk.map { [try DiskOption(parsing: $0)] } ?? []
        request.network = .none
        request.watchesForPanic = true
        let recorder = Recorder()
        let outcome = try recorder.run(request)
        if outcome.code != .success { throw Failure(outcome.code, outcome.reason) }
        return recorder.text
    }
}
