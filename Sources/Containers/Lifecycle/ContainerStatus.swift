import CLinux
import Glibc

/// What a container does right now (§ State).
package enum ContainerStatus: String, Sendable {
    case creating, created, running, paused, stopped
}

extension ContainerState {
    /// Found out from the process, the start socket and the freezer.
    func status(layout: RuntimeLayout) -> ContainerStatus {
        guard processID > 0 else { return .stopped }
        guard let process = ProcessStatus(processID), process.startTime == startTime, !process.isDead else {
            return .stopped
        }
        if access(layout.startSocket(of: id), F_OK) == 0 { return .created }
        return ContainerCgroup(folders: cgroupPaths).isFrozen ? .paused : .running
    }

    /// The container's first process, if it is alive and still the same; a pidfd.
    func openProcess() -> Int32? {
        guard processID > 0 else { return nil }
        let pidfd = viv_pidfd_open(processID)
        guard pidfd >= 0 else { return nil }
        if let process = ProcessStatus(processID), process.startTime == startTime, !process.isDead {
            return pidfd
        }
        close(pidfd)
        return nil
    }

    /// The state as hooks and users see it (§ State).
    func description(status: ContainerStatus) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("ociVersion", .string(RuntimeSpec.version)), ("id", .string(id)),
            ("pid", JSONValue(status == .stopped ? 0 : processID)), ("status", .string(status.rawValue)),
            ("bundle", .string(bundle)), ("rootfs", .string(rootFileSystem)), ("created", .string(created)),
        ]
        if !annotations.isEmpty { members.append(("annotations", JSONValue(annotations))) }
        members.append(("owner", .string(owner)))
        return JSONValue(members)
    }
}

/// A line of /proc/PID/stat.
struct ProcessStatus {
    let isDead: Bool
    /// Clock ticks after boot.
    let startTime: UInt64

    init?(_ process: pid_t) {
        guard let line = CgroupFile.text("/proc/\(process)", "stat"), let end = line.lastIndex(of: ")") else {
            return nil
        }
        // The name before the bracket may hold anything.
        let words = line[line.index(after: end)...].split(separator: " ")
        guard words.count > 19, let start = UInt64(words[19]) else { return nil }
        isDead = ["Z", "X", "x"].contains(words[0])
        startTime = start
    }
}

/// Times as RFC 3339 writes them.
enum Timestamp {
    /// `2026-11-25T15:04:05.123456789Z`
    static func now() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return text(seconds: time.tv_sec, nanoseconds: time.tv_nsec)
    }

    static func text(seconds: Int, nanoseconds: Int) -> String {
        var seconds = seconds
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let date = "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        let digits = String(nanoseconds)
        let fraction = String(repeating: "0", count: max(9 - digits.count, 0)) + digits
        return "\(date)T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(fraction)Z"
    }

    private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : String(number) }
}
