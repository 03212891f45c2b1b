import Model

/// Finds the machine that a user means among those that run.
struct MachineLookup {
    private let directory: RuntimeDirectory

    init(_ directory: RuntimeDirectory) { self.directory = directory }

    /// An id, the beginning of one id, or the name of one machine.
    func find(_ text: String) throws(Failure) -> MachineID {
        let ids = directory.running()
        if let exact = ids.first(where: { $0.text == text }) { return exact }
        var found = ids.filter { $0.text.hasPrefix(text) }
        if found.isEmpty { found = ids.filter { name(of: $0) == text } }
        guard let only = found.first else {
            throw .refused("no machine '\(text)' is running: see 'viv ps'")
        }
        guard found.count == 1 else {
            throw .refused("'\(text)' means \(found.count) machines: give more of the id (see 'viv ps')")
        }
        return only
    }

    private func name(of id: MachineID) -> String? {
        (try? ControlClient(id, in: directory).ask(.status))?.status?.name
    }
}
