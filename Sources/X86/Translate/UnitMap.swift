/// Units by physical address and mode, and by page.
final class UnitMap {
    private var units: [UInt64: UnitEmitter.Entries] = [:]
    private var pages: [UInt64: [UInt64]] = [:]
    /// Counts what was taken out: code that runs may be among it.
    private(set) var changes: UInt64 = 0

    static func key(_ physical: UInt64, _ mode: UnitMode) -> UInt64 { physical << UnitMode.bits | mode.key }

    subscript(_ key: UInt64) -> UnitEmitter.Entries? { units[key] }

    /// - Parameter second: another page that the unit's bytes lie in.
    func enter(_ key: UInt64, _ entries: UnitEmitter.Entries, second: UInt64? = nil) {
        units[key] = entries
        pages[key >> (12 + UnitMode.bits), default: []].append(key)
        if let second { pages[second >> 12, default: []].append(key) }
    }

    /// Takes out what was made of a page, or everything.
    func remove(page: UInt64?) {
        changes &+= 1
        guard let page else {
            units.removeAll(keepingCapacity: true)
            pages.removeAll(keepingCapacity: true)
            return
        }
        for key in pages.removeValue(forKey: page >> 12) ?? [] { units.removeValue(forKey: key) }
    }
}
