import CLinux
import Glibc

/// What a new process does before it becomes the container's program, and what each step is called in messages.
///
/// Strings and lists that steps point to are never freed: the list lives as long as the short-lived runtime.
struct StepList {
    private(set) var steps: [viv_step] = []
    /// Words after "cannot".
    private(set) var names: [String] = []

    var count: Int { steps.count }

    /// - Parameter name: what the step does, as words after "cannot": `mount /proc`.
    mutating func add(_ kind: viv_step_kind, _ name: String, _ fill: (inout viv_step) -> Void = { _ in }) {
        var step = viv_step()
        step.kind = Int32(bitPattern: kind.rawValue)
        step.fd = -1
        step.user_namespace = -1
        fill(&step)
        steps.append(step)
        names.append(name)
    }

    /// A C string that lasts.
    static func text(_ string: String) -> UnsafePointer<CChar>? { UnsafePointer(strdup(string)) }

    /// A list of C strings that lasts, with NULL at its end.
    static func list(_ strings: [String]) -> UnsafePointer<UnsafePointer<CChar>?>? {
        let list = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: strings.count + 1)
        for (position, string) in strings.enumerated() { (list + position).initialize(to: text(string)) }
        (list + strings.count).initialize(to: nil)
        return UnsafePointer(list)
    }

    /// The same with one more string, that a step may still change.
    static func list(
        _ strings: [String], and last: UnsafePointer<CChar>?
    ) -> UnsafePointer<UnsafePointer<CChar>?>? {
        guard let last else { return list(strings) }
        let list = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: strings.count + 2)
        for (position, string) in strings.enumerated() { (list + position).initialize(to: text(string)) }
        (list + strings.count).initialize(to: last)
        (list + strings.count + 1).initialize(to: nil)
        return UnsafePointer(list)
    }

    /// A C string that lasts, in `room` bytes.
    static func text(_ string: String, room: Int) -> UnsafePointer<CChar>? {
        let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: room)
        buffer.initialize(repeating: 0, count: room)
        for (position, byte) in string.utf8.prefix(room - 1).enumerated() {
            buffer[position] = CChar(bitPattern: byte)
        }
        return UnsafePointer(buffer)
    }

    /// Values in memory that lasts.
    static func bytes<Element>(_ values: [Element]) -> UnsafeRawPointer? {
        let copy = UnsafeMutableBufferPointer<Element>.allocate(capacity: max(values.count, 1))
        _ = copy.initialize(from: values)
        return UnsafeRawPointer(copy.baseAddress)
    }

    /// What became of a hook, where the code of a failed step tells of one.
    static func hookFailure(_ code: Int32) -> String? {
        code >= Int32(VIV_HOOK_STATUS) ? HookRun.reason(code - Int32(VIV_HOOK_STATUS)) : nil
    }

    /// What became of a step that failed.
    func failure(step: Int32, code: Int32) -> ContainerError {
        guard names.indices.contains(Int(step)) else {
            return ContainerError(.system, "cannot make the process: \(String(cString: strerror(code)))")
        }
        let name = names[Int(step)]
        if let failure = Self.hookFailure(code) {
            return ContainerError(.system, "error running hook: cannot \(name): it \(failure)")
        }
        let kind = UInt32(bitPattern: steps[Int(step)].kind)
        if kind == VIV_STEP_FIND.rawValue || kind == VIV_STEP_EXECUTE.rawValue {
            return Self.failure(program: name, code: code)
        }
        if kind == VIV_STEP_MOUNT.rawValue, code == ELOOP {
            return ContainerError(
                .system,
                "cannot \(name): it must be mounted on ordinary directory, not on a symbolic link")
        }
        return ContainerError(.system, "cannot \(name): \(String(cString: strerror(code)))")
    }

    /// Why a program cannot run, in the words that engines look for to tell 126 from 127.
    static func failure(program: String, code: Int32) -> ContainerError {
        let reason =
            code == ENOENT && !program.contains("/")
            ? "executable file not found in $PATH" : String(cString: strerror(code)).lowercased()
        return ContainerError(
            .notExecutable, "unable to start container process: exec: \"\(program)\": \(reason)")
    }
}
