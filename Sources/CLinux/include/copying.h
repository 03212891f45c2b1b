#ifndef VIVARIUM_COPYING_H
#define VIVARIUM_COPYING_H
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Copies of files, and mounts of our own mount namespace. */

/* Lets `target` share the blocks of `source` (FICLONE); fails where the file system cannot. */
static inline int viv_clone_file(int target, int source) { return ioctl(target, FICLONE, source); }

/* Copies inside the kernel; moves both offsets on. 0 at the end of the source. */
static inline ssize_t viv_copy_range(int source, int64_t *from, int target, int64_t *to, size_t count)
{
    ssize_t copied = syscall(SYS_copy_file_range, source, from, target, to, count, 0u);
    if (copied >= 0)
        return copied;
    /* Across file systems that will not: through a buffer. */
    char buffer[65536];
    ssize_t size = pread(source, buffer, count < sizeof buffer ? count : sizeof buffer, *from);
    if (size <= 0)
        return size;
    size = pwrite(target, buffer, (size_t)size, *to);
    if (size > 0) {
        *from += size;
        *to += size;
    }
    return size;
}

/* Exchanges two names (RENAME_EXCHANGE). */
static inline int viv_swap_paths(const char *a, const char *b)
{
    return (int)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2u);
}

static inline int viv_mount_overlay(const char *target, const char *options)
{
    return mount("overlay", target, "overlay", 0, options);
}

static inline int viv_mount_bind(const char *source, const char *target)
{
    return mount(source, target, NULL, MS_BIND | MS_REC, NULL);
}

/* Both ends close-on-exec. */
static inline int viv_pipe(int *ends) { return (int)syscall(SYS_pipe2, ends, O_CLOEXEC); }

static inline int viv_unmount(const char *target) { return umount2(target, MNT_DETACH); }

#endif
