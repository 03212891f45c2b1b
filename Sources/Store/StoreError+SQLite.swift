import GRDB

extension StoreError {
    /// What went wrong while `path` was opened.
    init(opening path: String, _ error: any Error) {
        if let error = error as? StoreError {
            self = error
            return
        }
        let kind = Self.kind(of: error)
        let text =
            kind == .corrupt
            ? "\(path) is no database or is damaged: put back a copy, or move it away"
            : "cannot open the database \(path): \(Self.reason(error))"
        self.init(kind, text)
    }

    /// What went wrong while records were read or written.
    init(writing error: any Error) {
        if let error = error as? StoreError {
            self = error
            return
        }
        self.init(Self.kind(of: error), "cannot use the database: \(Self.reason(error))")
    }

    private static func kind(of error: any Error) -> Kind {
        guard let error = error as? DatabaseError else { return .system }
        return switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: .corrupt
        case .SQLITE_FULL: .noSpace
        case .SQLITE_CONSTRAINT: .conflict
        default: .system
        }
    }

    private static func reason(_ error: any Error) -> String {
        (error as? DatabaseError)?.message ?? "\(error)"
    }
}
