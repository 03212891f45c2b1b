import CLinux
import Glibc
import Testing

@testable import Containers

/// Devices of containers that may not make their own.
struct HostNodeTests {
    private static let (character, block): (UInt32, UInt32) = (0o020000, 0o060000)

    @Test func aNodeIsFoundByItsNumberWhateverItsName() throws {
        #expect(HostNode.find(Self.character, 1, 3, preferring: "/dev/null") == "/dev/null")
        let other = try #require(HostNode.find(Self.character, 1, 5, preferring: "/dev/nothing"))
        var info = stat()
        #expect(lstat(other, &info) == 0)
        #expect(info.st_rdev == UInt(viv_device(1, 5)))
        // The name of another device does not make it that one.
        #expect(HostNode.find(Self.character, 1, 5, preferring: "/dev/null") == other)
        #expect(HostNode.find(Self.block, 1, 3, preferring: "/dev/null") == nil)
        #expect(HostNode.find(Self.character, 4000, 77, preferring: "/dev/null") == nil)
    }

    private static let canRun = RealContainer.obstacle == nil

    private func run(_ script: String, device: [(String, JSONValue)]) throws -> (code: Int32, output: String)
    {
        let container = try RealContainer(["/bin/sh", "-c", script]) { config in
            var linux = config["linux"]?.object ?? JSONObject()
            linux["namespaces"] = .array((linux["namespaces"]?.array ?? []) + [JSONValue([("type", "user")])])
            let map = JSONValue([("containerID", 0), ("hostID", 100_000), ("size", 65536)])
            linux["uidMappings"] = .array([map])
            linux["gidMappings"] = .array([map])
            linux["devices"] = .array([JSONValue(device)])
            config["linux"] = .object(linux)
        }
        _ = try Program.run("chown", ["-R", "100000:100000", "\(container.folder)/rootfs"])
        return container.run(["run", container.id])
    }

    @Test(.enabled(if: canRun)) func aDeviceWorksInAUserNamespaceUnderAnotherName() throws {
        let device: [(String, JSONValue)] = [
            ("path", "/dev/inner/void"), ("type", "c"), ("major", 1), ("minor", 3),
        ]
        let script = "echo lost >/dev/inner/void && cat /dev/inner/void && ls -l /dev/inner/void"
        let result = try run(script, device: device)
        #expect(result.code == 0 && result.output.hasPrefix("crw-rw-rw-"), "\(result)")
        #expect(result.output.contains("1,   3"), "\(result)")
    }

    @Test(.enabled(if: canRun)) func aDeviceThatTheHostHasNotIsRefused() throws {
        let result = try run(
            "echo ran", device: [("path", "/dev/x"), ("type", "b"), ("major", 4000), ("minor", 7)])
        #expect(result.code != 0 && !result.output.contains("ran\n"))
        #expect(result.output.contains("b 4000:7"), "\(result)")
    }
}
