import CLinux
import Translator

// What others ask of a translated hart; served on its own thread, by `Hart.serveEngine`.
extension TranslatedHart {
    /// The hart was reset: whatever the engine keeps beside its state is made anew.
    package func reset() {
        _ = viv_take_exceptions()
        vcpu?.attach()
    }

    /// Forgets translations of addresses, as SFENCE.VMA does: of one page or of all, in one address space or in all.
    package func fence(page: UInt64?, identifier: UInt64?) {
        vcpu?.flush(page: page) { context in
            guard let identifier else { return true }
            return context.identifier == identifier || context.isShared
        }
    }
}
