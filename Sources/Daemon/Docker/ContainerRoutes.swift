import Engine
import HTTPTypes
import Hummingbird
import Model

/// Making containers and looking at them.
extension DockerAPI {
    func addContainerRoutes(to router: Routes) {
        router.post("containers/create", use: createContainer)
        router.get("containers/json", use: listContainers)
        router.get("containers/{id}/json", use: inspectContainer)
        router.get("containers/{id}/top", use: top)
        router.get("containers/{id}/changes", use: changes)
        router.get("containers/{id}/stats", use: statistics)
        router.post("containers/prune", use: pruneContainers)
    }

    private func createContainer(_ request: Request, _ context: DaemonContext) async throws -> Response {
        var spec = try ContainerBody.spec(try await request.json())
        spec.platform = request.query.string("platform")
        let created = try await engine.create(.container(spec), name: request.query.string("name"))
        return Reply.json(
            ["Id": .string(created.id.text), "Warnings": .strings(created.warnings)], status: .created)
    }

    private func listContainers(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let query = request.query
        let limit = try query.integer("limit").flatMap { $0 > 0 ? $0 : nil }
        let instances = try await engine.list(
            all: query.bool("all") || limit != nil, limit: limit, filters: query.filters())
        var list: [JSON] = []
        for instance in instances {
            guard let spec = instance.containerSpec else { continue }
            let size = query.bool("size") ? try await engine.size(instance.id.text) : nil
            list.append(ContainerListShape.json(instance, spec, size: size))
        }
        return Reply.json(.array(list))
    }

    private func inspectContainer(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (instance, spec) = try await container(context)
        var shape = ContainerShape(instance: instance, spec: spec, configuration: configuration)
        shape.execs = (try? await engine.execs(of: instance.id.text)) ?? []
        if request.query.bool("size") { shape.size = try await engine.size(instance.id.text) }
        return Reply.json(shape.json)
    }

    private func top(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (instance, _) = try await container(context)
        let arguments = request.query.string("ps_args")?.split(separator: " ").map(String.init) ?? []
        let table = try await engine.top(instance.id.text, arguments: arguments)
        return Reply.json([
            "Titles": .strings(table.titles), "Processes": .array(table.processes.map(JSON.strings)),
        ])
    }

    private func changes(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (instance, _) = try await container(context)
        let changes = try await engine.changes(instance.id.text)
        return Reply.json(
            changes.isEmpty
                ? .null
                : .array(changes.map { ["Path": .string($0.path), "Kind": .int($0.kind.rawValue)] }))
    }

    private func statistics(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let (instance, _) = try await container(context)
        let id = instance.id.text
        let query = request.query
        if !query.bool("stream", default: true) {
            let previous = query.bool("one-shot") ? nil : try await engine.statistics(id)
            if previous != nil { try await Task.sleep(for: .seconds(1)) }
            let now = try await engine.statistics(id)
            return Reply.json(StatisticsShape.json(now, previous: previous))
        }
        let stream = try await engine.statisticsStream(id)
        return Reply.stream(type: "application/json") { writer in
            var previous: InstanceStatistics?
            for try await now in stream {
                try await writer.write(line: StatisticsShape.json(now, previous: previous))
                previous = now
            }
        }
    }

    private func pruneContainers(_ request: Request, _ context: DaemonContext) async throws -> Response {
        let report = try await engine.pruneInstances(request.query.filters())
        return Reply.json([
            "ContainersDeleted": .slice(report.removed), "SpaceReclaimed": .int(report.reclaimed),
        ])
    }
}
