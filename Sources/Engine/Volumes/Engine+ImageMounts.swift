import Builder
import Containers
import Images
import Model

// Images that containers mount beside their own: read-only, as their layers are shared with whoever else has them.
extension Engine {
    /// Finds the image of a mount and keeps it for the container.
    func imageMount(
        _ mount: MountSpec, _ target: String, for id: InstanceID
    ) async throws(EngineError) -> ResolvedMount {
        let found: Image
        do {
            found = try await images.resolve(mount.source)
            try await images.hold(found.id, by: id.text)
        } catch {
            // Docker's clients would take `notFound` for the container's own image, and pull that.
            throw EngineError(.invalid, "cannot mount the image \(mount.source): \(error)")
        }
        return ResolvedMount(
            kind: .image, name: mount.source, source: found.id.description, target: target, isReadOnly: true)
    }

    /// How the kernel mounts the container's image mounts, by target.
    func imageMounts(
        _ entry: Entry, _ spec: ContainerSpec
    ) async throws(EngineError) -> [String: RuntimeSpec.Mount] {
        var result: [String: RuntimeSpec.Mount] = [:]
        for mount in entry.instance.mounts where mount.kind == .image {
            let subpath = spec.mounts.first { PathText.clean($0.target) == mount.target }?.subpath
            do {
                let folders = try await images.layers(of: try await images.resolve(mount.source)).folders
                let paths = try await blocking { try ImageFolder.paths(of: subpath ?? "", in: folders) }
                result[mount.target] = Self.merged(
                    paths, at: mount.target, isRootless: configuration.isRootless)
            } catch {
                throw EngineError(error)
            }
        }
        return result
    }

    private static func merged(_ paths: [String], at target: String, isRootless: Bool) -> RuntimeSpec.Mount {
        // An overlay without an upper folder wants two lower ones.
        if paths.count == 1 { return BundlePlan.bind(paths[0], target, ["rbind", "rprivate", "ro"]) }
        let options = ["lowerdir=\(LowerFolders.option(paths))", "ro"] + (isRootless ? ["userxattr"] : [])
        return RuntimeSpec.Mount(
            destination: target, type: "overlay", source: "overlay", options: options)
    }
}

extension Instance {
    /// The image that the container is made of, and those that it mounts.
    var imagesInUse: [Digest] {
        ([imageID] + mounts.filter { $0.kind == .image }.map(\.source)).compactMap { Digest(parsing: $0) }
    }
}
