import CLinux

/// Instructions of a seccomp filter, written from the end to the start: so every jump knows how far it goes.
struct FilterProgram {
    /// Instructions that a filter may have (BPF_MAXINSNS).
    static let longest = 4096

    private var reversed: [sock_filter] = []

    /// Distance from the end: names the instruction that was written last.
    typealias Place = Int

    var place: Place { reversed.count - 1 }

    /// Where in `struct seccomp_data` things are.
    enum Field {
        static let number: UInt32 = 0
        static let architecture: UInt32 = 4
        /// The lower half; the upper one follows.
        static func argument(_ index: UInt32) -> UInt32 { 16 + 8 * index }
    }

    /// Comparisons of the accumulator with a constant.
    enum Comparison: UInt16 {
        case equal = 0x15
        case greater = 0x25
        case greaterOrEqual = 0x35
    }

    @discardableResult
    mutating func returns(_ action: UInt32) -> Place { write(code: 0x06, value: action) }

    @discardableResult
    mutating func loads(_ offset: UInt32) -> Place { write(code: 0x20, value: offset) }

    @discardableResult
    mutating func masks(_ mask: UInt32) -> Place { write(code: 0x54, value: mask) }

    /// Goes to one of two places.
    @discardableResult
    mutating func compares(_ comparison: Comparison, _ value: UInt32, then: Place, otherwise: Place) -> Place
    {
        var then = then
        var otherwise = otherwise
        // Conditional jumps reach 255 instructions: what lies farther is reached by a jump nearby.
        let far = 250
        if place - otherwise > far { otherwise = jumps(to: otherwise) }
        if place - then > far { then = jumps(to: then) }
        return write(
            code: comparison.rawValue, value: value, then: UInt8(place - then),
            otherwise: UInt8(place - otherwise))
    }

    private mutating func jumps(to target: Place) -> Place {
        write(code: 0x05, value: UInt32(place - target))
    }

    private mutating func write(code: UInt16, value: UInt32, then: UInt8 = 0, otherwise: UInt8 = 0) -> Place {
        reversed.append(sock_filter(code: code, jt: then, jf: otherwise, k: value))
        return place
    }

    /// The instructions in the order in which they run.
    ///
    /// - Throws: `.invalid` for a filter that the kernel would not take.
    func instructions() throws(ContainerError) -> [sock_filter] {
        guard reversed.count <= Self.longest else {
            throw ContainerError(
                .invalid,
                "linux.seccomp: the filter has \(reversed.count) instructions, \(Self.longest) at most")
        }
        return reversed.reversed()
    }
}
