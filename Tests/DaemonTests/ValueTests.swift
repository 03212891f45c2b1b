import Testing

@testable import Daemon

struct QueryTests {
    @Test func namesAndValuesAreDecoded() throws {
        let query = Query("a=x+y&b=%2Fp%2fq&c&d=&e=1&e=2&f=%zz")
        #expect(query.string("a") == "x y" && query.string("b") == "/p/q" && query.string("f") == "%zz")
        #expect(query.has("c") && query.string("d") == nil && query.all("e") == ["1", "2"])
    }

    @Test func truthIsDockers() {
        let query = Query("a=1&b=true&c=0&d=False&e=no&f&g=yes")
        #expect(query.bool("a") && query.bool("b") && query.bool("g"))
        #expect(!query.bool("c") && !query.bool("d") && !query.bool("e") && !query.bool("f"))
        #expect(!query.bool("z") && query.bool("z", default: true))
    }

    @Test func filtersComeInBothForms() throws {
        let new = try Query(#"filters={"label":["a","b=c"],"status":["running"]}"#).filters()
        #expect(new["label"] == ["a", "b=c"] && new["status"] == ["running"])
        let old = try Query(#"filters={"label":{"a":true,"z":false}}"#).filters()
        #expect(old["label"] == ["a"])
        for text in ["filters=[]", "filters={", #"filters={"a":1}"#, #"filters={"a":[1]}"#] {
            #expect(throws: APIError.self) { try Query(text).filters() }
        }
    }

    @Test func timesHaveFractions() throws {
        #expect(try Query("t=12.5").time("t") == 12_500_000_000)
        #expect(try Query("t=12.000000001").time("t") == 12_000_000_001)
        #expect(try Query("t=0").time("t") == nil && Query("").time("t") == nil)
        for text in ["t=x", "t=1.x", "t=99999999999999999999", "t=9223372036854775807"] {
            #expect(throws: APIError.self) { try Query(text).time("t") }
        }
    }
}

struct JSONTests {
    @Test func textIsEscaped() {
        let value: JSON = ["a\"b": "line\n\u{1}é\\", "n": nil, "l": [1, true]]
        #expect(
            String(decoding: value.text, as: UTF8.self)
                == #"{"a\"b":"line\n\u0001é\\","n":null,"l":[1,true]}"#)
    }

    @Test func whatIsWrittenReadsTheSame() throws {
        let value: JSON = ["a": ["b": [1, -2, "x", false, nil]], "c": .number(1.5)]
        #expect(try JSON(parsing: value.text)["a"] == value["a"])
        #expect(try JSON(parsing: value.text)["c"] == .number(1.5))
    }

    @Test func fieldsAreFoundWithoutRegardToCase() throws {
        let value = try JSON(parsing: #"{"cmd":["a"],"Tty":true}"#.utf8)
        #expect(try value.strings("Cmd") == ["a"] && value.bool("tty"))
    }

    @Test func aWrongKindIsNamed() throws {
        let value = try JSON(parsing: #"{"Memory":"much","Env":[1],"Labels":[],"Tty":1}"#.utf8)
        for read in [
            { _ = try value.integer("Memory") }, { _ = try value.strings("Env") },
            { _ = try value.dictionary("Labels") }, { _ = try value.bool("Tty") },
        ] as [() throws -> Void] {
            let error = #expect(throws: APIError.self) { try read() }
            #expect(error?.status == .badRequest)
        }
    }

    @Test func depthIsBounded() {
        let deep = String(repeating: "[", count: 400) + String(repeating: "]", count: 400)
        #expect(throws: APIError.self) { try JSON(parsing: deep.utf8) }
        #expect(throws: APIError.self) { try JSON(parsing: String(repeating: "[", count: 100_000).utf8) }
    }
}

struct TimestampTests {
    @Test(arguments: [
        (0.0, "1970-01-01T00:00:00.000000000Z"), (951_827_696.25, "2000-02-29T12:34:56.250000000Z"),
        (-1.0, "1969-12-31T23:59:59.000000000Z"), (1_764_000_000.0, "2025-11-24T16:00:00.000000000Z"),
    ])
    func secondsBecomeDates(_ seconds: Double, _ text: String) {
        #expect(Timestamp.text(seconds) == text)
        #expect(Timestamp.seconds(text) == seconds.rounded(.down))
    }

    @Test func nanosecondsStayExact() {
        #expect(Timestamp.text(nanoseconds: 1_000_000_001) == "1970-01-01T00:00:01.000000001Z")
        #expect(Timestamp.text(nil) == "0001-01-01T00:00:00Z")
    }

    @Test func offsetsCount() {
        #expect(Timestamp.seconds("1970-01-01T02:00:00+02:00") == 0)
        for text in ["", "1970-01-01", "1970-13-01T00:00:00Z", "yyyy-01-01T00:00:00Z", "1970-01-01T00:00:00"]
        {
            #expect(Timestamp.seconds(text) == nil)
        }
    }

    @Test func durationsAreInDockersWords() {
        let words =
            [
                (0.2, "Less than a second"), (1, "1 second"), (59, "59 seconds"), (60, "About a minute"),
                (300, "5 minutes"), (3600, "About an hour"), (7300, "2 hours"), (200_000, "2 days"),
                (3_000_000, "4 weeks"), (9_000_000, "3 months"), (100_000_000, "3 years"),
            ] as [(Double, String)]
        for (seconds, text) in words { #expect(Timestamp.duration(seconds) == text) }
    }
}

struct VersionTests {
    @Test func theVersionIsCutOffThePath() throws {
        let split = try #require(DockerVersion.split("/v1.43/containers/json"))
        #expect(split.version.minor == 43 && split.rest == "/containers/json")
        #expect(DockerVersion.split("/v1/instances") == nil && DockerVersion.split("/v1.4x/y") == nil)
        #expect(DockerVersion.split("/v1.999999999999999999/y") == nil && DockerVersion.split("/v2/x") == nil)
    }

    @Test func clientsThatAreTooOldOrNewAreToldSo() {
        let old = #expect(throws: APIError.self) { try DockerVersion(minor: 24).check() }
        #expect(old?.message.contains("client version 1.24 is too old") == true)
        let new = #expect(throws: APIError.self) { try DockerVersion(minor: 99).check() }
        #expect(new?.message.contains("client version 1.99 is too new") == true)
        for minor in 41...47 { #expect(throws: Never.self) { try DockerVersion(minor: minor).check() } }
    }
}

struct FramingTests {
    @Test func dockersFramesNameTheirStream() {
        #expect(DockerFraming.frame(.stderr, [7, 8]) == [2, 0, 0, 0, 0, 0, 0, 2, 7, 8])
        let raw = DockerFraming(isMultiplexed: false)
        #expect(raw.encode(.init(.stdout, [9])) == [9])
        #expect(raw.mediaType(.newest) == "application/vnd.docker.raw-stream")
        let frames = DockerFraming(isMultiplexed: true)
        #expect(frames.mediaType(DockerVersion(minor: 41)) == "application/vnd.docker.raw-stream")
        #expect(frames.mediaType(DockerVersion(minor: 42)) == "application/vnd.docker.multiplexed-stream")
    }

    @Test func ourFramesArePutTogetherFromPieces() {
        var framing = VivFraming()
        let bytes =
            VivFraming.frame(UInt8(ascii: "I"), [1, 2]) + VivFraming.frame(UInt8(ascii: "C"), [])
            + VivFraming.frame(UInt8(ascii: "R"), [24, 0, 80, 0]) + VivFraming.frame(UInt8(ascii: "K"), [15])
        var requests: [StreamRequest] = []
        for byte in bytes { requests += framing.decode([byte]) ?? [] }
        #expect(
            requests == [
                .input([1, 2]), .closeInput, .resize(.init(rows: 24, columns: 80)), .signal(15),
            ])
    }

    @Test func framesThatMakeNoSenseEndTheStream() {
        for bytes in [
            VivFraming.frame(UInt8(ascii: "?"), []), VivFraming.frame(UInt8(ascii: "R"), [1]),
            [UInt8(ascii: "I"), 255, 255, 255, 255],
        ] {
            var framing = VivFraming()
            #expect(framing.decode(bytes) == nil)
        }
    }

    @Test func theLastFrameSaysHowItEnded() {
        let framing = VivFraming()
        #expect(framing.encode(.exited(3)) == VivFraming.frame(0x58, Array(#"{"exitCode":3}"#.utf8)))
        #expect(framing.encode(.detached) == VivFraming.frame(0x58, Array(#"{"detached":true}"#.utf8)))
    }

    @Test func sizesAndBarsLookLikeDockers() {
        #expect(ProgressLines.size(999) == "999B" && ProgressLines.size(1_234_567) == "1.235MB")
        #expect(
            ProgressLines.bar(5, of: 10) == "[=========================>                        ]  5B/10B")
    }
}
