/// The moments at which what is on disk changes from one valid state to the next. Tests look at the disk there, as a
/// process that is killed leaves it.
enum StoreStep: String, CaseIterable, Sendable {
    case blobOpened, blobWritten, blobPlaced
    case layerOpened, layerUnpacked, layerPlaced
    case indexWritten, indexPlaced
}

/// Is told each step; does nothing outside tests.
typealias StepWatcher = @Sendable (StoreStep) -> Void
