import Host

extension RuntimeSpec {
    /// Reads a `config.json`, and refuses what is none.
    ///
    /// - Throws: `.invalid`, with the member that is wrong.
    package init(json: [UInt8]) throws(ContainerError) {
        do {
            self = try JSONDecoding.decode(RuntimeSpec.self, from: try JSONValue(parsing: json))
        } catch let error as JSONError {
            throw ContainerError(.invalid, "config.json is no JSON: \(error)")
        } catch let error as ContainerError {
            throw ContainerError(error.kind, "config.json: \(error)")
        } catch {
            throw ContainerError(.invalid, "config.json: \(error)")
        }
    }
}
