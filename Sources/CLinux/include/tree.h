#ifndef VIVARIUM_TREE_H
#define VIVARIUM_TREE_H
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

/* File trees seen from a descriptor of their root: nothing in them can lead out. */

static const int VIV_PATH_ONLY = 010000000;   /* O_PATH */
static const int VIV_NO_ACCESS_TIME = 01000000; /* O_NOATIME */

/* Opens `path` as if the folder `root` were "/": absolute links and ".." stay inside. */
static inline int viv_open_in_root(int root, const char *path, int flags, mode_t mode)
{
    struct open_how how = {.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC), .mode = mode,
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

static inline int viv_openat(int folder, const char *name, int flags, mode_t mode)
{
    return openat(folder, name, flags | O_CLOEXEC, mode);
}

static inline int viv_make_node(int folder, const char *name, mode_t mode, uint32_t major, uint32_t minor)
{
    return mknodat(folder, name, mode, makedev(major, minor));
}

static inline uint32_t viv_device_major(dev_t device) { return major(device); }
static inline uint32_t viv_device_minor(dev_t device) { return minor(device); }

/* Writes out everything of the file system that `fd` lies on. */
static inline int viv_sync_file_system(int fd) { return (int)syscall(SYS_syncfs, fd); }

static inline int viv_set_attribute(int fd, const char *name, const void *value, size_t size)
{
    return fsetxattr(fd, name, value, size, 0);
}
static inline int viv_set_link_attribute(const char *path, const char *name, const void *value, size_t size)
{
    return lsetxattr(path, name, value, size, 0);
}
static inline ssize_t viv_list_attributes(const char *path, char *list, size_t size)
{
    return llistxattr(path, list, size);
}
static inline ssize_t viv_get_attribute(const char *path, const char *name, void *value, size_t size)
{
    return lgetxattr(path, name, value, size);
}

/* Tells ext4 that folders in this folder have nothing to do with each other (FS_TOPDIR_FL), so that it lays them out
 * apart; other file systems refuse. */
static inline int viv_spread_folders(int folder)
{
    int flags = 0;
    if (ioctl(folder, FS_IOC_GETFLAGS, &flags) != 0)
        return -1;
    flags |= FS_TOPDIR_FL;
    return ioctl(folder, FS_IOC_SETFLAGS, &flags);
}

/* Begins to write a file's pages to disk, without waiting (SYNC_FILE_RANGE_WRITE). */
static inline int viv_start_writing(int fd) { return (int)syscall(SYS_sync_file_range, fd, 0L, 0L, 2u); }

/* The next data or hole at or after `offset` (SEEK_DATA, SEEK_HOLE); -1 with ENXIO behind the last. */
static inline int64_t viv_seek_data(int fd, int64_t offset) { return lseek(fd, offset, 3); }
static inline int64_t viv_seek_hole(int fd, int64_t offset) { return lseek(fd, offset, 4); }

/* Renames without replacing (RENAME_NOREPLACE). */
static inline int viv_rename_new(const char *from, const char *to)
{
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 1u);
}

#endif
