import Testing

@testable import Builder

/// Numbers that are the same for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }
}

struct FuzzTests {
    static let dockerfile = """
        # syntax=docker/dockerfile:1
        # escape=\\
        ARG VERSION=12
        FROM --platform=$BUILDPLATFORM debian:${VERSION:-12} AS build
        ENV A=1 B="two words" C=th\\ ree
        LABEL org.example="x" "quoted name"='v'
        WORKDIR /src
        COPY --chown=1:2 --chmod=u=rwX,go-w --exclude=*.o *.c include/ ./
        COPY <<-EOF <<"RAW" /etc/
        \tname=${A#*x}
        \tEOF
        $not
        RAW
        RUN --mount=type=cache,target=/root/.cache,sharing=locked --network=none \\
            # comment
            make -j${N:-2} && \\

            make install
        FROM scratch
        COPY --from=build ["/src/a b", "/usr/bin/"]
        ADD --checksum=sha256:0123 https://example.com/x.tar.gz /x/
        HEALTHCHECK --interval=1m30s --retries=3 CMD ["/bin/true"]
        EXPOSE 80/tcp 8000-8010/udp
        VOLUME ["/data"]
        ONBUILD RUN echo ${X//a/b}
        SHELL ["/bin/bash", "-c"]
        STOPSIGNAL SIGQUIT
        USER nobody:nogroup
        ENTRYPOINT ["/bin/x", "\\u00e4"]
        CMD exec "$0"
        """

    /// Parses, and expands every word; the outcome does not matter, as long as there is one.
    private func digest(_ bytes: [UInt8]) {
        guard let file = try? Dockerfile(bytes) else { return }
        for instruction in file.instructions {
            _ = try? Expansion.expand(instruction.text, escape: file.escape) { $0.count > 3 ? nil : "a/b.c" }
        }
        _ = try? BuildGraph(file, BuildRequest(context: .none))
    }

    @Test func theUnchangedFileIsFine() throws {
        let file = try Dockerfile(Array(Self.dockerfile.utf8))
        #expect(file.instructions.count == 20)
        #expect(try BuildGraph(file, BuildRequest(context: .none)).needed == [0, 1])
    }

    @Test func changedBytesGiveAnErrorOrAParse() {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let original = Array(Self.dockerfile.utf8)
        let signs = Array("\\`\"'${}[]<>-=:#%/,\n\t\0 \u{7f}".utf8)
        for _ in 0..<500 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
                case 1: bytes[place] = signs[Int.random(in: 0..<signs.count, using: &random)]
                case 2: bytes.remove(at: place)
                default: bytes.insert(signs[Int.random(in: 0..<signs.count, using: &random)], at: place)
                }
            }
            digest(bytes)
        }
    }

    @Test func everyTruncationGivesAnErrorOrAParse() {
        let original = Array(Self.dockerfile.utf8)
        for length in stride(from: 0, to: original.count, by: 3) { digest(Array(original.prefix(length))) }
    }

    @Test func patternsOfAnyBytesEnd() {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let signs = Array("*?[]^-!\\/ab".utf8)
        for _ in 0..<2000 {
            let bytes = (0..<12).map { _ in signs[Int.random(in: 0..<signs.count, using: &random)] }
            let pattern = PathPattern(String(decoding: bytes, as: UTF8.self))
            _ = pattern?.matches("a/b/aab/" + String(repeating: "ab", count: 20))
        }
    }
}
