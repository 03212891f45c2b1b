import Testing

@testable import Containers

struct RuntimeSpecTests {
    static let example = #"""
        {"ociVersion":"1.0.2","unknown":{"x":[1]},"root":{"path":"rootfs","readonly":true},"hostname":"h",
         "process":{"args":["sh"],"cwd":"/","user":{"uid":1,"gid":2,"additionalGids":[3]},"env":["A=b"],
          "capabilities":{"bounding":["CAP_KILL"]},"rlimits":[{"type":"RLIMIT_NOFILE","soft":1,"hard":18446744073709551615}],
          "oomScoreAdj":-5},
         "mounts":[{"destination":"/proc","type":"proc","source":"proc","options":["nosuid"]}],
         "hooks":{"prestart":[{"path":"/x","timeout":3}]},"annotations":{"a":"b"},
         "linux":{"namespaces":[{"type":"pid"},{"type":"network","path":"/n"}],"uidMappings":[{"containerID":0,"hostID":5,"size":9}],
          "resources":{"memory":{"limit":-1},"cpu":{"quota":-1,"shares":2},"devices":[{"allow":false,"access":"rwm"}]},
          "seccomp":{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","args":null}]}}}
        """#

    @Test func everyMemberFindsItsPlace() throws {
        let spec = try RuntimeSpec(json: Array(Self.example.utf8))
        #expect(spec.root == .init(path: "rootfs", readonly: true))
        #expect(spec.process?.user?.additionalGids == [3])
        #expect(spec.process?.rlimits?.first?.hard == .max)
        #expect(spec.process?.oomScoreAdj == -5)
        #expect(spec.hooks?.prestart?.first?.timeout == 3)
        #expect(spec.linux?.namespaces?.last?.path == "/n")
        #expect(spec.linux?.resources?.memory?.limit == -1)
        #expect(spec.linux?.seccomp?.syscalls?.first?.names == ["read"])
        #expect(spec.annotations == ["a": "b"])
    }

    @Test func aWrongTypeIsNamed() {
        let text = Self.example.replacing("\"uid\":1", with: "\"uid\":\"root\"")
        #expect {
            try RuntimeSpec(json: Array(text.utf8))
        } throws: { error in
            "\(error)".contains("process.user.uid must be a whole number")
        }
    }

    @Test func aMissingMemberIsNamed() {
        let text = Self.example.replacing("\"path\":\"rootfs\",", with: "")
        #expect {
            try RuntimeSpec(json: Array(text.utf8))
        } throws: { error in
            "\(error)".contains("root.path is missing")
        }
    }

    /// Whatever happens to a file, reading it ends with a value or an error.
    @Test func brokenFilesNeverTrap() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var generator = Generator(state: seed)
        let bytes = Array(Self.example.utf8)
        for length in bytes.indices { _ = try? RuntimeSpec(json: Array(bytes[..<length])) }
        for _ in 0..<3000 {
            var copy = bytes
            for _ in 0..<Int(generator.next() % 4 + 1) {
                copy[Int(generator.next() % UInt64(copy.count))] = UInt8(truncatingIfNeeded: generator.next())
            }
            _ = try? RuntimeSpec(json: copy)
        }
    }
}

/// A small generator whose numbers depend on its seed alone (SplitMix64).
struct Generator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
