#ifndef VIVARIUM_JAIL_H
#define VIVARIUM_JAIL_H
#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The system calls by which a process gives up what it may do, for good. All return 0 or -1 with errno. */

static const uint32_t VIV_THIS_ARCHITECTURE = AUDIT_ARCH_X86_64;
static const unsigned long VIV_NEW_USER = 0x10000000, VIV_NEW_MOUNT = 0x00020000, VIV_NEW_NETWORK = 0x40000000,
                           VIV_NEW_IPC = 0x08000000, VIV_NEW_HOSTNAME = 0x04000000;

/* Moves the calling, single-threaded process into new namespaces. */
static inline int viv_unshare(unsigned long kinds) { return (int)syscall(SYS_unshare, kinds); }

/* Makes an empty, read-only file system this process's root; needs a mount namespace of its own. */
static inline int viv_enter_empty_root(void)
{
    unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("none", "/tmp", "tmpfs", flags, "size=4k,mode=0555"))
        return -1;
    if (chdir("/tmp") || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) || chdir("/"))
        return -1;
    return mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, NULL);
}

/* Becomes user and group `id`, with no other groups. */
static inline int viv_become(uint32_t id)
{
    if (syscall(SYS_setgroups, 0, NULL) || syscall(SYS_setresgid, id, id, id))
        return -1;
    return (int)syscall(SYS_setresuid, id, id, id);
}

/* Gives up every capability, also those that a later program could bring back. */
static inline int viv_drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    return (int)syscall(SYS_capset, &header, none);
}

/* Closes descriptors first...last. */
static inline int viv_close_range(unsigned first, unsigned last)
{
    return (int)syscall(SYS_close_range, first, last, 0);
}

/* No core dumps and no further processes or threads. */
static inline int viv_limit_resources(void)
{
    struct rlimit none = {0, 0};
    return setrlimit(RLIMIT_CORE, &none) || setrlimit(RLIMIT_NPROC, &none) ? -1 : 0;
}

static inline int viv_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }
static inline int viv_not_dumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

/* Puts a filter before every system call of every thread. A thread that cannot follow is an error, too. */
static inline int viv_filter_system_calls(const struct sock_filter *program, unsigned short count)
{
    struct sock_fprog filter = {count, (struct sock_filter *)program};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) == 0 ? 0 : -1;
}

/* Any system call, as an intruder would make it: the result, or minus errno. For tests of the jail. */
static inline long viv_raw_call(long number, long a, long b, long c, long d, long e, long f)
{
    long result = syscall(number, a, b, c, d, e, f);
    return result == -1 ? -errno : result;
}

#endif
