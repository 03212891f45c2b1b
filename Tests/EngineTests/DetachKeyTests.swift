import Testing

@testable import Engine

struct DetachKeyTests {
    @Test func theStandardKeysAreControlPAndControlQ() throws {
        var keys = try DetachKeys(parsing: "")
        #expect(keys.take(Array("ls\n".utf8)) == (Array("ls\n".utf8), false))
        #expect(keys.take([0x10]) == ([], false))
        #expect(keys.take([0x11, 0x61]) == ([], true))
    }

    @Test func whatOnlyBeginsLikeTheKeysIsPassedOn() throws {
        var keys = try DetachKeys(parsing: "ctrl-p,ctrl-q")
        #expect(keys.take([0x10, 0x61]) == ([0x10, 0x61], false))
        #expect(keys.take([0x10]) == ([], false))
        #expect(keys.take([0x10]) == ([0x10], false))
        #expect(keys.take([0x11]) == ([], true))
    }

    @Test(arguments: [("a", [0x61]), ("ctrl-@", [0]), ("ctrl-[,x", [0x1b, 0x78]), ("ctrl-A", [1])])
    func keysAreParsed(text: String, sequence: [UInt8]) throws {
        #expect(try DetachKeys(parsing: text).sequence == sequence)
    }

    @Test(arguments: ["ctrl-", "ctrl-1", "ab", "a,,b", "ü"]) func strangeKeysAreRefused(text: String) {
        #expect(throws: EngineError.self) { try DetachKeys(parsing: text) }
    }

    @Test func nothingIsLostWhateverTheCuts() throws {
        let typed: [UInt8] = [1, 0x10, 0x10, 2, 0x10, 3, 0x11]
        for cut in 0...typed.count {
            var keys = try DetachKeys(parsing: "")
            let first = keys.take(Array(typed[..<cut]))
            let second = keys.take(Array(typed[cut...]))
            #expect(first.passed + second.passed == typed)
            #expect(!first.isComplete && !second.isComplete)
        }
    }
}

func == (a: (passed: [UInt8], isComplete: Bool), b: ([UInt8], Bool)) -> Bool {
    a.passed == b.0 && a.isComplete == b.1
}
