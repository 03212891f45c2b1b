/// The family an operation belongs to, which is also the file of the interpreter that executes it.
package enum Chapter: UInt8, Sendable {
    case arithmetic, unary, multiply, move, bits, string, branch, system
    case vectorMove, vector, vectorResult, x87
    /// Of whichever family, on memory that other cores share: the interpreter's.
    case locked
    /// Not an instruction: raises #UD.
    case undefined

    /// Whether what comes next in memory need not be what is executed next, or not under the same conditions.
    var endsBlock: Bool { self == .branch || self == .system || self == .undefined }
}
