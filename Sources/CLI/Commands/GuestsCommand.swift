import ArgumentParser
import Catalogue
import Model

/// `viv guests`: the catalogue and its cache.
struct GuestsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "guests",
        abstract: "List the guests of the catalogue and what is cached.",
        discussion: """
            Examples:
              viv guests
              viv guests update debian
              viv guests rm busybox
              viv guests rm --downloads
            """,
        subcommands: [GuestsListCommand.self, GuestsUpdateCommand.self, GuestsRemoveCommand.self],
        defaultSubcommand: GuestsListCommand.self)
}

/// `viv guests list`, which is what `viv guests` means.
struct GuestsListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the guests of the catalogue and what is cached.",
        discussion: "Example:\n  viv guests --format json")

    @Option(help: "table or json.")
    var format = ListFormat.table

    func run() throws {
        let cache = try CatalogueGuest.cache()
        format.show(cache.states(), as: Self.table)
        if format == .table, cache.downloadSize > 0 {
            Report.line("\n\(Self.megabytes(cache.downloadSize)) of downloads in \(cache.path)")
        }
    }

    static func table(_ guests: [GuestState]) -> Table {
        var table = Table(["GUEST", "ARCH", "CACHED", "SIZE", "WHAT"])
        for guest in guests {
            table.add([
                guest.name, guest.arch.rawValue, guest.version ?? "no",
                guest.version == nil ? "-" : megabytes(guest.size), guest.summary,
            ])
        }
        return table
    }

    private static func megabytes(_ bytes: UInt64) -> String { "\((bytes + (1 << 20) - 1) >> 20) MB" }
}

/// `viv guests update`: makes guests again from newer packages.
struct GuestsUpdateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Make guests again from newer packages; a disk is made anew.",
        discussion:
            "Examples:\n  viv guests update            all that are cached\n  viv guests update debian")

    @Argument(help: "Guests of the catalogue; all that are cached if none is given.")
    var guests: [String] = []

    @Option(help: ArgumentHelp("The guest's CPU.", valueName: "arch"))
    var arch = GuestArchitecture.riscv64

    func run() throws {
        let catalogue = try CatalogueGuest.catalogue()
        let cached = catalogue.cache.states().filter { $0.version != nil && $0.arch == arch }.map(\.name)
        for name in guests.isEmpty ? cached : guests {
            let guest = try CatalogueGuest.find(name)
            let changed = try CatalogueGuest.translating { try catalogue.update(guest, arch) }
            Report.line("\(name): \(changed ? "updated" : "up to date")")
        }
    }
}

/// `viv guests rm`: frees space in the cache.
struct GuestsRemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove guests or downloads from the cache.",
        discussion: "Examples:\n  viv guests rm busybox\n  viv guests rm --downloads")

    @Argument(help: "Guests of the catalogue.")
    var guests: [String] = []

    @Flag(help: "Remove the downloaded packages, too.")
    var downloads = false

    @Option(help: ArgumentHelp("The guest's CPU.", valueName: "arch"))
    var arch = GuestArchitecture.riscv64

    func validate() throws {
        if guests.isEmpty, !downloads { throw ValidationError("name a guest to remove, or give --downloads") }
    }

    func run() throws {
        let cache = try CatalogueGuest.cache()
        for name in guests {
            guard try CatalogueGuest.translating({ try cache.remove(try CatalogueGuest.find(name), arch) })
            else {
                throw Failure.refused("guest '\(name)' is not cached: see 'viv guests'")
            }
        }
        if downloads { try CatalogueGuest.translating { try cache.removeDownloads() } }
    }
}
