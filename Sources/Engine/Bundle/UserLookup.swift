/// Who a process of a container is, in numbers.
struct ResolvedUser: Equatable, Sendable {
    var uid: UInt32 = 0
    var gid: UInt32 = 0
    var additionalGroups: [UInt32] = []
    var home = "/"
}

/// Finds users and groups in the texts of an image's /etc/passwd and /etc/group.
struct UserLookup: Sendable {
    private let users: [[Substring]]
    private let groups: [[Substring]]

    /// Lines that are not of the form of passwd(5) or group(5) are skipped.
    init(passwd: String, group: String) {
        users = Self.lines(passwd, atLeast: 4)
        groups = Self.lines(group, atLeast: 3)
    }

    private static func lines(_ text: String, atLeast fields: Int) -> [[Substring]] {
        text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: ":", omittingEmptySubsequences: false)
            return parts.count >= fields && !line.hasPrefix("#") ? parts : nil
        }
    }

    /// - Parameters:
    ///   - text: `user[:group]` by name or number; empty means root.
    ///   - additional: further groups by name or number.
    /// - Throws: `invalid` for a name that the image does not have, or a number that no id can be.
    func resolve(_ text: String, additional: [String] = []) throws(EngineError) -> ResolvedUser {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let userText = parts.first.map(String.init) ?? ""
        var user = ResolvedUser()
        var name = userText
        if let line = self.line(of: userText.isEmpty ? "0" : userText) {
            name = String(line[0])
            user.uid = UInt32(line[2]) ?? 0
            user.gid = UInt32(line[3]) ?? 0
            if line.count > 5, !line[5].isEmpty { user.home = String(line[5]) }
        } else if let number = Self.id(userText) {
            user.uid = number
        } else if !userText.isEmpty {
            throw EngineError(.invalid, "the image has no user \"\(userText)\"; add it or use a number")
        }
        if parts.count == 2 {
            user.gid = try groupNumber(String(parts[1]))
        } else {
            user.additionalGroups = memberships(of: name, except: user.gid)
        }
        for group in additional {
            let number = try groupNumber(group)
            if !user.additionalGroups.contains(number) { user.additionalGroups.append(number) }
        }
        return user
    }

    private func line(of user: String) -> [Substring]? {
        users.first { $0[0] == user && UInt32($0[2]) != nil }
            ?? Self.id(user).flatMap { number in users.first { UInt32($0[2]) == number } }
    }

    private func groupNumber(_ text: String) throws(EngineError) -> UInt32 {
        if let line = groups.first(where: { $0[0] == text }), let number = UInt32(line[2]) { return number }
        if let number = Self.id(text) { return number }
        throw EngineError(.invalid, "the image has no group \"\(text)\"; add it or use a number")
    }

    private func memberships(of name: String, except gid: UInt32) -> [UInt32] {
        guard !name.isEmpty else { return [] }
        return groups.compactMap { line in
            guard line.count > 3, line[3].split(separator: ",").contains(where: { $0 == name }),
                let number = UInt32(line[2]), number != gid
            else { return nil }
            return number
        }
    }

    /// Ids reach to 2³¹−1, as Docker has it: -1 means "none" to the kernel.
    private static func id(_ text: String) -> UInt32? {
        UInt32(text).flatMap { $0 <= 0x7fff_ffff ? $0 : nil }
    }
}
