import CLinux
import Glibc

/// What a network's process never does once it serves: calls by which an intruder would get further end it (SIGSYS).
enum ServiceFilter {
    private static let deadly: [Int32] = [
        SYS_execve, SYS_execveat, SYS_fork, SYS_vfork, SYS_ptrace, SYS_process_vm_readv,
        SYS_process_vm_writev,
        SYS_personality, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_keyctl,
        SYS_add_key,
        SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_setns, SYS_unshare,
        SYS_mount,
        SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_reboot, SYS_swapon, SYS_swapoff, SYS_mknodat,
        SYS_open_by_handle_at, SYS_setuid, SYS_setresuid, SYS_setgid, SYS_setresgid,
    ]

    /// - Returns: 0, or -1 with errno.
    static func install() -> Int32 {
        let (numberOffset, architectureOffset): (UInt32, UInt32) = (0, 4)
        let (load, end) = (BPF_LD | BPF_W | BPF_ABS, BPF_RET | BPF_K)
        let (equal, atLeast) = (BPF_JMP | BPF_JEQ | BPF_K, BPF_JMP | BPF_JGE | BPF_K)
        func step(_ code: Int32, _ value: UInt32, _ yes: UInt8 = 0, _ no: UInt8 = 0) -> sock_filter {
            sock_filter(code: UInt16(code), jt: yes, jf: no, k: value)
        }
        let kill = step(end, UInt32(SECCOMP_RET_KILL_PROCESS))
        // Numbers mean something else to 32-bit and x32 callers: neither has any business here.
        var program = [
            step(load, architectureOffset), step(equal, VIV_THIS_ARCHITECTURE, 1, 0), kill,
            step(load, numberOffset),
            step(atLeast, 0x4000_0000, 0, 1), kill,
        ]
        for call in deadly { program += [step(equal, UInt32(call), 0, 1), kill] }
        program.append(step(end, UInt32(SECCOMP_RET_ALLOW)))
        return program.withUnsafeBufferPointer { viv_filter_system_calls($0.baseAddress, UInt16($0.count)) }
    }
}
