/// `--rm=false` and its like: Docker's users write values after flags that ArgumentParser takes without.
package enum BooleanFlags {
    /// Flags that take no value: everything else that starts with a dash takes the next word.
    private static let long: Set = [
        "interactive", "tty", "rm", "publish-all", "read-only", "init", "privileged", "no-healthcheck",
        "oom-kill-disable", "quiet", "detach", "sig-proxy", "no-sig-proxy", "help", "version", "attach",
        "no-stdin", "all", "force", "volumes", "follow", "timestamps", "no-trunc", "size",
    ]
    private static let short: Set<Character> = ["i", "t", "d", "P", "q", "f", "a"]

    /// `arguments` of `run` or `exec` with `--flag=true` as `--flag`, and `--flag=false` left out (`--sig-proxy=false`
    /// becomes `--no-sig-proxy`). What follows the first word that is no option is the container's own.
    package static func normalised(_ arguments: [String]) -> [String] {
        var result: [String] = []
        var index = 0
        while index < arguments.count {
            let word = arguments[index]
            guard word.hasPrefix("-"), word != "-", word != "--" else { break }
            index += 1
            if let flag = flag(of: word) {
                result += flag
            } else {
                result.append(word)
                if takesNext(word), index < arguments.count {
                    result.append(arguments[index])
                    index += 1
                }
            }
        }
        return result + arguments[index...]
    }

    /// What stands for a flag with a value; `nil` for everything else.
    private static func flag(of word: String) -> [String]? {
        guard let value = CommaList.value(of: word) else { return nil }
        let name = CommaList.key(of: word)
        let isKnown =
            name.hasPrefix("--")
            ? long.contains(String(name.dropFirst(2))) : name.dropFirst().allSatisfy(short.contains)
        guard isKnown else { return nil }
        switch value.lowercased() {
        case "true", "1", "t": return [name]
        case "false", "0", "f": return name == "--sig-proxy" ? ["--no-sig-proxy"] : []
        default: return nil
        }
    }

    private static func takesNext(_ word: String) -> Bool {
        if word.hasPrefix("--") { return !word.contains("=") && !long.contains(String(word.dropFirst(2))) }
        // -it are flags; -p80:80 has its value with it; -itp 80:80 takes the next word.
        let letters = word.dropFirst()
        guard let option = letters.firstIndex(where: { !short.contains($0) }) else { return false }
        return letters.index(after: option) == letters.endIndex
    }
}
