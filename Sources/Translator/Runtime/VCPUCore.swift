/// The part of a vCPU's state that the runtime and emitted code share, the same for every guest ISA.
///
/// It is the first field of each ISA's state struct. Emitted code reaches it through the pinned
/// state register; other threads touch nothing but `exitRequest`.
package struct VCPUCore {
    /// Non-zero asks the vCPU to leave emitted code at its next poll. Set by any thread with an
    /// atomic store, cleared by the vCPU's own thread before it looks for the reasons.
    package var exitRequest: UInt32 = 0

    package init() {}
}
