import Testing

@testable import Images

/// Credentials that are tried without pulling anything.
struct LoginTests {
    private static let good = Credentials(username: "me", password: "secret")
    private static let bad = Credentials(username: "me", password: "guess")

    /// A registry that wants a name and a password at once.
    private static func basic(_ request: ScriptedRegistry.Request) -> ScriptedRegistry.Answer {
        if request.headers.first(name: "authorization") == good.basicHeader { return .init() }
        return .init(status: .unauthorized, headers: [("www-authenticate", "Basic realm=\"r\"")])
    }

    /// A registry that wants a token, which it gives itself.
    private static func token(_ request: ScriptedRegistry.Request) -> ScriptedRegistry.Answer {
        let given = request.headers.first(name: "authorization")
        if request.path.hasPrefix("/token") {
            let isGood = given == good.basicHeader && !request.path.contains("scope")
            return isGood ? .init(body: Array(#"{"token":"abc"}"#.utf8)) : .init(status: .unauthorized)
        }
        if given == "Bearer abc" { return .init() }
        let host = request.headers.first(name: "host") ?? ""
        return .init(
            status: .unauthorized,
            headers: [("www-authenticate", "Bearer realm=\"http://\(host)/token\",service=\"s\"")])
    }

    private static func kind(
        _ credentials: Credentials, _ script: @escaping ScriptedRegistry.Script
    ) async throws -> ImageError.Kind? {
        let scratch = try ScratchFolder()
        let registry = try ScriptedRegistry(script)
        let store = try RegistryTests.store(scratch("data"))
        do {
            try await store.tryLogin("127.0.0.1:\(registry.port)", credentials)
            return nil
        } catch {
            return error.kind
        }
    }

    @Test func namesAndPasswordsAreTriedAtTheRegistry() async throws {
        #expect(try await Self.kind(Self.good, Self.basic) == nil)
        #expect(try await Self.kind(Self.bad, Self.basic) == .unauthorized)
    }

    @Test func tokensAreFetchedForNothingInParticular() async throws {
        #expect(try await Self.kind(Self.good, Self.token) == nil)
        #expect(try await Self.kind(Self.bad, Self.token) == .unauthorized)
    }

    @Test func whatIsNoRegistryIsNoLogin() async throws {
        #expect(try await Self.kind(Self.good) { _ in .init(status: .notFound) } == .unavailable)
        let scratch = try ScratchFolder()
        let store = try RegistryTests.store(scratch("data"))
        await #expect(throws: ImageError.self) { try await store.tryLogin("127.0.0.1:1", Self.good) }
        await #expect(throws: ImageError.self) { try await store.tryLogin("no registry", Self.good) }
    }
}
