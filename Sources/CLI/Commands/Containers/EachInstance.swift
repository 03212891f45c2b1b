import ArgumentParser
import Model

/// The same for several names: each that works is printed, one that does not is told and the others go on.
enum EachInstance {
    static func perform(
        _ names: [String], prints: Bool = true, _ action: (String) throws -> Void
    ) throws {
        var last: Failure?
        for name in names {
            do {
                try action(name)
                if prints { Report.line(name) }
            } catch let failure as Failure {
                if last != nil { last.map { Report.note($0.description) } }
                last = failure
            }
        }
        if let last { throw last }
    }
}

/// Completion of the names of containers and machines by asking the daemon, if it runs.
enum InstanceNames {
    static let completion = CompletionKind.custom { (_: [String], _: Int, _: String) in
        guard let client = try? DaemonClient.running(),
            let instances: [Instance] = try? client.fetch(.own(.get, "instances", query: [("all", "1")]))
        else { return [] }
        return instances.map(\.name)
    }
}

/// Completion of the names of images.
enum ImageNames {
    static let completion = CompletionKind.custom { (_: [String], _: Int, _: String) in
        guard let client = try? DaemonClient.running(),
            let images: [ImageRecord] = try? client.fetch(.own(.get, "images"))
        else { return [] }
        return images.flatMap(\.tags)
    }
}
