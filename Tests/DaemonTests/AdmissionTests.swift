import Foundation
import Testing

@testable import Daemon

struct AdmissionTests {
    private static func file(_ text: String) throws -> String {
        let path = "/tmp/viv-\(UUID().uuidString.prefix(8)).token"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    @Test func withATokenOnlyThoseWhoKnowItComeIn() async throws {
        let path = try Self.file("0123456789abcdef\n")
        defer { try? FileManager.default.removeItem(atPath: path) }
        let door = try await DoorUnderTest(.token(file: path)) { router in
            router.get("_ping") { _, _ in Reply.text("OK") }
        }
        let result = await blocking {
            let wrong = try RawClient(door.socket).ask("GET", "/_ping")
            #expect(wrong.status == 401)
            let other = try RawClient(door.socket).ask(
                "GET", "/_ping", headers: ["Authorization: Bearer 0123456789abcdeF"])
            #expect(other.status == 401)
            let right = try RawClient(door.socket).ask(
                "GET", "/_ping", headers: ["Authorization: Bearer 0123456789abcdef"])
            #expect(right.status == 200)
        }
        await door.end()
        try result.get()
    }

    @Test func aShortTokenIsRefused() throws {
        let path = try Self.file("short\n")
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(throws: DaemonError.self) { try Admission(.token(file: path)) }
    }

    @Test func whatCannotBeReadAgainLeavesTheOldInForce() throws {
        let path = try Self.file("0123456789abcdef\n")
        let admission = try Admission(.token(file: path))
        try FileManager.default.removeItem(atPath: path)
        #expect(throws: DaemonError.self) { try admission.reload() }
        try admission.check([.authorization: "Bearer 0123456789abcdef"])
    }

    @Test func missingCertificatesAreNamed() {
        let error = #expect(throws: DaemonError.self) {
            try Admission(
                .certificates(authority: "/nowhere/ca", certificate: "/nowhere/c", key: "/nowhere/k"))
        }
        #expect(error?.description.contains("/nowhere/ca") == true)
    }
}
