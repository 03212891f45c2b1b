import CLinux

/// The names of system calls and their numbers on each of the processor's doors into the kernel.
package enum SystemCalls {
    /// A door into the kernel, with the kernel's own mark for it.
    package enum Door: Int32, CaseIterable, Sendable {
        case native = 0
        /// 32-bit programs.
        case compatible = 1
        /// 32-bit pointers in 64-bit mode.
        case x32 = 2
    }

    /// In bytewise order.
    package static var names: [String] {
        (0..<viv_system_call_count).map { String(cString: viv_system_call_at($0).pointee.name) }
    }

    /// The number of `name` behind a door; `nil` where there is none. x32 numbers lack the bit that marks them.
    package static func number(of name: String, door: Door) -> UInt32? {
        entry(of: name).flatMap { UInt32(exactly: viv_system_call_number($0, door.rawValue)) }
    }

    /// The kernel's entry of `name`, found by halving.
    static func entry(of name: String) -> UnsafePointer<viv_system_call>? {
        var low: Int32 = 0
        var high = viv_system_call_count
        while low < high {
            let middle = (low + high) / 2
            guard let entry = viv_system_call_at(middle) else { return nil }
            let order = viv_compare(entry.pointee.name, name)
            if order == 0 { return entry }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return nil
    }
}
