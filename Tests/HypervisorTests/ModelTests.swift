import Model
import Testing

/// The words that `viv` and `viv-machine` exchange.
struct ModelTests {
    private static func spec() -> MachineSpec {
        var spec = MachineSpec(id: MachineID(random: 1), name: "Test")
        spec.kernel = 5
        spec.disks = [DiskSpec(image: 6, isReadOnly: false, scratch: 7, name: "a/b.img")]
        spec.network = 8
        spec.hardwareAddress = [2, 0, 0, 0, 0, 1]
        return spec
    }

    @Test func aDescriptionSurvivesTheSocket() throws {
        let line = JSONLine.encode(Self.spec())
        #expect(line.last == 0x0a)
        #expect(line.filter { $0 == 0x0a }.count == 1)
        #expect(JSONLine.decode(MachineSpec.self, from: line.dropLast()) == Self.spec())
    }

    @Test func everyDescriptorOfADescriptionIsListed() {
        #expect(Set(Self.spec().descriptors) == [3, 5, 6, 7, 8])
    }

    @Test func unsoundDescriptionsAreRefusedInOneLine() {
        func objection(_ change: (inout MachineSpec) -> Void) -> String? {
            var spec = Self.spec()
            change(&spec)
            return spec.objection
        }
        #expect(objection { _ in } == nil)
        #expect(objection { $0.cpus = 0 } != nil)
        #expect(objection { $0.cpus = 9 } != nil)
        #expect(objection { $0.memory = 1 << 20 } != nil)
        #expect(objection { $0.memory = 64 << 20 | 1 } != nil)
        #expect(objection { $0.kernel = nil } != nil)
        #expect(objection { $0.hardwareAddress = [1] } != nil)
        #expect(objection { $0.version = 2 } != nil)
        #expect(objection { $0.disks = Array(repeating: $0.disks[0], count: 6) } != nil)
    }

    @Test func eventsAreFlatObjects() {
        let event = MachineEvent(.guestFailed, seconds: 1.5, instructions: 7, detail: "no", code: 3)
        let line = String(decoding: JSONLine.encode(event), as: UTF8.self)
        #expect(
            line == #"{"code":3,"detail":"no","event":"guestFailed","instructions":7,"seconds":1.5}"# + "\n")
        #expect(JSONLine.decode(MachineEvent.self, from: line.utf8) == event)
    }

    @Test func messagesTellEventsFromReplies() {
        let messages: [MachineMessage] = [
            .event(MachineEvent(.started, seconds: 0.25, instructions: 0)),
            .reply(ControlReply(reply: 9, refusal: "busy")),
        ]
        for message in messages {
            #expect(JSONLine.decode(MachineMessage.self, from: JSONLine.encode(message)) == message)
        }
    }

    @Test func theLastEventDecidesTheExitCode() {
        func code(_ kind: MachineEvent.Kind, _ code: Int64? = nil) -> ExitCode? {
            MachineEvent(kind, seconds: 0, instructions: 0, code: code).exitCode
        }
        #expect(code(.poweredOff) == .success)
        #expect(code(.guestFailed, 0) == .guestFailed)
        #expect(code(.ended) == .ended)
        #expect(code(.refused, Int64(ExitCode.unusableFile.rawValue)) == .unusableFile)
        #expect(code(.refused, 12345) == .internalFault)
        #expect(code(.rebooted) == nil)
        #expect(code(.diskError) == nil)
    }

    @Test func exitCodesAreDistinctAndSuccessIsZero() {
        #expect(Set(ExitCode.allCases.map(\.rawValue)).count == ExitCode.allCases.count)
        #expect(ExitCode.success.rawValue == 0)
    }

    @Test(
        arguments: [
            ("512M", 512 << 20), ("1G", 1 << 30), ("64k", 64 << 10), ("2GiB", 2 << 30), ("4096", 4096),
            ("0", 0),
        ] as [(String, UInt64)])
    func sizesAreReadAsPeopleWriteThem(_ text: String, _ bytes: UInt64) {
        #expect(ByteSize(text)?.bytes == bytes)
    }

    @Test(arguments: ["", "G", "1X", "-1M", "1.5G", "18446744073709551616", "99999999999T", "1 G"])
    func whatIsNoSizeIsRefused(_ text: String) {
        #expect(ByteSize(text) == nil)
    }

    @Test func sizesArePrintedInTheLargestWholeUnit() {
        #expect(ByteSize(bytes: 1536 << 20).description == "1536M")
        #expect(ByteSize(bytes: 2 << 30).description == "2G")
        #expect(ByteSize(bytes: 100).description == "100")
        #expect(ByteSize(bytes: 0).description == "0")
    }

    @Test(arguments: ["", "-a", "A", "a/b", "..", "a b", String(repeating: "a", count: 64)])
    func idsThatAreUnsafeInPathsAreRefused(_ text: String) {
        #expect(MachineID(text) == nil)
    }

    @Test func randomIdsAreWellFormed() {
        for number in [0, 1, UInt64.max] {
            let id = MachineID(random: number)
            #expect(MachineID(id.text) == id)
            #expect(id.text.count == 12)
        }
    }

    @Test func linesAreCutWhereverTheStreamWasCut() {
        var splitter = LineSplitter()
        #expect(splitter.take("ab".utf8).isEmpty)
        #expect(
            splitter.take("c\n\nde\nf".utf8).map { String(decoding: $0, as: UTF8.self) } == ["abc", "", "de"])
        #expect(splitter.take("\n".utf8) == [Array("f".utf8)])
    }

    @Test func anOverlongLineIsDroppedWhole() {
        var splitter = LineSplitter()
        #expect(splitter.take(repeatElement(0x61, count: LineSplitter.maximumLength + 10)).isEmpty)
        #expect(splitter.take("\nnext\n".utf8) == [Array("next".utf8)])
    }
}
