#ifndef VIVARIUM_KERNEL_H
#define VIVARIUM_KERNEL_H
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* System calls that `import Glibc` lacks or cannot spell (variadic, packed, flexible). */

/* One descriptor that epoll found ready: the token given at registration and the EPOLL bits. */
struct viv_ready {
    uint64_t token;
    uint32_t events;
};

static inline int viv_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static inline int viv_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t token)
{
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(epoll, operation, fd, &event);
}

enum { VIV_READY_MAX = 64 };

/* Waits for at most VIV_READY_MAX descriptors; -1 as timeout waits for ever. */
static inline int viv_epoll_wait(int epoll, struct viv_ready *ready, int timeout_ms)
{
    struct epoll_event events[VIV_READY_MAX];
    int count = epoll_wait(epoll, events, VIV_READY_MAX, timeout_ms);
    for (int i = 0; i < count; i++) {
        ready[i].token = events[i].data.u64;
        ready[i].events = events[i].events;
    }
    return count;
}

static inline int viv_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

/* A descriptor that yields signals of `set`, which the caller has blocked. */
static inline int viv_signalfd(const sigset_t *set) { return signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK); }

/* The next signal waiting on a signalfd, or 0 when there is none. */
static inline int viv_signalfd_next(int fd)
{
    struct signalfd_siginfo info;
    return read(fd, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

/* The child of posix_spawn closes all descriptors from `first` on. glibc declares it under _GNU_SOURCE only. */
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int first);
static inline int viv_spawn_close_from(posix_spawn_file_actions_t *actions, int first)
{
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

static inline int viv_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
static inline int viv_pidfd_signal(int pidfd, int signal)
{
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

/* The kernel signals this process when the thread that started it ends. */
static inline int viv_set_parent_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

/* Names the calling thread; the kernel keeps 15 bytes. */
static inline int viv_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

static inline int viv_duplicate_above(int fd, int lowest) { return fcntl(fd, F_DUPFD_CLOEXEC, lowest); }
static inline int viv_status_flags(int fd) { return fcntl(fd, F_GETFL); }
static inline int viv_set_status_flags(int fd, int flags) { return fcntl(fd, F_SETFL, flags); }
static inline int viv_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }

/* accept4: glibc declares it under _GNU_SOURCE only, which a header cannot rely on. */
static inline int viv_accept(int fd)
{
    return (int)syscall(SYS_accept4, fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static inline int viv_socket_pair(int type, int *pair) { return socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair); }
static inline int viv_unix_socket(void) { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); }

/* Fills `address` for `path`; the length for bind and connect, or 0 when the path is too long. */
static inline socklen_t viv_unix_address(struct sockaddr_un *address, const char *path)
{
    size_t length = strlen(path);
    if (length >= sizeof address->sun_path)
        return 0;
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, length + 1);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
}

static inline int viv_bind_unix(int fd, const char *path)
{
    struct sockaddr_un address;
    socklen_t length = viv_unix_address(&address, path);
    if (length == 0) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return bind(fd, (const struct sockaddr *)&address, length);
}

static inline int viv_connect_unix(int fd, const char *path)
{
    struct sockaddr_un address;
    socklen_t length = viv_unix_address(&address, path);
    if (length == 0) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return connect(fd, (const struct sockaddr *)&address, length);
}

/* Sends one byte and one descriptor (SCM_RIGHTS). */
static inline ssize_t viv_send_descriptor(int socket, int fd)
{
    char byte = 0;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec data = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

/* The descriptor that the next byte carries, close-on-exec; -1 when it carries none. */
static inline int viv_receive_descriptor(int socket)
{
    char byte;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec data = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) <= 0)
        return -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
        return -1;
    int fd;
    memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

static inline ssize_t viv_random(void *bytes, size_t count) { return getrandom(bytes, count, 0); }

/* Opens a pseudo-terminal; the path of its slave side goes to `name` (at least 64 bytes). */
static inline int viv_open_pty(int *master, int *slave, char *name)
{
    return openpty(master, slave, name, NULL, NULL);
}

static inline int viv_window_size(int fd, struct winsize *size) { return ioctl(fd, TIOCGWINSZ, size); }

/* wait status macros. */
static inline int viv_exited(int status) { return WIFEXITED(status); }
static inline int viv_exit_code(int status) { return WEXITSTATUS(status); }
static inline int viv_exit_signal(int status) { return WTERMSIG(status); }

#endif
