/// The OpenAPI 3.1 document of our own API, made from `OpenAPITable`.
package enum OpenAPI {
    /// One line of the table.
    struct Operation {
        let method: String
        /// Below `/v1`.
        let path: String
        let status: String
        let answer: String
        let parameters: [Substring]
        let body: String?
        let summary: String

        init?(_ line: Substring) {
            let halves = line.split(separator: "#", maxSplits: 1)
            let sides = halves[0].split(separator: "<", maxSplits: 1)
            let words = sides[0].split(separator: " ")
            guard halves.count == 2, words.count >= 4 else { return nil }
            method = String(words[0])
            path = String(words[1])
            status = String(words[2])
            answer = String(words[3])
            parameters = Array(words[4...])
            body = sides.count > 1 ? String(sides[1].filter { $0 != " " }) : nil
            summary = String(halves[1].drop { $0 == " " })
        }
    }

    static let operations = OpenAPITable.operations.split(separator: "\n").compactMap(Operation.init)

    package static var document: JSON {
        let paths = Dictionary(grouping: operations) { "/v1\($0.path)" }.sorted { $0.key < $1.key }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Vivarium", "version": .string(Build.version),
                "description": "Containers and machines, images, networks and volumes of one daemon.",
            ],
            "servers": [["url": "/", "description": "the daemon's Unix socket, vivd.sock"]],
            "paths": .object(
                paths.map { path, operations in
                    .init(
                        name: path,
                        value: .object(
                            operations.map { .init(name: $0.method.lowercased(), value: json($0)) }))
                }),
            "components": ["schemas": .object(schemas)],
        ]
    }

    private static func json(_ operation: Operation) -> JSON {
        var responses: [JSON.Field] = [.init(name: operation.status, value: response(operation.answer))]
        responses.append(
            .init(name: "default", value: content("application/json", of: "Error", saying: "what went wrong"))
        )
        var fields: JSON = [
            "operationId": .string(identifier(operation)), "summary": .string(operation.summary),
            "parameters": .array(pathParameters(operation.path) + operation.parameters.map(parameter)),
            "responses": .object(responses),
        ]
        if let body = operation.body {
            let type = body == "tar" ? "application/x-tar" : "application/json"
            fields = fields.adding([
                "requestBody": content(type, of: body, saying: nil).adding(["required": true])
            ])
        }
        return fields
    }

    /// `POST /instances/{id}/start` → `postInstancesIdStart`
    private static func identifier(_ operation: Operation) -> String {
        let words = operation.path.split { "/{}-.".contains($0) }
        return operation.method.lowercased()
            + words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    private static func pathParameters(_ path: String) -> [JSON] {
        path.split(separator: "/").filter { $0.hasPrefix("{") }.map { part in
            [
                "name": .string(String(part.dropFirst().dropLast())), "in": "path", "required": true,
                "schema": ["type": "string"],
            ]
        }
    }

    private static func parameter(_ text: Substring) -> JSON {
        let name = String(text.prefix { $0 != "!" && $0 != "*" })
        let schema: JSON =
            text.contains("*") ? ["type": "array", "items": ["type": "string"]] : ["type": "string"]
        return [
            "name": .string(name), "in": "query", "required": .bool(text.contains("!")), "schema": schema,
        ]
    }

    private static func response(_ answer: String) -> JSON {
        switch answer {
        case "-": ["description": "done"]
        case "frames":
            content(
                "application/vnd.vivarium.frames", of: "binary", saying: "frames: a kind, a length, bytes")
        case "tar": content("application/x-tar", of: "tar", saying: "an archive")
        case "progress":
            content("application/json", of: "object", saying: "lines of JSON as the work goes on")
        case "events": content("application/jsonl", of: "Event", saying: "lines of JSON")
        case "text": content("text/plain", of: "string", saying: "OK")
        default: content("application/json", of: answer, saying: "done")
        }
    }

    private static func content(_ type: String, of schema: String, saying text: String?) -> JSON {
        let content: JSON = [
            "content": .object([.init(name: type, value: ["schema": Self.schema(schema[...])])])
        ]
        return text.map { (["description": .string($0)] as JSON).adding(content) } ?? content
    }

    private static var schemas: [JSON.Field] {
        OpenAPITable.schemas.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            let fields = parts[1].split(separator: ",").map { $0.split(separator: " ") }.filter {
                $0.count == 2
            }
            let required = fields.filter { !$0[1].hasSuffix("?") }.map { String($0[0]) }
            let properties = fields.map { field in
                JSON.Field(
                    name: String(field[0]),
                    value: schema(field[1].hasSuffix("?") ? field[1].dropLast() : field[1]))
            }
            return .init(
                name: String(parts[0]),
                value: [
                    "type": "object", "properties": .object(properties), "required": .strings(required),
                ])
        }
    }

    private static func schema(_ type: Substring) -> JSON {
        switch type {
        case "string", "integer", "number", "boolean", "object": return ["type": .string(String(type))]
        case "tar", "binary": return ["type": "string", "format": "binary"]
        default: break
        }
        if type.hasPrefix("[") { return ["type": "array", "items": schema(type.dropFirst().dropLast())] }
        if type.hasPrefix("{") {
            return ["type": "object", "additionalProperties": schema(type.dropFirst().dropLast())]
        }
        return ["$ref": .string("#/components/schemas/\(type)")]
    }
}
