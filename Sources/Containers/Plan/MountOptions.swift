import CLinux
import Glibc

/// The options of one mount, taken apart: what the kernel wants as flags, as attributes and as text.
struct MountOptions: Equatable {
    /// MS_… for mount(2).
    var flags: UInt = 0
    /// MOUNT_ATTR_… for mount_setattr(2).
    var set: UInt64 = 0
    var cleared: UInt64 = 0
    /// The same for submounts, too (`rro`…).
    var setBelow: UInt64 = 0
    var clearedBelow: UInt64 = 0
    /// MS_PRIVATE… or 0, and whether it holds for submounts.
    var propagation: UInt = 0
    var propagatesBelow = false
    var isBind = false
    var isRecursive = false
    var copiesUp = false
    /// Whether ids are mapped, and for submounts, too.
    var mapsIDs = false
    var mapsIDsBelow = false
    /// What is left for the file system itself.
    var data: [String] = []

    private struct Meaning {
        var flag: UInt
        var attribute: UInt64
        var clears = false
    }

    private static let accessTimes: UInt64 = 0x70

    private static let meanings: [String: Meaning] = [
        "ro": Meaning(flag: 1, attribute: 1), "rw": Meaning(flag: 1, attribute: 1, clears: true),
        "nosuid": Meaning(flag: 2, attribute: 2), "suid": Meaning(flag: 2, attribute: 2, clears: true),
        "nodev": Meaning(flag: 4, attribute: 4), "dev": Meaning(flag: 4, attribute: 4, clears: true),
        "noexec": Meaning(flag: 8, attribute: 8), "exec": Meaning(flag: 8, attribute: 8, clears: true),
        "nodiratime": Meaning(flag: 2048, attribute: 0x80),
        "diratime": Meaning(flag: 2048, attribute: 0x80, clears: true),
        "nosymfollow": Meaning(flag: 256, attribute: 0x20_0000),
        "symfollow": Meaning(flag: 256, attribute: 0x20_0000, clears: true),
        "noatime": Meaning(flag: 1024, attribute: 0x10),
        "atime": Meaning(flag: 1024, attribute: 0x10, clears: true),
        "strictatime": Meaning(flag: 1 << 24, attribute: 0x20),
        "nostrictatime": Meaning(flag: 1 << 24, attribute: 0x20, clears: true),
        "relatime": Meaning(flag: 1 << 21, attribute: 0),
        "norelatime": Meaning(flag: 1 << 21, attribute: 0, clears: true),
    ]

    /// Options that mount(2) has as flags only.
    private static let flagsOnly: [String: UInt] = [
        "sync": 16, "remount": 32, "mand": 64, "dirsync": 128, "iversion": 1 << 23, "lazytime": 1 << 25,
        "silent": 1 << 15,
    ]

    private static let ignored: Set = [
        "defaults", "async", "nomand", "noiversion", "nolazytime", "loud", "auto", "noauto", "user", "nouser",
        "_netdev",
    ]

    private static let propagations: [String: UInt] = [
        "private": 1 << 18, "shared": 1 << 20, "slave": 1 << 19, "unbindable": 1 << 17,
    ]

    init(_ options: [String]) {
        for option in options { take(option) }
    }

    private mutating func take(_ option: String) {
        switch option {
        case "bind": isBind = true
        case "rbind": (isBind, isRecursive) = (true, true)
        case "tmpcopyup": copiesUp = true
        case "idmap": mapsIDs = true
        case "ridmap": (mapsIDs, mapsIDsBelow) = (true, true)
        case _ where Self.ignored.contains(option): break
        default: takeFlag(option)
        }
    }

    private mutating func takeFlag(_ option: String) {
        let below = option.hasPrefix("r") ? String(option.dropFirst()) : ""
        if let meaning = Self.meanings[option] {
            apply(meaning)
        } else if let flag = Self.flagsOnly[option] {
            flags |= flag
        } else if let kind = Self.propagations[option] ?? Self.propagations[below] {
            propagation = kind
            propagatesBelow = Self.propagations[option] == nil
        } else if let meaning = Self.meanings[below] {
            applyBelow(meaning)
        } else {
            data.append(option)
        }
    }

    private mutating func apply(_ meaning: Meaning) {
        if meaning.clears { flags &= ~meaning.flag } else { flags |= meaning.flag }
        Self.apply(meaning, &set, &cleared)
    }

    private mutating func applyBelow(_ meaning: Meaning) { Self.apply(meaning, &setBelow, &clearedBelow) }

    /// Kinds of access times are one field: setting one clears the others (mount_setattr(2)).
    private static func apply(_ meaning: Meaning, _ set: inout UInt64, _ cleared: inout UInt64) {
        let isAccessTime = meaning.attribute & accessTimes != 0 || meaning.attribute == 0
        if isAccessTime {
            set &= ~accessTimes
            cleared |= accessTimes
            if !meaning.clears { set |= meaning.attribute }
        } else if meaning.clears {
            set &= ~meaning.attribute
            cleared |= meaning.attribute
        } else {
            set |= meaning.attribute
            cleared &= ~meaning.attribute
        }
    }
}
