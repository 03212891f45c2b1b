import CLinux
import Glibc
import Host

/// The walls around a running machine: should a guest ever break out of its own, there is nothing here.
///
/// Built in two steps. `withdraw` leaves the host's namespaces, files and users, early, while the
/// process has one thread. `seal` closes the door once every thread, descriptor and mapping exists.
/// What the host forbids is left out and missing from `walls`; only the system call filter must stand.
package struct Jail {
    /// The walls that stand, for `status`.
    package private(set) var walls: [String] = []

    package init() {}

    /// The first of the users that machines of root become; each process takes another.
    private static let firstUser: UInt32 = 0x7000_0000

    /// Leaves every namespace that the host allows to leave, and the root directory. Call it with one
    /// thread. Clears the parent-death signal, as any change of credentials does.
    package mutating func withdraw() {
        let isRoot = geteuid() == 0
        var ownMounts = isRoot && viv_unshare(VIV_NEW_MOUNT) == 0
        if !ownMounts { ownMounts = enterUserNamespace() }
        record("ipc", viv_unshare(VIV_NEW_IPC))
        record("hostname", viv_unshare(VIV_NEW_HOSTNAME))
        record("network", viv_unshare(VIV_NEW_NETWORK))
        if ownMounts { record("root", viv_enter_empty_root()) }
        if isRoot { becomeNobody() }
        record("capabilities", viv_drop_capabilities())
    }

    /// Filters the system calls of all threads from now on.
    ///
    /// - Parameter usesKVM: the machine's vCPUs are KVM's.
    /// - Throws: when the filter cannot be installed: then no guest may run.
    package mutating func seal(usesKVM: Bool = false) throws(SystemError) {
        record("limits", viv_limit_resources())
        record("private-memory", viv_not_dumpable())
        try checked("give up new privileges") { viv_no_new_privileges() }
        record("no-new-privileges", 0)
        let program = SystemCallFilter(processID: getpid(), usesKVM: usesKVM).program
        try checked("filter system calls") { viv_filter_system_calls(program, UInt16(program.count)) }
        record("seccomp", 0)
    }

    private mutating func record(_ wall: String, _ result: Int32) {
        if result == 0 { walls.append(wall) }
    }

    /// A user namespace in which we may leave the others; our user stays who it is.
    private mutating func enterUserNamespace() -> Bool {
        let (user, group) = (geteuid(), getegid())
        guard viv_unshare(VIV_NEW_USER | VIV_NEW_MOUNT) == 0 else { return false }
        walls.append("user")
        Self.fill("/proc/self/setgroups", "deny")
        Self.fill("/proc/self/uid_map", "\(user) \(user) 1")
        Self.fill("/proc/self/gid_map", "\(group) \(group) 1")
        return true
    }

    private static func fill(_ path: String, _ text: String) {
        guard let file = try? FileDescriptor.open(path, O_WRONLY) else { return }
        _ = text.withCString { write(file.raw, $0, strlen($0)) }
    }

    /// A user of its own for each machine, or `nobody` where the host has no such high numbers.
    private mutating func becomeNobody() {
        let own = Self.firstUser + UInt32(truncatingIfNeeded: getpid()) & 0xff_ffff
        if viv_become(own) == 0 || viv_become(65534) == 0 { walls.append("uid") }
    }

    /// Closes every descriptor that was inherited but is not in `descriptors`. Call it before opening any.
    package mutating func keep(only descriptors: [Int32]) {
        record("descriptors", Self.closeAll(but: descriptors))
    }

    private static func closeAll(but keep: [Int32]) -> Int32 {
        var next: UInt32 = 0
        for kept in Set(keep).filter({ $0 >= 0 }).sorted().map(UInt32.init) {
            if kept > next, viv_close_range(next, kept - 1) != 0 { return -1 }
            next = kept + 1
        }
        return viv_close_range(next, UInt32.max)
    }
}
