import FoundationEssentials
import Model

/// JSON of any shape as a value of a type.
enum Decoded {
    static func value<Value: Decodable>(_ type: Value.Type, _ json: JSONValue) throws(Failure) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(json.compact.utf8))
        } catch {
            throw .refused("viv does not understand the daemon: \(error); are both of one version?")
        }
    }
}
