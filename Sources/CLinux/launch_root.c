#define _GNU_SOURCE
#include "launch.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Steps that change the container's file tree. Every path of the container is resolved by openat2 inside its root: no
 * symbolic link of a hostile image leads out. */

enum { TARGET_MAX = 4096 };

struct fd_path {
    char text[32];
};

/* A path that mount(2) takes for an open file; /proc was checked to be a procfs. */
static struct fd_path path_of(int fd)
{
    struct fd_path path;
    char digits[12];
    int count = 0;
    char *end = stpcpy(path.text, "/proc/self/fd/");
    do
        digits[count++] = (char)('0' + fd % 10);
    while ((fd /= 10) > 0);
    while (count > 0)
        *end++ = digits[--count];
    *end = 0;
    return path;
}

static void quietly_close(int fd)
{
    int error = errno;
    close(fd);
    errno = error;
}

int viv_walk_open(int root, const char *path, int flags, unsigned long long resolve)
{
    struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC), .resolve = RESOLVE_IN_ROOT | resolve};
    int fd;
    do /* A rename somewhere in the tree makes the kernel give up now and then. */
        fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
    while (fd < 0 && errno == EAGAIN);
    return fd;
}

static int make_folders(int root, const char *path, int leave_last, unsigned long long resolve);

/* The folder that the last part of `path` is in: mostly it is there already. */
static int open_parent(int root, const char *path)
{
    char parent[TARGET_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    if (length == 0 || length >= sizeof parent)
        return make_folders(root, path, 1, 0);
    memcpy(parent, path, length);
    parent[length] = 0;
    int folder = viv_walk_open(root, parent, O_PATH | O_DIRECTORY, 0);
    return folder < 0 && errno == ENOENT ? make_folders(root, path, 1, 0) : folder;
}

/* Makes the folders of `path` one by one; its last part, too, unless `leave_last`. */
static int make_folders(int root, const char *path, int leave_last, unsigned long long resolve)
{
    char prefix[TARGET_MAX];
    size_t length = strlen(path);
    if (length >= sizeof prefix) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int folder = dup(root);
    for (size_t start = 0; folder >= 0 && start < length;) {
        while (path[start] == '/')
            start++;
        size_t end = start + strcspn(path + start, "/");
        if (end == start || (leave_last && path[end + strspn(path + end, "/")] == 0))
            break;
        memcpy(prefix, path + start, end - start);
        prefix[end - start] = 0;
        if (mkdirat(folder, prefix, 0755) && errno != EEXIST) {
            quietly_close(folder);
            return -1;
        }
        memcpy(prefix, path, end);
        prefix[end] = 0;
        close(folder);
        folder = viv_walk_open(root, prefix, O_PATH | O_DIRECTORY, resolve);
        start = end;
    }
    return folder;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int viv_make_target(int root, const char *path, int is_file, unsigned long long resolve)
{
    int fd = viv_walk_open(root, path, O_PATH, resolve);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    int folder = make_folders(root, path, is_file, resolve);
    if (folder < 0 || !is_file)
        return folder;
    int made = openat(folder, last_part(path), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_EXCL, 0644);
    quietly_close(folder);
    if (made < 0 && errno != EEXIST)
        return -1;
    if (made >= 0)
        close(made);
    return viv_walk_open(root, path, O_PATH, resolve);
}

int viv_move_tree(int tree, int target)
{
    return (int)syscall(SYS_move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

/* Sets attributes, idmapping and propagation of an open mount. */
static int set_attributes(int fd, const struct viv_step *step, int recursive)
{
    struct mount_attr attributes = {.attr_set = step->attributes_set, .attr_clr = step->attributes_clear,
                                    .propagation = step->propagation};
    unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
    if (step->user_namespace >= 0) {
        attributes.attr_set |= MOUNT_ATTR_IDMAP;
        attributes.userns_fd = (uint64_t)step->user_namespace;
    }
    if (!attributes.attr_set && !attributes.attr_clr && !attributes.propagation)
        return 0;
    return (int)syscall(SYS_mount_setattr, fd, "", flags, &attributes, sizeof attributes);
}

static int mount_file_system(struct viv_walk *walk, const struct viv_step *step)
{
    unsigned long long resolve = step->number & VIV_BIND_NO_LINKS ? RESOLVE_NO_SYMLINKS : 0;
    int target = viv_make_target(walk->root, step->path, 0, resolve);
    if (target < 0)
        return -1;
    int result = mount(step->source, path_of(target).text, step->type, step->flags, step->text);
    quietly_close(target);
    if (result || (!step->propagation && walk->copied < 0))
        return result;
    target = viv_walk_open(walk->root, step->path, O_PATH, resolve);
    result = target < 0 ? -1 : set_attributes(target, step, 0);
    if (!result && walk->copied >= 0) {
        int inside = viv_walk_open(walk->root, step->path, O_RDONLY | O_DIRECTORY, resolve);
        result = inside < 0 ? -1 : viv_copy_tree(walk->copied, inside);
        close(walk->copied);
        walk->copied = -1;
        quietly_close(inside);
    }
    quietly_close(target);
    return result;
}

static int open_tree_at(int folder, const char *path, int recursive)
{
    return (int)syscall(SYS_open_tree, folder, path,
                        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0) | (*path ? 0 : AT_EMPTY_PATH));
}

static int bind_tree(struct viv_walk *walk, const struct viv_step *step)
{
    int tree = step->fd >= 0 ? step->fd : open_tree_at(AT_FDCWD, step->source, step->number & VIV_BIND_RECURSIVE);
    if (tree < 0)
        return (step->number & VIV_BIND_OPTIONAL) && errno == ENOENT ? 0 : -1;
    int recursive = step->number & VIV_BIND_ATTRIBUTES_RECURSIVE;
    int result = set_attributes(tree, step, recursive);
    int target = result ? -1 : viv_make_target(walk->root, step->path, step->number & VIV_BIND_FILE, 0);
    if (target >= 0) {
        result = viv_move_tree(tree, target);
        quietly_close(target);
    } else {
        result = -1;
    }
    quietly_close(tree);
    return result;
}

static int root_bind(const struct viv_step *step)
{
    int tree = open_tree_at(AT_FDCWD, step->path, 1);
    if (tree < 0)
        return -1;
    int result = (int)syscall(SYS_move_mount, tree, "", AT_FDCWD, step->path, MOVE_MOUNT_F_EMPTY_PATH);
    quietly_close(tree);
    return result;
}

/* mount(2) takes one page of options; long lists of layers go one by one. */
static int root_layers(const struct viv_step *step)
{
    int context = (int)syscall(SYS_fsopen, step->type, FSOPEN_CLOEXEC);
    int result = context < 0 ? -1 : 0;
    for (const char *const *pair = step->list; !result && pair[0]; pair += 2) {
        unsigned command = pair[1][0] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;
        result = (int)syscall(SYS_fsconfig, context, command, pair[0], pair[1][0] ? pair[1] : NULL, 0);
    }
    if (!result)
        result = (int)syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
    int made = result ? -1 : (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, (unsigned)step->attributes_set);
    if (made >= 0) {
        result = (int)syscall(SYS_move_mount, made, "", AT_FDCWD, step->path, MOVE_MOUNT_F_EMPTY_PATH);
        quietly_close(made);
    } else {
        result = -1;
    }
    quietly_close(context);
    return result;
}

static int make_device(struct viv_walk *walk, const struct viv_step *step)
{
    int folder = open_parent(walk->root, step->path);
    if (folder < 0)
        return -1;
    const char *name = last_part(step->path);
    int result = mknodat(folder, name, step->mode, step->value);
    if (result && errno == EEXIST)
        result = 0;
    else if (!result && step->flags)
        result = fchownat(folder, name, (uid_t)(step->flags >> 32), (gid_t)step->flags, AT_SYMLINK_NOFOLLOW);
    quietly_close(folder);
    return result;
}

static int make_symlink(struct viv_walk *walk, const struct viv_step *step)
{
    int folder = open_parent(walk->root, step->path);
    if (folder < 0)
        return -1;
    int result = symlinkat(step->text, folder, last_part(step->path));
    quietly_close(folder);
    return result && errno != EEXIST ? -1 : 0;
}

static int mask(struct viv_walk *walk, const struct viv_step *step)
{
    struct stat status;
    int target = viv_walk_open(walk->root, step->path, O_PATH, 0);
    if (target < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
    int result = fstat(target, &status);
    if (!result && S_ISDIR(status.st_mode)) {
        result = mount("tmpfs", path_of(target).text, "tmpfs", MS_RDONLY, step->text);
    } else if (!result) {
        int null = open_tree_at(AT_FDCWD, "/dev/null", 0);
        result = null < 0 ? -1 : viv_move_tree(null, target);
        quietly_close(null);
    }
    quietly_close(target);
    return result;
}

static int make_read_only(struct viv_walk *walk, const struct viv_step *step)
{
    int target = viv_walk_open(walk->root, step->path, O_PATH, 0);
    if (target < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
    int tree = open_tree_at(target, "", 1);
    int result = tree < 0 ? -1 : set_attributes(tree, step, 0);
    if (!result)
        result = viv_move_tree(tree, target);
    quietly_close(tree);
    quietly_close(target);
    return result;
}

static int change_attributes(struct viv_walk *walk, const struct viv_step *step)
{
    int target = viv_walk_open(walk->root, step->path, O_PATH, 0);
    int result = target < 0 ? -1 : set_attributes(target, step, step->number & VIV_BIND_ATTRIBUTES_RECURSIVE);
    quietly_close(target);
    return result;
}

static int pivot(struct viv_walk *walk, const struct viv_step *step)
{
    /* The old root lies on top of the new one for a moment. It must not tell its peers that it goes. */
    if (fchdir(walk->root) || syscall(SYS_pivot_root, ".", ".") || mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL))
        return -1;
    if (umount2(".", MNT_DETACH) || chdir("/"))
        return -1;
    return step->flags ? mount(NULL, "/", NULL, step->flags, NULL) : 0;
}

/* A bare /proc of the host would let a container mount a new one. It must not go for the host, too. */
static int unmount(const struct viv_step *step)
{
    if (mount(NULL, step->path, NULL, MS_SLAVE | MS_REC, NULL) && (errno == EINVAL || errno == ENOENT))
        return 0;
    if (!umount2(step->path, MNT_DETACH))
        return 0;
    return mount("tmpfs", step->path, "tmpfs", MS_RDONLY, "");
}

static int move_root(struct viv_walk *walk, const struct viv_step *step)
{
    if (fchdir(walk->root) || (step->kind == VIV_STEP_MOVE_ROOT && mount(".", "/", NULL, MS_MOVE, NULL)))
        return -1;
    return chroot(".") || chdir("/") ? -1 : 0;
}

/* A working directory that a descriptor of the host smuggled in has a path outside the root. */
static int enter_directory(const struct viv_step *step)
{
    char path[TARGET_MAX];
    if (chdir(step->path))
        return -1;
    if (syscall(SYS_getcwd, path, sizeof path) > 0 && path[0] == '/')
        return 0;
    errno = EXDEV;
    return -1;
}

static int make_directory(struct viv_walk *walk, const struct viv_step *step)
{
    int made = viv_make_target(walk->root, step->path, 0, 0);
    if (made < 0)
        return -1;
    close(made);
    return 0;
}

int viv_step_in_root(struct viv_walk *walk, const struct viv_step *step)
{
    switch (step->kind) {
    case VIV_STEP_PROPAGATION:
        return mount(NULL, step->path, NULL, step->flags, NULL);
    case VIV_STEP_ROOT_MOUNT:
        return mount(step->source, step->path, step->type, step->flags, step->text);
    case VIV_STEP_ROOT_LAYERS:
        return root_layers(step);
    case VIV_STEP_ROOT_BIND:
        return root_bind(step);
    case VIV_STEP_ROOT_OPEN:
        walk->root = open(step->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return walk->root < 0 ? -1 : 0;
    case VIV_STEP_MOUNT:
        return mount_file_system(walk, step);
    case VIV_STEP_BIND:
        return bind_tree(walk, step);
    case VIV_STEP_ATTRIBUTES:
        return change_attributes(walk, step);
    case VIV_STEP_DEVICE:
        return make_device(walk, step);
    case VIV_STEP_DIRECTORY:
        return make_directory(walk, step);
    case VIV_STEP_SYMLINK:
        return make_symlink(walk, step);
    case VIV_STEP_MASK:
        return mask(walk, step);
    case VIV_STEP_READ_ONLY:
        return make_read_only(walk, step);
    case VIV_STEP_COPY_UP:
        walk->copied = viv_walk_open(walk->root, step->path, O_RDONLY | O_DIRECTORY, 0);
        return walk->copied < 0 && errno != ENOENT ? -1 : 0;
    case VIV_STEP_PIVOT:
        return pivot(walk, step);
    case VIV_STEP_UNMOUNT:
        return unmount(step);
    case VIV_STEP_MOVE_ROOT:
    case VIV_STEP_CHANGE_ROOT:
        return move_root(walk, step);
    case VIV_STEP_DIRECTORY_HERE:
        return enter_directory(step);
    default:
        errno = ENOSYS;
        return -1;
    }
}
