#define _GNU_SOURCE
#include "launch.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static int send_master(int socket, int master, unsigned number)
{
    char name[32];
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    int length = snprintf(name, sizeof name, "/dev/pts/%u", number);
    struct iovec data = {.iov_base = name, .iov_len = (size_t)length};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &master, sizeof master);
    return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/* /dev/console becomes another name of the terminal. */
static int bind_console(struct viv_walk *walk, int slave)
{
    int target = viv_make_target(walk->root, "/dev/console", 1, 0);
    if (target < 0)
        return -1;
    int tree = (int)syscall(SYS_open_tree, slave, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
    int result = tree < 0 ? -1 : viv_move_tree(tree, target);
    int error = errno;
    close(tree);
    close(target);
    errno = error;
    return result;
}

int viv_console(struct viv_walk *walk, const struct viv_step *step)
{
    int unlock = 0;
    unsigned number = 0;
    struct winsize size = {.ws_row = (unsigned short)(step->mode >> 16), .ws_col = (unsigned short)step->mode};
    int root = walk->root >= 0 ? walk->root : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int master = viv_walk_open(root, "dev/pts/ptmx", O_RDWR | O_NOCTTY, 0);
    if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) || ioctl(master, TIOCGPTN, &number))
        return -1;
    int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0 || (step->mode && ioctl(slave, TIOCSWINSZ, &size)))
        return -1;
    if (fchown(slave, (uid_t)step->flags, (gid_t)-1) && errno != EPERM && errno != EINVAL)
        return -1;
    if ((step->number && bind_console(walk, slave)) || send_master(step->fd, master, number))
        return -1;
    close(master);
    close(step->fd);
    if (ioctl(slave, TIOCSCTTY, 0) || dup2(slave, 0) < 0 || dup2(slave, 1) < 0 || dup2(slave, 2) < 0)
        return -1;
    return close(slave);
}

/* Copies one entry of a folder into another; a folder only with its rights. */
static int copy_entry(int from, int to, const char *name, struct stat *status)
{
    char bytes[8192];
    ssize_t count = 0;
    if (S_ISDIR(status->st_mode))
        return mkdirat(to, name, status->st_mode & 07777);
    if (S_ISLNK(status->st_mode)) {
        count = readlinkat(from, name, bytes, sizeof bytes - 1);
        if (count < 0)
            return -1;
        bytes[count] = 0;
        return symlinkat(bytes, to, name);
    }
    if (!S_ISREG(status->st_mode))
        return mknodat(to, name, status->st_mode, status->st_rdev);
    int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int copy = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, status->st_mode & 07777);
    while (source >= 0 && copy >= 0 && (count = read(source, bytes, sizeof bytes)) > 0)
        if (write(copy, bytes, (size_t)count) != count)
            count = -1;
    int error = errno;
    close(source);
    close(copy);
    errno = error;
    return source < 0 || copy < 0 || count < 0 ? -1 : 0;
}

struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

static int copy_one(int from, int to, const char *name)
{
    struct stat status;
    if (!strcmp(name, ".") || !strcmp(name, ".."))
        return 0;
    if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) || copy_entry(from, to, name, &status))
        return -1;
    if (fchownat(to, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) && errno != EPERM)
        return -1;
    if (!S_ISDIR(status.st_mode))
        return 0;
    int inner = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int copy = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int result = inner < 0 || copy < 0 ? -1 : viv_copy_tree(inner, copy);
    close(inner);
    close(copy);
    return result;
}

/* Copies what the folder `from` holds into `to`, by raw getdents64: readdir would allocate. */
int viv_copy_tree(int from, int to)
{
    char buffer[4096] __attribute__((aligned(8)));
    long count;
    while ((count = syscall(SYS_getdents64, from, buffer, sizeof buffer)) > 0)
        for (long at = 0; at < count; at += ((struct entry *)(buffer + at))->length)
            if (copy_one(from, to, ((struct entry *)(buffer + at))->name))
                return -1;
    return count < 0 ? -1 : 0;
}
