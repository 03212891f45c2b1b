import ArgumentParser
import Model

/// `PATH[,readonly][,bus=BUS]`: one virtual disk on the command line.
package struct DiskOption: Equatable, Sendable {
    package var path: String
    package var isReadOnly = false
    /// `nil` for the usual one of the board.
    package var bus: DiskBus?

    init(path: String) { self.path = path }

    /// Properties are what stands behind the last commas, so that paths may contain commas.
    package init(parsing text: String) throws {
        path = text
        while let comma = path.lastIndex(of: ","), try take(path[path.index(after: comma)...]) {
            path = String(path[..<comma])
        }
        if path.isEmpty { throw ValidationError("a disk needs a path: --disk PATH[,readonly][,bus=BUS]") }
    }

    /// False for a part of the path.
    private mutating func take(_ property: Substring) throws -> Bool {
        switch property {
        case "readonly", "ro": isReadOnly = true
        case "readwrite", "rw": isReadOnly = false
        case _ where property.hasPrefix("bus="):
            guard let bus = DiskBus(rawValue: String(property.dropFirst(4))) else {
                let names = DiskBus.allCases.map(\.rawValue).joined(separator: " or ")
                throw ValidationError("no disk has '\(property)': the bus is \(names)")
            }
            self.bus = bus
        case _ where property.contains("/") || property.contains("."): return false
        default:
            throw ValidationError("unknown disk property '\(property)': there are readonly and bus=BUS")
        }
        return true
    }
}
