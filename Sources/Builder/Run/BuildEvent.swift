import Images

/// What happens in a build, as it happens. Steps of independent stages interleave: each names its step.
package enum BuildEvent: Sendable {
    /// A step begins, or turns out to be done already.
    case step(BuildStep)
    /// The result of the step was found in the cache.
    case cached(BuildStep)
    /// What a step's command writes.
    case output(BuildStep, StepOutput)
    /// A step is done; `seconds` is how long it took, `state` a short name of the outcome.
    case finished(BuildStep, state: String, seconds: Double)
    /// A base image is on its way.
    case pulling(name: String, PullProgress)
    case warning(String)
    /// The image is complete.
    case built(Digest)
    case tagged(Reference)
}

/// One step of a build.
package struct BuildStep: Sendable, Hashable {
    /// From 1 to `total`, in the order of the Dockerfile.
    package let number: Int
    package let total: Int
    /// The stage's name, or its number.
    package let stage: String
    /// The instruction as written, in one line.
    package let text: String
    /// The line of the Dockerfile; 0 for what ONBUILD of a base image adds.
    package let line: Int
}

package struct StepOutput: Sendable, Equatable {
    package enum Stream: String, Sendable, Codable { case stdout, stderr }

    package let stream: Stream
    package let bytes: [UInt8]

    package init(_ stream: Stream, _ bytes: [UInt8]) {
        self.stream = stream
        self.bytes = bytes
    }
}

extension StepOutput {
    /// Docker's classic builder paints errors red.
    fileprivate var dockerText: String {
        let text = String(decoding: bytes, as: UTF8.self)
        return stream == .stderr ? "\u{1b}[91m\(text)\u{1b}[0m" : text
    }
}

extension BuildEvent {
    /// The text that Docker's classic builder streams for this event; `nil` for none.
    package var dockerText: String? {
        switch self {
        case .step(let step): "Step \(step.number)/\(step.total) : \(step.text)\n"
        case .cached: " ---> Using cache\n"
        case .output(_, let output): output.dockerText
        case .finished(_, let state, _): " ---> \(state)\n"
        case .pulling: nil
        case .warning(let text): "[Warning] \(text)\n"
        case .built(let id): "Successfully built \(id.short)\n"
        case .tagged(let name): "Successfully tagged \(name.familiar)\n"
        }
    }
}
