import ArgumentParser

/// `PATH[,readonly]`: one virtual disk on the command line.
package struct DiskOption: Equatable, Sendable {
    package var path: String
    package var isReadOnly = false

    init(path: String) { self.path = path }

    /// Only the last comma can begin a property, so that paths may contain commas.
    package init(parsing text: String) throws {
        path = text
        if let comma = text.lastIndex(of: ",") {
            let property = text[text.index(after: comma)...]
            switch property {
            case "readonly", "ro":
                isReadOnly = true
                path = String(text[..<comma])
            case "readwrite", "rw":
                path = String(text[..<comma])
            case _ where property.contains("/") || property.contains("."):
                break
            default:
                throw ValidationError("unknown disk property '\(property)': the only one is 'readonly'")
            }
        }
        if path.isEmpty { throw ValidationError("a disk needs a path: --disk PATH[,readonly]") }
    }
}
