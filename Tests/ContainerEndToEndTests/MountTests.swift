import Foundation
import ProgramDriver
import Testing

/// What containers mount beside their own image.
@Suite(.serialized, .enabled(if: Requirement.containers, Requirement.why))
struct MountTests {
    let daemon: DaemonUnderTest

    init() throws {
        daemon = try DaemonUnderTest()
        let context = daemon.folder.appending(path: "context")
        try FileManager.default.createDirectory(at: context, withIntermediateDirectories: true)
        try """
        FROM \(Busybox.name)
        RUN mkdir -p /data/inner && echo one >/data/one && echo deep >/data/inner/file
        RUN rm /data/one && echo two >/data/two
        """.write(to: context.appending(path: "Dockerfile"), atomically: true, encoding: .utf8)
        try daemon.output("build", "-t", "test/data:1", context.path())
    }

    private func seen(_ mount: String, _ script: String) throws -> String {
        try daemon.output("run", "--rm", "--mount", mount, Busybox.name, "sh", "-c", script)
    }

    @Test func anImageIsMountedWithAllItsLayers() throws {
        let mount = "type=image,source=test/data:1,target=/image"
        #expect(try seen(mount, "ls /image/data; cat /image/data/inner/file") == "inner\ntwo\ndeep")
        #expect(try seen(mount, "touch /image/data/x 2>/dev/null || echo refused") == "refused")
        // An image of one layer needs no overlay.
        let single = "type=image,source=\(Busybox.name),target=/image"
        #expect(
            try seen(single, "ls /image/bin/busybox; touch /image/x 2>/dev/null || echo refused").hasSuffix(
                "refused"))
    }

    @Test func aPartOfAnImageIsMounted() throws {
        let folder = "type=image,source=test/data:1,target=/part,image-subpath=data"
        #expect(try seen(folder, "ls /part") == "inner\ntwo")
        let file = "type=image,source=test/data:1,target=/file,image-subpath=data/two"
        #expect(try seen(file, "cat /file") == "two")
        let missing = try daemon.viv(
            "run", "--rm", "--mount", "type=image,source=test/data:1,target=/x,image-subpath=data/one",
            Busybox.name, "true")
        #expect(missing.code != 0 && missing.errors.contains("data/one"), "\(missing.errors)")
    }

    @Test func aMountedImageStaysForItsContainer() throws {
        let name = try daemon.output(
            "create", "--mount", "type=image,source=test/data:1,target=/image", Busybox.name, "cat",
            "/image/data/two")
        _ = try daemon.viv("rmi", "-f", "test/data:1")
        _ = try daemon.viv("image", "prune", "-a", "-f")
        #expect(try daemon.output("start", "-a", name) == "two")
        daemon.crash()
        try daemon.start()
        _ = try daemon.viv("image", "prune", "-a", "-f")
        #expect(try daemon.output("start", "-a", name) == "two")
    }

    @Test func anImageThatIsNotHereIsNamed() throws {
        let answer = try daemon.viv(
            "run", "--rm", "--mount", "type=image,source=test/absent:1,target=/x", Busybox.name, "true")
        #expect(answer.code == 125 && answer.errors.contains("test/absent:1"), "\(answer.errors)")
        #expect(try daemon.output("ps", "-aq").isEmpty)
    }
}
