#ifndef VIVARIUM_CONTAINER_H
#define VIVARIUM_CONTAINER_H
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/mount.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

/* System calls that containers need and `import Glibc` lacks. */

static inline int viv_packet_socket(void) { return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0); }
static inline int viv_setns(int fd, int kinds) { return (int)syscall(SYS_setns, fd, kinds); }
static inline int viv_pidfd_getfd(int pidfd, int fd) { return (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0); }
static inline int viv_set_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }
static inline int viv_open_at(int folder, const char *path, int flags, mode_t mode)
{
    return openat(folder, path, flags | O_CLOEXEC, mode);
}

/* A folder as a place to start from; close-on-exec. */
static inline int viv_open_folder(const char *path)
{
    return open(path, 010000000 /* O_PATH */ | O_DIRECTORY | O_CLOEXEC);
}

/* A copy of the mount tree at `path` that is attached nowhere. */
static inline int viv_open_tree(const char *path, bool recursive)
{
    return (int)syscall(SYS_open_tree, AT_FDCWD, path, 1u /* CLONE */ | O_CLOEXEC | (recursive ? 0x8000u : 0));
}

static inline int viv_mount_attributes(int fd, uint64_t set, uint64_t clear, bool recursive)
{
    struct mount_attr attributes = {.attr_set = set, .attr_clr = clear};
    return (int)syscall(SYS_mount_setattr, fd, "", 0x1000u | (recursive ? 0x8000u : 0), &attributes,
                        sizeof attributes);
}

/* The kind of file system that a path lies in, and whether it was mounted read-only; -1 on failure. */
static inline long viv_file_system(const char *path, bool *is_read_only)
{
    struct statfs status;
    if (statfs(path, &status))
        return -1;
    *is_read_only = (status.f_flags & 1) != 0;
    return (long)status.f_type;
}

static inline int viv_execute_open(int fd, char *const *arguments, char *const *environment)
{
    return (int)syscall(SYS_execveat, fd, "", arguments, environment, 0x1000);
}

static inline int viv_sealed_memfd(void) { return (int)syscall(SYS_memfd_create, "viv-container", 3u); }
static inline int viv_seal(int fd) { return fcntl(fd, 1033 /* F_ADD_SEALS */, 15); }
static inline int viv_seals(int fd) { return fcntl(fd, 1034 /* F_GET_SEALS */); }

/* Sets a limit of a process and fetches the one it had; either may be NULL. */
static inline int viv_process_limit(pid_t process, int kind, const struct rlimit *wanted, struct rlimit *had)
{
    return (int)syscall(SYS_prlimit64, process, kind, wanted, had);
}

static inline unsigned long long viv_device(unsigned major_number, unsigned minor_number)
{
    return makedev(major_number, minor_number);
}
static inline unsigned viv_major(unsigned long long device) { return major(device); }
static inline unsigned viv_minor(unsigned long long device) { return minor(device); }

static inline long viv_read_packet(int socket, void *bytes, size_t count) { return recv(socket, bytes, count, 0); }

/* Only for single-threaded programs. */
static inline pid_t viv_fork(void) { return fork(); }

static inline int viv_set_window_size(int fd, const struct winsize *size) { return ioctl(fd, TIOCSWINSZ, size); }

/* Waits for a child; its status through `status`. Options are those of waitpid(2). */
static inline pid_t viv_wait(pid_t process, int *status, int options) { return waitpid(process, status, options); }

/* Sends bytes together with one descriptor. */
static inline ssize_t viv_send_descriptor_with(int socket, int fd, const char *bytes, size_t count)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec data = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

/* Loads a program of type CGROUP_DEVICE; its descriptor, or -1. */
static inline int viv_load_device_program(const uint64_t *instructions, unsigned count)
{
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attributes.insns = (uint64_t)(uintptr_t)instructions;
    attributes.insn_cnt = count;
    attributes.license = (uint64_t)(uintptr_t)"Apache-2.0";
    return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes);
}

static inline int viv_attach_device_program(int group, int program)
{
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.target_fd = (unsigned)group;
    attributes.attach_bpf_fd = (unsigned)program;
    attributes.attach_type = BPF_CGROUP_DEVICE;
    attributes.attach_flags = BPF_F_ALLOW_MULTI;
    return (int)syscall(SYS_bpf, BPF_PROG_ATTACH, &attributes, sizeof attributes);
}

#endif
