/// The names that people give to instances, networks and volumes.
enum ObjectName {
    /// Whether `text` is a letter or digit followed by letters, digits, `_`, `.` and `-`; two characters at least.
    static func isValid(_ text: String) -> Bool {
        guard text.utf8.count >= 2, text.utf8.count <= 255, let first = text.utf8.first else { return false }
        return isAlphanumeric(first) && text.utf8.allSatisfy { isAlphanumeric($0) || "_.-".utf8.contains($0) }
    }

    /// - Throws: `invalid`, with what is allowed.
    static func check(_ text: String, what: String) throws(EngineError) {
        guard !isValid(text) else { return }
        throw EngineError(
            .invalid,
            "\"\(text)\" cannot name a \(what): use letters, digits, '_', '.' and '-', two at least, and begin with "
                + "a letter or digit")
    }

    /// Networks may have nearly any name.
    static func checkNetwork(_ text: String) throws(EngineError) {
        let isBlank = text.allSatisfy(\.isWhitespace)
        let isSafe = text.utf8.count <= 255 && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f && $0 != 0x2f }
        guard isBlank || !isSafe else { return }
        throw EngineError(
            .invalid,
            "\"\(text)\" cannot name a network: use up to 255 bytes without slashes and control bytes")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }
}

/// Names for instances that the user has not named: `quiet_heron`.
struct NameGenerator {
    private static let adjectives = """
        agile amber ample azure bold brave brisk calm candid cheery clear clever cosy crisp curious daring deft eager
        early fair fleet fond frank fresh gentle glad golden grand happy hardy honest humble jolly keen kind lively
        loyal lucid lucky mellow merry mild modest neat nimble noble patient plain proud quick quiet rapid ready rosy
        serene sharp silver sincere sleek smart snug solid spry steady still stout sunny swift tidy tranquil vivid
        warm wise witty zesty
        """.split(whereSeparator: \.isWhitespace).map(String.init)

    private static let nouns = """
        acorn alder aspen badger beaver birch bison brook canyon cedar clover comet condor coral cove crane dale deer
        delta dove dune eagle elm falcon fern finch fjord fox gecko glade grove gull harbour hare hawk hazel heath
        heron hill ibex island ivy jay kestrel lagoon lake larch lark lynx maple marten meadow moss newt oak orchid
        otter owl pine plover pond poplar puffin quail raven reed ridge river robin rowan sable seal shore sparrow
        spruce stork swan tern thistle thrush trout tulip valley vole willow wren yew
        """.split(whereSeparator: \.isWhitespace).map(String.init)

    /// A name that is not `taken`; a number is put behind when the plain ones run out.
    static func name(
        using generator: inout some RandomNumberGenerator, unless taken: (String) -> Bool
    ) -> String {
        for attempt in 0... {
            let adjective = adjectives[Int.random(in: 0..<adjectives.count, using: &generator)]
            let noun = nouns[Int.random(in: 0..<nouns.count, using: &generator)]
            let name = attempt < 20 ? "\(adjective)_\(noun)" : "\(adjective)_\(noun)\(attempt)"
            if !taken(name) { return name }
        }
        return "instance"
    }
}
