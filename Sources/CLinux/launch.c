#define _GNU_SOURCE
#include "launch.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

void viv_tell(int channel, int letter, int first, int second)
{
    struct viv_report report = {letter, first, second};
    send(channel, &report, sizeof report, MSG_NOSIGNAL);
}

/* Waits for one letter; the parent's death or another letter is an error. */
static int await(struct viv_walk *walk, int letter)
{
    char byte;
    ssize_t count;
    do
        count = read(walk->channel, &byte, 1);
    while (count < 0 && errno == EINTR);
    if (count == 1 && byte == letter)
        return 0;
    errno = ECANCELED;
    return -1;
}

static int open_proc(struct viv_walk *walk)
{
    struct statfs kind;
    walk->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (walk->proc < 0 || fstatfs(walk->proc, &kind))
        return -1;
    if (kind.f_type == PROC_SUPER_MAGIC)
        return 0;
    errno = EXDEV;
    return -1;
}

static int write_file(int folder, const char *path, const char *text)
{
    size_t length = strlen(text);
    int fd = openat(folder, path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t count = write(fd, text, length);
    int error = errno;
    close(fd);
    errno = error;
    return count == (ssize_t)length ? 0 : -1;
}

static int write_own_file(struct viv_walk *walk, const struct viv_step *step)
{
    int self = openat(walk->proc, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (self < 0)
        return -1;
    int result = write_file(self, step->path, step->text);
    int error = errno;
    close(self);
    errno = error;
    return result;
}

static int become_root(const struct viv_step *step)
{
    if (syscall(SYS_setresgid, 0, 0, 0) || syscall(SYS_setresuid, 0, 0, 0))
        return -1;
    /* Other groups than those of the namespace are given up where the namespace lets go of groups at all. */
    if (!step->flags)
        syscall(SYS_setgroups, 0, NULL);
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

/* The process from here on answers to whoever connects. */
static int await_start(struct viv_walk *walk, const struct viv_step *step)
{
    int connection;
    viv_tell(walk->report, 'R', 0, 0);
    close(walk->channel);
    do
        connection = accept4(step->fd, NULL, NULL, SOCK_CLOEXEC);
    while (connection < 0 && (errno == EINTR || errno == ECONNABORTED));
    walk->channel = walk->report = connection;
    close(step->fd);
    return connection < 0 ? -1 : 0;
}

static int walk_step(struct viv_walk *walk, const struct viv_step *step)
{
    switch (step->kind) {
    case VIV_STEP_OPEN_PROC:
        return open_proc(walk);
    case VIV_STEP_JOIN:
        return setns(step->fd, step->number);
    case VIV_STEP_WAIT:
        return await(walk, step->number);
    case VIV_STEP_TELL:
        viv_tell(walk->report, step->number, 0, 0);
        return 0;
    case VIV_STEP_BECOME_ROOT:
        return become_root(step);
    case VIV_STEP_SESSION:
        return setsid() < 0 && errno != EPERM ? -1 : 0;
    case VIV_STEP_UNSHARE:
        return unshare((int)step->flags);
    case VIV_STEP_SELF_FILE:
        return write_own_file(walk, step);
    case VIV_STEP_HOST_FILE:
        return write_file(walk->proc, step->path, step->text);
    case VIV_STEP_HOST_NAME:
        return sethostname(step->text, strlen(step->text));
    case VIV_STEP_DOMAIN_NAME:
        return setdomainname(step->text, strlen(step->text));
    case VIV_STEP_CONSOLE:
        return viv_console(walk, step);
    case VIV_STEP_HOOK:
        return viv_hook(walk, step);
    case VIV_STEP_START:
        return await_start(walk, step);
    default:
        return step->kind < VIV_STEP_LIMIT && step->kind != VIV_STEP_KEYRING ? viv_step_in_root(walk, step)
                                                                             : viv_step_of_process(walk, step);
    }
}

static void walk_range(struct viv_walk *walk, const struct viv_launch *launch, int first, int end)
{
    for (int index = first; index < end; index++)
        if (walk_step(walk, &launch->steps[index])) {
            viv_tell(walk->report, 'E', index, errno);
            _exit(127);
        }
}

static pid_t new_process(struct viv_launch *launch, uint64_t flags, uint64_t exit_signal, int *pidfd)
{
    struct clone_args arguments;
    memset(&arguments, 0, sizeof arguments);
    arguments.flags = launch->namespaces | flags;
    arguments.exit_signal = exit_signal;
    if (pidfd) {
        arguments.flags |= CLONE_PIDFD;
        arguments.pidfd = (uint64_t)(uintptr_t)pidfd;
    }
    if (launch->cgroup >= 0) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = (uint64_t)launch->cgroup;
    }
    return (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
}

static _Noreturn void walk_all(struct viv_launch *launch)
{
    struct viv_walk walk = {-1, -1, launch->channel, launch->channel, -1, -1, NULL};
    sigset_t none;
    close(launch->other_end);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(0);
    walk_range(&walk, launch, 0, launch->stage_count);
    if (launch->stage_count > 0) {
        launch->cgroup = -1;
        pid_t process = new_process(launch, CLONE_PARENT, 0, NULL);
        if (process != 0) {
            viv_tell(walk.report, process < 0 ? 'E' : 'P', process < 0 ? launch->stage_count : process, errno);
            _exit(process < 0);
        }
    }
    walk_range(&walk, launch, launch->stage_count, launch->count);
    _exit(127);
}

pid_t viv_launch(struct viv_launch *launch)
{
    struct viv_launch stage = *launch;
    pid_t process;
    launch->pidfd = -1;
    if (launch->stage_count > 0)
        stage.namespaces = 0;
    process = new_process(&stage, 0, SIGCHLD, launch->stage_count > 0 ? NULL : &launch->pidfd);
    if (process == 0)
        walk_all(launch);
    return process;
}
