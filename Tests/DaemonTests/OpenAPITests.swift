import Engine
import Foundation
import Hummingbird
import Model
import Testing

@testable import Daemon

struct OpenAPITests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test func everyRouteIsDescribedAndEveryDescriptionHasARoute() async throws {
        let folder = "/tmp/viv-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let engine = try await Engine(
            configuration: EngineConfiguration(data: "\(folder)/data", run: "\(folder)/run"))
        let configuration = DaemonConfiguration(data: folder, run: folder, isRootless: false)
        let routes = DaemonServer.routes(engine, configuration).routes
            .filter { $0.path.description.hasPrefix("/v1/") }
            .map { "\($0.method.rawValue) \($0.path.description.dropFirst(3))" }
        let described = OpenAPI.operations.map { "\($0.method) \($0.path)" }
        #expect(Set(routes).subtracting(described).sorted() == [])
        #expect(Set(described).subtracting(routes).sorted() == [])
        await engine.shutDown()
    }

    @Test func everyLineOfTheTableIsAnOperation() {
        #expect(OpenAPI.operations.count == OpenAPITable.operations.split(separator: "\n").count)
    }

    @Test func everyReferenceLeadsSomewhere() throws {
        let text = String(decoding: OpenAPI.document.text, as: UTF8.self)
        let schemas = OpenAPI.document["components"]["schemas"]
        let parts = text.components(separatedBy: "#/components/schemas/").dropFirst()
        for part in parts {
            let name = String(part.prefix { $0 != "\"" })
            #expect(!schemas[name].isNull, "\(name)")
        }
    }

    /// Values of Model have the fields that the document says they have.
    @Test func schemasAreTrue() throws {
        let container = InstanceSpec.container(ContainerSpec(image: "x"))
        let samples: [(String, any Encodable)] = [
            ("ContainerSpec", ContainerSpec(image: "x")),
            ("ManagedMachineSpec", ManagedMachineSpec(guest: "x")),
            ("Instance", Instance(id: .random(), name: "n", spec: container, created: 0)),
            ("ExecSpec", ExecSpec(command: ["x"])), ("NetworkSpec", NetworkSpec(name: "n")),
            ("VolumeSpec", VolumeSpec()),
            ("VolumeRecord", VolumeRecord(name: "v", created: 0, mountPoint: "/")),
            ("SystemInfo", SystemInfo()), ("DiskUsage", DiskUsage()),
            ("Event", Event(.container, "start", actor: "a", time: 0)),
            ("InstanceStatistics", InstanceStatistics(id: .random(), name: "n", time: 0)),
            ("ContainerResources", ContainerResources()), ("MountSpec", MountSpec(.bind, target: "/")),
            ("Endpoint", Endpoint(networkID: "n", endpointID: "e")),
            ("PortMapping", PortMapping(containerPort: 1)),
            ("ExecRecord", ExecRecord(id: "e", instance: .random(), spec: ExecSpec(command: []))),
        ]
        for (name, value) in samples {
            let encoded = try JSON(parsing: JSONLine.encode(value))
            let schema = OpenAPI.document["components"]["schemas"][name]
            let known = Set(schema["properties"].fields.map(\.name))
            let fields = Set(encoded.fields.map(\.name))
            #expect(fields.subtracting(known).sorted() == [], "\(name)")
            #expect(Set(try schema.strings("required")).subtracting(fields).sorted() == [], "\(name)")
        }
    }

    @Test func theDocumentInTheRepositoryIsTheOneServed() throws {
        let file = try Data(contentsOf: Self.root.appending(path: "docs/api/openapi.json"))
        #expect(
            [UInt8](file) == OpenAPI.document.text + [0x0a],
            "write it anew: curl --unix-socket RUN/vivd.sock http://viv/v1/openapi.json > docs/api/openapi.json"
        )
    }
}
