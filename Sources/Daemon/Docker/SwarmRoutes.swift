import HTTPTypes
import Hummingbird

/// Docker's cluster, which this is not: clients are told so in Docker's words.
extension DockerAPI {
    private static let collections = ["services", "nodes", "tasks", "secrets", "configs"]

    func addSwarmRoutes(to router: Routes) {
        let refuse: @Sendable (Request, DaemonContext) async throws -> Response = { _, _ in
            throw APIError(
                .serviceUnavailable,
                "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to "
                    + "connect this node to swarm and try again.")
        }
        for path in Self.collections {
            router.get(RouterPath(stringLiteral: path), use: refuse)
            router.get(RouterPath(stringLiteral: "\(path)/**"), use: refuse)
            router.post(RouterPath(stringLiteral: "\(path)/**"), use: refuse)
            router.delete(RouterPath(stringLiteral: "\(path)/**"), use: refuse)
        }
        router.get("swarm", use: refuse)
        router.get("swarm/**", use: refuse)
        router.post("swarm/**", use: refuse)
    }
}
