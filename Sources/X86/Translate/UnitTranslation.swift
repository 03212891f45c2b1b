import Machine
import Translator

/// Makes units: decodes a straight run, finds out about its flags, emits it.
final class UnitTranslation {
    static let longest = 64
    /// Units without windows are short: those with windows go on.
    private static let longestPlain = 16
    private let instructions = UnsafeMutablePointer<Instruction>.allocate(capacity: longest)
    private let traits = UnsafeMutablePointer<FlagTraits>.allocate(capacity: longest)
    private let windows = UnsafeMutablePointer<WindowUse>.allocate(capacity: longest)
    private let offsets = UnsafeMutablePointer<Int32>.allocate(capacity: longest + 1)
    private let decoder = Decoder()
    private var count = 0
    private var cold: [ColdPath] = []
    private let isAlone: Bool

    /// - Parameter isAlone: whether the machine has no other core.
    init(isAlone: Bool) { self.isAlone = isAlone }

    deinit {
        instructions.deallocate()
        traits.deallocate()
        windows.deallocate()
        offsets.deallocate()
    }

    /// Emits the unit that starts at `offset` of the page of code at `page`.
    ///
    /// - Returns: its entries; `nil` when its first instruction reaches into the next page, or there is no room.
    func make(
        _ page: UnsafePointer<UInt8>, _ offset: Int, _ mode: UnitMode, _ buffer: CodeBuffer,
        _ thunks: CoreThunks
    ) -> UnitEmitter.Entries? {
        decode(page, offset, mode)
        placePolls()
        WindowSearch(instructions: instructions, traits: traits, uses: windows, count: count, mode: mode)
            .run()
        return emit(mode, buffer, thunks, second: 0)
    }

    /// Emits the unit of the one instruction that starts at `offset` of the page of code at `page` and goes on in
    /// the page at `second`, which its code verifies.
    func makeStraddling(
        _ page: UnsafePointer<UInt8>, _ second: UnsafePointer<UInt8>, _ offset: Int, _ mode: UnitMode,
        _ buffer: CodeBuffer, _ thunks: CoreThunks
    ) -> UnitEmitter.Entries? {
        var bytes = InlineArray<16, UInt8>(repeating: 0)
        for index in 0..<Decoder.longest {
            bytes[index] = offset + index < 4096 ? page[offset + index] : second[offset + index - 4096]
        }
        let instruction = withUnsafeBytes(of: &bytes) { raw in
            raw.baseAddress.flatMap {
                decoder.decode($0.assumingMemoryBound(to: UInt8.self), count: Decoder.longest, .bits64)
            }
        }
        guard let instruction else { return nil }
        count = 1
        instructions.initialize(to: instruction)
        traits.initialize(to: .of(instructions, mode))
        windows[0] = WindowUse()
        offsets[0] = Int32(offset)
        offsets[1] = Int32(offset) + Int32(instruction.length)
        return emit(mode, buffer, thunks, second: UInt64(UInt(bitPattern: second)))
    }

    private func emit(_ mode: UnitMode, _ buffer: CodeBuffer, _ thunks: CoreThunks, second: UInt64)
        -> UnitEmitter.Entries?
    {
        guard count > 0, let start = buffer.next() else { return nil }
        cold.removeAll(keepingCapacity: true)
        var emitter = UnitEmitter(
            asm: Assembler(at: start), mode: mode, isAlone: isAlone, thunks: thunks,
            instructions: instructions, traits: traits,
            windows: windows,
            offsets: offsets, count: count, writable: buffer.writable, secondPage: second, cold: cold)
        let entries = emitter.run()
        buffer.commit(to: emitter.asm.cursor)
        cold = emitter.cold
        return entries
    }

    private func decode(_ page: UnsafePointer<UInt8>, _ start: Int, _ mode: UnitMode) {
        var offset = start
        count = 0
        offsets[0] = Int32(offset)
        while count < (mode.isPlain ? Self.longestPlain : Self.longest), offset < 4096 {
            guard let instruction = decoder.decode(page + offset, count: 4096 - offset, .bits64) else {
                break
            }
            (instructions + count).initialize(to: instruction)
            (traits + count).initialize(to: .of(instructions + count, mode))
            offset += Int(instruction.length)
            count += 1
            offsets[count] = Int32(offset)
            if ends(instruction) { break }
        }
    }

    private func ends(_ instruction: Instruction) -> Bool {
        instruction.chapter.endsBlock && instruction.op != .jcc && !instruction.op.comesBack
    }

    /// Every way back looks whether the core is wanted, before an instruction that sets the flags where there is
    /// one: that spares saving them.
    private func placePolls() {
        for position in 0..<count {
            let op = instructions[position].op
            guard op == .jcc || op == .jmp, instructions[position].immediate < 0 else { continue }
            let poll = (0...position).last { traits[$0].contains(.defines) } ?? position
            traits[poll].insert(.polls)
        }
    }
}
