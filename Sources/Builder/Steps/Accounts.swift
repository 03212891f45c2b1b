/// Users and groups of an image, from its `/etc/passwd` and `/etc/group`.
struct Accounts {
    private static let largestFile = 16 << 20

    private var users: [[Substring]] = []
    private var groups: [[Substring]] = []

    init(_ view: MergedView) throws(BuildError) {
        users = Self.lines(try view.content(of: "/etc/passwd", limit: Self.largestFile), fields: 4)
        groups = Self.lines(try view.content(of: "/etc/group", limit: Self.largestFile), fields: 3)
    }

    private static func lines(_ bytes: [UInt8]?, fields: Int) -> [[Substring]] {
        String(decoding: bytes ?? [], as: UTF8.self).split(separator: "\n")
            .map { $0.split(separator: ":", omittingEmptySubsequences: false) }
            .filter { $0.count >= fields }
    }

    /// Whether names are needed to understand `user[:group]`.
    static func needsNames(_ text: String) -> Bool {
        text.split(separator: ":", omittingEmptySubsequences: false).contains { UInt32($0) == nil }
    }

    /// Who a process of `user[:group]` is, with the groups it belongs to.
    func user(_ text: String) throws(BuildError) -> (user: StepUser, home: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.first ?? ""
        let line = users.first { $0[0] == name } ?? users.first { $0[2] == name }
        guard let uid = UInt32(name) ?? line.flatMap({ UInt32($0[2]) }) else {
            throw BuildError(.stepFailed, "the image has no user “\(name)”: /etc/passwd does not name it")
        }
        var user = StepUser(uid: uid, gid: line.flatMap { UInt32($0[3]) } ?? 0)
        if parts.count == 2 {
            user.gid = try group(parts[1])
        } else if let name = line?[0] {
            user.additionalGroups = groups.compactMap { group in
                let members = group.count > 3 ? group[3].split(separator: ",") : []
                return members.contains(name) ? UInt32(group[2]) : nil
            }
        }
        let home = line.flatMap { $0.count > 5 && !$0[5].isEmpty ? String($0[5]) : nil }
        return (user, home ?? (uid == 0 ? "/root" : "/"))
    }

    private func group(_ name: Substring) throws(BuildError) -> UInt32 {
        if let gid = UInt32(name) { return gid }
        guard let line = groups.first(where: { $0[0] == name }), let gid = UInt32(line[2]) else {
            throw BuildError(.stepFailed, "the image has no group “\(name)”: /etc/group does not name it")
        }
        return gid
    }

    /// The owner that `--chown` names: without a group, the group has the user's number.
    func owner(_ text: String) throws(BuildError) -> StepUser {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.first ?? ""
        let line = users.first { $0[0] == name }
        guard let uid = UInt32(name) ?? line.flatMap({ UInt32($0[2]) }) else {
            throw BuildError(.stepFailed, "--chown: the image has no user “\(name)”")
        }
        let gid = parts.count == 2 ? try group(parts[1]) : line.flatMap { UInt32($0[3]) } ?? uid
        return StepUser(uid: uid, gid: gid)
    }
}
