import Glibc
import Host

/// What the runtime remembers of a container in `state.json`. Whether it runs is found out anew each time.
package struct ContainerState: Equatable, Sendable {
    package var id: String
    /// The container's first process, seen from the runtime; 0 before it exists.
    package var processID: Int32 = 0
    /// Clock ticks after boot; tells the process from a later one of the same number.
    package var startTime: UInt64 = 0
    package var bundle: String
    package var rootFileSystem: String
    /// RFC 3339, UTC.
    package var created: String
    package var owner: String
    package var annotations: [String: String] = [:]
    /// Folders of the container's control groups by controller; `""` is cgroup v2.
    package var cgroupPaths: [String: String] = [:]
    package var hasNoNewKeyring = false
    /// Whether `start` has hooks to run, and must read the bundle.
    package var hasStartHooks = false

    package init(id: String, bundle: String, rootFileSystem: String, created: String, owner: String) {
        self.id = id
        self.bundle = bundle
        self.rootFileSystem = rootFileSystem
        self.created = created
        self.owner = owner
    }

    /// - Throws: `.notFound` when there is no such container.
    package static func read(id: String, layout: RuntimeLayout) throws(ContainerError) -> ContainerState {
        guard RuntimeLayout.isValid(id: id) else {
            throw ContainerError(.invalid, "invalid container ID format: \(id)")
        }
        guard let bytes = CgroupFile.bytes(layout.state(of: id)) else {
            throw ContainerError(.notFound, "container \"\(id)\" does not exist")
        }
        guard let value = try? JSONValue(parsing: bytes), let state = ContainerState(value) else {
            throw ContainerError(
                .system, "the state of container \(id) is damaged: delete --force removes it")
        }
        return state
    }

    init?(_ value: JSONValue) {
        guard let fields = value.object, let id = fields["id"]?.string, let bundle = fields["bundle"]?.string,
            let root = fields["rootfs"]?.string, let created = fields["created"]?.string
        else { return nil }
        self.init(
            id: id, bundle: bundle, rootFileSystem: root, created: created,
            owner: fields["owner"]?.string ?? "")
        processID = fields["pid"]?.integer.flatMap(Int32.init(exactly:)) ?? 0
        startTime = fields["startTime"]?.integer.flatMap(UInt64.init(exactly:)) ?? 0
        hasStartHooks = fields["startHooks"]?.bool ?? true
        hasNoNewKeyring = fields["noNewKeyring"]?.bool ?? false
        for (key, value) in fields["annotations"]?.object?.members ?? [] { annotations[key] = value.string }
        for (key, value) in fields["cgroups"]?.object?.members ?? [] { cgroupPaths[key] = value.string }
    }

    var json: JSONValue {
        JSONValue([
            ("id", .string(id)), ("pid", JSONValue(processID)), ("startTime", JSONValue(startTime)),
            ("bundle", .string(bundle)), ("rootfs", .string(rootFileSystem)), ("created", .string(created)),
            ("owner", .string(owner)), ("noNewKeyring", .bool(hasNoNewKeyring)),
            ("startHooks", .bool(hasStartHooks)),
            ("annotations", JSONValue(annotations)), ("cgroups", JSONValue(cgroupPaths)),
        ])
    }
}
