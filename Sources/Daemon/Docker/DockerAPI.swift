import Engine
import HTTPTypes
import Hummingbird
import Logging
import Model

/// Docker's Engine API, 1.41 to 1.47: one file for the routes of each resource.
struct DockerAPI: Sendable {
    let engine: Engine
    let configuration: DaemonConfiguration

    typealias Routes = Router<DaemonContext>

    func addRoutes(to router: Routes) {
        addSystemRoutes(to: router)
        addContainerRoutes(to: router)
        addLifeCycleRoutes(to: router)
        addStreamRoutes(to: router)
        addFileRoutes(to: router)
        addExecRoutes(to: router)
        addNetworkRoutes(to: router)
        addVolumeRoutes(to: router)
        addImageRoutes(to: router)
        addBuildRoutes(to: router)
        addSwarmRoutes(to: router)
    }

    /// The container in the path. Machines are none of Docker's business.
    func container(_ context: DaemonContext) async throws -> (Instance, ContainerSpec) {
        let name = try context.parameter("id")
        let instance = try await engine.inspect(name)
        guard let spec = instance.containerSpec else {
            throw APIError(.notFound, "No such container: \(name)")
        }
        return (instance, spec)
    }
}
