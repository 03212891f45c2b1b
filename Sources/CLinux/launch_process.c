#define _GNU_SOURCE
#include "launch.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Steps that change the process itself, up to execve. */

/* Raw calls: the C library's own would look for other threads, which do not exist here. */
static int take_identity(const struct viv_step *step)
{
    uint32_t uid = step->mode, gid = (uint32_t)step->number;
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
        return -1;
    const uint32_t *groups = (const uint32_t *)step->bytes;
    /* A namespace that was mapped without privilege denies setgroups; no error where only the own group is asked for. */
    int needs_groups = step->count > 1 || (step->count == 1 && groups[0] != gid);
    if (!step->flags && syscall(SYS_setgroups, step->count, groups) && (needs_groups || errno != EPERM))
        return -1;
    if (syscall(SYS_setresgid, gid, gid, gid) || syscall(SYS_setresuid, uid, uid, uid))
        return -1;
    return prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
}

static int keep_bounding(uint64_t kept)
{
    for (int capability = 0; capability < 64; capability++) {
        if (kept >> capability & 1)
            continue;
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0))
            return errno == EINVAL ? 0 : -1;
    }
    return 0;
}

static int set_capabilities(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {
        {(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
        {(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)}};
    return (int)syscall(SYS_capset, &header, data);
}

static int take_capabilities(const struct viv_step *step)
{
    uint64_t ambient = (uint64_t)step->mode | (uint64_t)(uint32_t)step->number << 32;
    if (set_capabilities(step->flags, step->value, step->other))
        return -1;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
        return -1;
    for (unsigned long capability = 0; capability < 64; capability++)
        if (ambient >> capability & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0))
            return -1;
    return 0;
}

static int all_powers(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data))
        return -1;
    data[0].effective = data[0].permitted;
    data[1].effective = data[1].permitted;
    return (int)syscall(SYS_capset, &header, data);
}

/* Tells the number that the listener will have before the filter may forbid to tell anything. */
static int load_filter(struct viv_walk *walk, const struct viv_step *step)
{
    struct sock_fprog program = {(unsigned short)step->count, (struct sock_filter *)step->bytes};
    if (step->number) {
        int next = dup(walk->channel);
        close(next);
        viv_tell(walk->report, 'N', next, getpid());
    }
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, step->flags, &program) < 0)
        return -1;
    /* The listener closes at execve: it must be taken before. A filter that forbids to read forbids to wait. */
    char taken;
    if (step->number && read(walk->channel, &taken, 1) < 0)
        errno = 0;
    return 0;
}

static int own_standard_files(const struct viv_step *step)
{
    struct stat status;
    for (int fd = 0; fd < 3; fd++) {
        if (fstat(fd, &status) || status.st_uid == (uid_t)step->number)
            continue;
        if (S_ISCHR(status.st_mode) && major(status.st_rdev) == 1)
            continue;
        /* Read-only file systems and foreign files stay as they are. */
        if (fchown(fd, (uid_t)step->number, status.st_gid) && errno != EINVAL && errno != EPERM && errno != EROFS)
            return -1;
    }
    return 0;
}

static int find_program(struct viv_walk *walk, const struct viv_step *step)
{
    int reason = ENOENT;
    for (const char *const *path = step->list; *path; path++) {
        struct stat status;
        if (!stat(*path, &status)) {
            if (!S_ISREG(status.st_mode))
                reason = EACCES;
            else if (!syscall(SYS_faccessat2, AT_FDCWD, *path, X_OK, AT_EACCESS)) {
                walk->program = *path;
                return 0;
            } else
                reason = errno;
        } else if (errno != ENOENT && errno != ENOTDIR)
            reason = errno;
    }
    errno = reason;
    return -1;
}

/* The sixth field of a line of passwd(5) whose third is `user`; NULL for another's line. */
static const char *home_in(char *line, unsigned long user)
{
    char *fields[6] = {line};
    unsigned long number = 0;
    for (int index = 1; index < 6; index++) {
        char *colon = strchr(fields[index - 1], ':');
        if (!colon)
            return NULL;
        *colon = 0;
        fields[index] = colon + 1;
    }
    fields[5][strcspn(fields[5], ":")] = 0;
    if (!*fields[2] || strlen(fields[2]) > 10)
        return NULL;
    for (const char *digit = fields[2]; *digit; digit++) {
        if (*digit < '0' || *digit > '9')
            return NULL;
        number = number * 10 + (unsigned long)(*digit - '0');
    }
    return number == user && *fields[5] ? fields[5] : NULL;
}

struct passwd_line {
    char text[4096];
    size_t length;
};

/* At the end of a line: takes the home, if the line is the user's. */
static int take_home(struct passwd_line *line, const struct viv_step *step)
{
    size_t length = line->length;
    line->length = 0;
    if (length >= sizeof line->text)
        return 0;
    line->text[length] = 0;
    const char *home = home_in(line->text, step->value);
    if (!home || strlen(home) + sizeof "HOME=" > step->count)
        return 0;
    strcpy((char *)step->bytes + 5, home);
    return 1;
}

/* Whatever the file is, the program starts: without an entry its home stays as it was given. */
static void find_home(const struct viv_step *step)
{
    struct passwd_line line = {.length = 0};
    char bytes[4096];
    struct stat status;
    int is_found = 0, file = open("/etc/passwd", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return;
    ssize_t count = fstat(file, &status) || !S_ISREG(status.st_mode) ? 0 : read(file, bytes, sizeof bytes);
    for (int turns = 0; count > 0 && !is_found && turns < 256; turns++) {
        for (ssize_t index = 0; index < count && !is_found; index++) {
            if (bytes[index] == '\n')
                is_found = take_home(&line, step);
            else if (line.length < sizeof line.text)
                line.text[line.length++] = bytes[index];
        }
        count = read(file, bytes, sizeof bytes);
    }
    if (!is_found)
        take_home(&line, step);
    close(file);
}

static void restore_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    for (int signal = 1; signal < 65; signal++)
        sigaction(signal, &action, NULL);
}

/* Closes what the program must not have, but for what is still needed on the way there: those close at execve. */
static int close_others(struct viv_walk *walk, const struct viv_step *step)
{
    int kept[] = {walk->channel, step->fd, (int)step->value};
    unsigned first = (unsigned)step->number;
    restore_signals();
    while (1) {
        unsigned next = ~0u;
        for (unsigned index = 0; index < sizeof kept / sizeof *kept; index++)
            if (kept[index] >= (int)first && (unsigned)kept[index] < next)
                next = (unsigned)kept[index];
        if (next > first && syscall(SYS_close_range, first, next == ~0u ? next : next - 1, 0))
            return -1;
        if (next == ~0u)
            break;
        first = next + 1;
    }
    walk->root = walk->proc = -1;
    return 0;
}

static int execute(struct viv_walk *walk, const struct viv_step *step)
{
    execve(walk->program, (char *const *)step->list, (char *const *)step->other_list);
    return -1;
}

static void write_state(int source, int pipe_end)
{
    char bytes[4096];
    off_t offset = 0;
    ssize_t count;
    while ((count = pread(source, bytes, sizeof bytes, offset)) > 0) {
        if (write(pipe_end, bytes, (size_t)count) != count)
            break;
        offset += count;
    }
    close(pipe_end);
}

static int await_hook(pid_t hook, int seconds)
{
    int status, pidfd = (int)syscall(SYS_pidfd_open, hook, 0);
    struct pollfd slot = {.fd = pidfd, .events = POLLIN};
    /* A filter may forbid to look at the process: then nothing limits its time. */
    if (seconds > 0 && pidfd >= 0 && poll(&slot, 1, seconds * 1000) == 0) {
        kill(hook, SIGKILL);
        waitpid(hook, &status, 0);
        errno = ETIMEDOUT;
        return -1;
    }
    while (waitpid(hook, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    close(pidfd);
    errno = VIV_HOOK_STATUS + status;
    return status == 0 ? 0 : -1;
}

int viv_hook(struct viv_walk *walk, const struct viv_step *step)
{
    int ends[2];
    (void)walk;
    if (pipe2(ends, O_CLOEXEC))
        return -1;
    pid_t hook = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (hook == 0) {
        dup2(ends[0], 0);
        syscall(SYS_close_range, 3, ~0u, 0);
        restore_signals();
        execve(step->path, (char *const *)step->list, (char *const *)step->other_list);
        _exit(127);
    }
    close(ends[0]);
    if (hook < 0) {
        close(ends[1]);
        return -1;
    }
    signal(SIGPIPE, SIG_IGN);
    write_state(step->fd, ends[1]);
    return await_hook(hook, step->number);
}

int viv_step_of_process(struct viv_walk *walk, const struct viv_step *step)
{
    switch (step->kind) {
    case VIV_STEP_KEYRING:
        return syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, step->path) < 0 && errno != ENOSYS ? -1 : 0;
    case VIV_STEP_LIMIT: {
        struct rlimit limit = {step->value, step->other};
        return setrlimit((enum __rlimit_resource)step->number, &limit);
    }
    case VIV_STEP_UMASK:
        umask(step->mode);
        return 0;
    case VIV_STEP_PERSONALITY:
        return personality(step->flags) < 0 ? -1 : 0;
    case VIV_STEP_SCHEDULER:
        return (int)syscall(SYS_sched_setattr, 0, step->bytes, 0);
    case VIV_STEP_IO_PRIORITY:
        return (int)syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, step->number);
    case VIV_STEP_AFFINITY:
        return (int)syscall(SYS_sched_setaffinity, 0, step->count, step->bytes);
    case VIV_STEP_STANDARD_FILES:
        return own_standard_files(step);
    case VIV_STEP_BOUNDING:
        return keep_bounding(step->flags);
    case VIV_STEP_IDENTITY:
        return take_identity(step);
    case VIV_STEP_CAPABILITIES:
        return take_capabilities(step);
    case VIV_STEP_ALL_POWERS:
        return all_powers();
    case VIV_STEP_NO_NEW_PRIVILEGES:
        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    case VIV_STEP_SECCOMP:
        return load_filter(walk, step);
    case VIV_STEP_CLOSE:
        return close_others(walk, step);
    case VIV_STEP_HOME:
        find_home(step);
        return 0;
    case VIV_STEP_FIND:
        return find_program(walk, step);
    case VIV_STEP_EXECUTE:
        return execute(walk, step);
    default:
        errno = ENOSYS;
        return -1;
    }
}
