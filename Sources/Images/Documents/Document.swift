import FoundationEssentials

/// JSON documents of images, read within bounds and written the same way every time.
package enum Document {
    /// Bytes; registries refuse larger manifests, too.
    package static let maximumSize = 4 << 20
    /// Layers of an image, and images of an index.
    package static let maximumLayers = 1000
    /// Nesting of arrays and objects.
    static let maximumDepth = 64
    /// Bytes of one layer: 1 TiB.
    static let maximumLayerSize: Int64 = 1 << 40

    static func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8], as what: String, limit: Int = maximumSize
    ) throws(ImageError) -> Value {
        guard bytes.count <= limit else {
            throw ImageError(.invalid, "the \(what) has \(bytes.count) bytes, more than \(limit)")
        }
        guard depth(of: bytes) <= maximumDepth else {
            throw ImageError(.invalid, "the \(what) is nested deeper than \(maximumDepth) levels")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw ImageError(.invalid, "the \(what) cannot be read: \(reason(error))")
        } catch {
            throw ImageError(.invalid, "the \(what) cannot be read: \(error)")
        }
    }

    /// Sorted keys, nothing escaped that need not be: same value, same digest.
    package static func encode(_ value: some Encodable) throws(ImageError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return [UInt8](try encoder.encode(value))
        } catch {
            throw ImageError(.invalid, "a document cannot be written as JSON: \(error)")
        }
    }

    static func checkSizes(_ descriptors: [Descriptor]) throws(ImageError) {
        for descriptor in descriptors where !(0...maximumLayerSize).contains(descriptor.size) {
            throw ImageError(.invalid, "\(descriptor.digest) is said to have \(descriptor.size) bytes")
        }
    }

    /// The deepest nesting outside strings, in one pass and without a stack.
    static func depth(of bytes: [UInt8]) -> Int {
        var depth = 0
        var deepest = 0
        var isString = false
        var isEscaped = false
        for byte in bytes {
            if isString {
                if isEscaped {
                    isEscaped = false
                } else if byte == 0x5c {
                    isEscaped = true
                } else if byte == 0x22 {
                    isString = false
                }
                continue
            }
            switch byte {
            case 0x22: isString = true
            case 0x5b, 0x7b:
                depth += 1
                deepest = max(deepest, depth)
            case 0x5d, 0x7d: depth -= 1
            default: break
            }
        }
        return deepest
    }

    private static func reason(_ error: DecodingError) -> String {
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.map(\.stringValue).joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context):
            return "'\((context.codingPath + [key]).map(\.stringValue).joined(separator: "."))' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "'\(path(context))' is of the wrong type"
        case .dataCorrupted(let context):
            if let cause = context.underlyingError as? ImageError { return cause.description }
            return context.codingPath.isEmpty ? "it is no JSON" : "'\(path(context))' is malformed"
        @unknown default: return "it is malformed"
        }
    }
}
