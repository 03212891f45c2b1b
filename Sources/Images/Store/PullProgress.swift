/// What happens during a pull, push, load or build of a base image.
package struct PullProgress: Codable, Equatable, Sendable {
    package enum Status: String, Codable, Sendable {
        case message = ""
        case pullingLayer = "Pulling fs layer"
        case waiting = "Waiting"
        case downloading = "Downloading"
        case retrying = "Retrying"
        case downloadComplete = "Download complete"
        case extracting = "Extracting"
        case pullComplete = "Pull complete"
        case alreadyExists = "Already exists"
        case preparing = "Preparing"
        case pushing = "Pushing"
        case pushed = "Pushed"
        case mounted = "Mounted"
        case layerAlreadyExists = "Layer already exists"
        case loading = "Loading layer"
    }

    /// The short digest of a layer, a tag, or empty for the whole.
    package var id: String
    package var status: Status
    /// The text of `message`; a reason for `retrying`.
    package var message: String
    /// Bytes done; 0 when nothing is counted.
    package var current: Int64
    /// Bytes in all; 0 when unknown.
    package var total: Int64

    package init(
        id: String = "", _ status: Status, message: String = "", current: Int64 = 0, total: Int64 = 0
    ) {
        self.id = id
        self.status = status
        self.message = message
        self.current = current
        self.total = total
    }

    package init(_ message: String) { self.init(id: "", .message, message: message) }
}

/// Takes progress; called from any thread, often.
package typealias ProgressSink = @Sendable (PullProgress) -> Void
