extension RuntimeSpec {
    /// Which system calls are let through (§ Seccomp).
    package struct Seccomp: Codable, Equatable, Sendable {
        /// `SCMP_ACT_…` for what no rule names.
        package var defaultAction: String
        package var defaultErrnoRet: UInt32?
        /// `SCMP_ARCH_…`; the host's own is always there.
        package var architectures: [String]?
        /// `SECCOMP_FILTER_FLAG_…`.
        package var flags: [String]?
        /// A unix socket that is sent the descriptor of `SCMP_ACT_NOTIFY`.
        package var listenerPath: String?
        package var listenerMetadata: String?
        package var syscalls: [SystemCallRule]?

        package init(defaultAction: String) { self.defaultAction = defaultAction }
    }

    /// What is done with some calls. All of `args` must match.
    package struct SystemCallRule: Codable, Equatable, Sendable {
        package var names: [String]
        package var action: String
        package var errnoRet: UInt32?
        package var args: [SystemCallArgument]?

        package init(
            names: [String], action: String, errnoRet: UInt32? = nil, args: [SystemCallArgument]? = nil
        ) {
            self.names = names
            self.action = action
            self.errnoRet = errnoRet
            self.args = args
        }
    }

    /// A comparison of one argument.
    package struct SystemCallArgument: Codable, Equatable, Sendable {
        /// 0 to 5.
        package var index: UInt32
        /// The value compared with, or the mask of `SCMP_CMP_MASKED_EQ`.
        package var value: UInt64
        /// The value compared with after masking.
        package var valueTwo: UInt64?
        /// `SCMP_CMP_…`.
        package var op: String

        package init(index: UInt32, value: UInt64, valueTwo: UInt64? = nil, op: String) {
            self.index = index
            self.value = value
            self.valueTwo = valueTwo
            self.op = op
        }
    }
}
