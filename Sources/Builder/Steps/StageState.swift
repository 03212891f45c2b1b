import Images

/// An image in the making: what the steps of a stage have done so far.
struct StageState: Sendable {
    var configuration: ImageConfiguration
    /// Lowest first.
    var layers: [Layer] = []
    /// Digest of everything that led here: base, instructions, layers.
    var chain: Digest
    /// The image's time; see docs/adr/0016.
    var time: Int64
    /// The image it is built on.
    var parent: Digest?
    /// Values of the ARGs declared so far.
    var arguments: [String: String] = [:]
    /// Whether every step so far came from the cache.
    var isCached = true

    /// An empty image.
    init(platform: Platform, time: Int64) {
        configuration = ImageConfiguration(platform: platform)
        self.time = time
        var key = CacheKey("scratch")
        key.add(platform.description)
        chain = key.finish()
    }

    init(image: Image, layers: [Layer], time: Int64) {
        configuration = image.configuration
        self.layers = layers
        self.time = time
        parent = image.id
        var key = CacheKey("image")
        key.add(image.id.description)
        chain = key.finish()
    }

    /// The value of a variable: ENV comes before ARG.
    func value(of name: String) -> String? { environmentValue(of: name) ?? arguments[name] }

    func environmentValue(of name: String) -> String? {
        configuration.config.environment.last { $0.hasPrefix("\(name)=") }
            .map { String($0.dropFirst(name.count + 1)) }
    }

    mutating func setEnvironment(_ name: String, _ value: String) {
        let entry = "\(name)=\(value)"
        let index = configuration.config.environment.firstIndex { $0.hasPrefix("\(name)=") }
        if let index {
            configuration.config.environment[index] = entry
        } else {
            configuration.config.environment.append(entry)
        }
    }

    var workingDirectory: String {
        let path = configuration.config.workingDirectory ?? ""
        return path.isEmpty ? "/" : path
    }

    /// Absolute, without dots; relative paths start at the working directory.
    func absolute(_ path: String) -> String {
        var parts: [Substring] = []
        let whole = path.hasPrefix("/") ? path : "\(workingDirectory)/\(path)"
        for part in whole.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// Adds a step's result: its layer, its line of the history, its link of the chain.
    mutating func append(_ record: CacheRecord, key: Digest, isCached: Bool) {
        time = record.time
        var entry = HistoryEntry(
            created: BuildTime.format(time), createdBy: record.text, isEmptyLayer: record.layer == nil)
        entry.comment = StepKeyComment.text(key)
        configuration.history.append(entry)
        if let layer = record.layer { layers.append(layer) }
        var link = CacheKey("chain")
        link.add(key.description)
        link.add(record.layer?.diffID.description ?? "")
        chain = link.finish()
        self.isCached = self.isCached && isCached
    }
}

/// How a step's key stands in an image's history, so that `--cache-from` finds it there.
enum StepKeyComment {
    private static let prefix = "vivarium.build.v1 "

    static func text(_ key: Digest) -> String { prefix + key.description }

    static func key(in comment: String?) -> Digest? {
        guard let comment, comment.hasPrefix(prefix) else { return nil }
        return Digest(parsing: String(comment.dropFirst(prefix.count)))
    }
}
