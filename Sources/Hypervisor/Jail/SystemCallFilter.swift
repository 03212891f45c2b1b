import CLinux
import Glibc

/// Which system calls a running machine may make: a seccomp program, built from values.
///
/// Three fates: allowed calls go through; calls that only an intruder makes kill the process
/// (SIGSYS, which the parent reports as an internal fault); all others fail with EPERM, because a
/// library may try them and live without.
struct SystemCallFilter {
    /// A condition on one 32-bit half of an argument, beyond the call's number.
    enum Condition {
        /// The low half of the argument must have none of these bits.
        case clear(argument: UInt32, bits: UInt32)
        /// The low half of the argument must be this.
        case equal(argument: UInt32, value: UInt32)
        /// The low half of the argument must be one of these.
        case among(argument: UInt32, values: [UInt32])
    }

    private(set) var program: [sock_filter] = []

    /// The filter for a machine whose threads, descriptors and code cache all exist.
    ///
    /// - Parameter usesKVM: its vCPUs are KVM's: of all requests to devices they need two.
    init(processID: pid_t, usesKVM: Bool = false) {
        checkArchitecture()
        for call in Self.always { allow(call) }
        let executable = Condition.clear(argument: 2, bits: UInt32(PROT_EXEC))
        allow(SYS_mmap, if: executable)
        allow(SYS_mprotect, if: executable)
        allow(SYS_tgkill, if: .equal(argument: 0, value: UInt32(bitPattern: processID)))
        if usesKVM { allow(SYS_ioctl, if: .among(argument: 1, values: Self.requestsOfKVM)) }
        allow(SYS_prctl, if: .equal(argument: 0, value: UInt32(PR_SET_NAME)))
        for call in Self.deadly { decide(call, SECCOMP_RET_KILL_PROCESS) }
        result(UInt32(SECCOMP_RET_ERRNO) | UInt32(EPERM))
    }

    /// What a machine needs while it runs; the most frequent first.
    private static let always: [Int32] = [
        SYS_futex, SYS_read, SYS_write, SYS_epoll_wait, SYS_epoll_pwait, SYS_ppoll, SYS_poll,
        SYS_readv, SYS_writev, SYS_preadv, SYS_pwritev, SYS_preadv2, SYS_pwritev2, SYS_pread64, SYS_pwrite64,
        SYS_sendmsg, SYS_recvmsg, SYS_sendto, SYS_recvfrom, SYS_sendmmsg, SYS_recvmmsg,
        SYS_clock_gettime, SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday, SYS_timerfd_settime,
        SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_sigaltstack, SYS_restart_syscall, SYS_membarrier,
        SYS_madvise, SYS_munmap, SYS_mremap, SYS_brk, SYS_sched_yield, SYS_getrandom,
        SYS_fdatasync, SYS_fsync, SYS_fallocate, SYS_ftruncate, SYS_lseek, SYS_fstat,
        SYS_epoll_ctl, SYS_shutdown, SYS_close, SYS_getpid, SYS_gettid, SYS_getppid, SYS_exit, SYS_exit_group,
        // A thread made just before the filter may still be on its way into its body.
        SYS_rseq, SYS_set_robust_list,
    ]

    /// To go on in the guest, and to drive a line of the kernel's interrupt controllers.
    private static let requestsOfKVM = [VIV_KVM_RUN, VIV_KVM_IRQ_LINE].map { UInt32(truncatingIfNeeded: $0) }

    /// What no part of a machine ever asks for.
    private static let deadly: [Int32] = [
        SYS_execve, SYS_execveat, SYS_fork, SYS_vfork, SYS_clone, SYS_clone3, SYS_ptrace,
        SYS_process_vm_readv, SYS_process_vm_writev, SYS_pkey_mprotect, SYS_personality,
        SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_keyctl,
        SYS_init_module, SYS_finit_module, SYS_kexec_load, SYS_setns, SYS_unshare, SYS_mount, SYS_umount2,
    ]
}

// MARK: - Assembly (Documentation/userspace-api/seccomp_filter.rst)

extension SystemCallFilter {
    private static let numberOffset: UInt32 = 0
    private static let architectureOffset: UInt32 = 4
    /// The low half of argument 0 on a little-endian host; arguments are eight bytes apart.
    private static let argumentsOffset: UInt32 = 16

    /// Numbers mean something else to 32-bit and x32 callers: neither has any business here.
    private mutating func checkArchitecture() {
        load(Self.architectureOffset)
        unless(BPF_JEQ, VIV_THIS_ARCHITECTURE, skip: 1)
        emit(BPF_JMP | BPF_JA, 1)
        result(UInt32(SECCOMP_RET_KILL_PROCESS))
        load(Self.numberOffset)
        unless(BPF_JGE, 0x4000_0000, skip: 1)
        result(UInt32(SECCOMP_RET_KILL_PROCESS))
    }

    private mutating func allow(_ call: Int32) { decide(call, SECCOMP_RET_ALLOW) }

    private mutating func decide(_ call: Int32, _ fate: some BinaryInteger) {
        unless(BPF_JEQ, UInt32(call), skip: 1)
        result(UInt32(truncatingIfNeeded: fate))
    }

    private mutating func allow(_ call: Int32, if condition: Condition) {
        var length: UInt8 = 4
        if case .among(_, let values) = condition { length = UInt8(2 + 2 * values.count) }
        unless(BPF_JEQ, UInt32(call), skip: length)
        switch condition {
        case .among(let argument, let values):
            load(Self.argumentsOffset + 8 * argument)
            for value in values {
                unless(BPF_JEQ, value, skip: 1)
                result(UInt32(SECCOMP_RET_ALLOW))
            }
            result(UInt32(SECCOMP_RET_ERRNO) | UInt32(EPERM))
        case .clear(let argument, let bits):
            load(Self.argumentsOffset + 8 * argument)
            unless(BPF_JSET, bits, skip: 1)
            result(UInt32(SECCOMP_RET_ERRNO) | UInt32(EPERM))
            result(UInt32(SECCOMP_RET_ALLOW))
        case .equal(let argument, let value):
            load(Self.argumentsOffset + 8 * argument)
            unless(BPF_JEQ, value, skip: 1)
            result(UInt32(SECCOMP_RET_ALLOW))
            result(UInt32(SECCOMP_RET_ERRNO) | UInt32(EPERM))
        }
    }

    private mutating func load(_ offset: UInt32) { emit(BPF_LD | BPF_W | BPF_ABS, offset) }

    private mutating func result(_ value: UInt32) { emit(BPF_RET | BPF_K, value) }

    /// Skips `skip` instructions when the comparison does not hold.
    private mutating func unless(_ comparison: Int32, _ value: UInt32, skip: UInt8) {
        let code = UInt16(BPF_JMP | comparison | BPF_K)
        program.append(sock_filter(code: code, jt: 0, jf: skip, k: value))
    }

    private mutating func emit(_ code: Int32, _ value: UInt32) {
        program.append(sock_filter(code: UInt16(code), jt: 0, jf: 0, k: value))
    }
}
