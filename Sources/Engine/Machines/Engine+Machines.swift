import Model

extension Engine {
    func createMachine(
        _ spec: ManagedMachineSpec, _ id: InstanceID, _ name: String
    ) async throws(EngineError) -> Created {
        throw EngineError(.unsupported, "machines come next")
    }

    func launchMachine(_ entry: Entry, _ spec: ManagedMachineSpec) async throws(EngineError) {
        throw EngineError(.unsupported, "machines come next")
    }

    func adoptMachine(_ entry: Entry) async {}
}
