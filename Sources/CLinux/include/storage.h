#ifndef VIVARIUM_STORAGE_H
#define VIVARIUM_STORAGE_H
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* File operations that glibc declares under _GNU_SOURCE only, which a header cannot rely on. */

/* fallocate(2) modes that keep the file's length. */
static const int VIV_PUNCH_HOLE = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
static const int VIV_ZERO_RANGE = FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE;

static inline int viv_fallocate(int fd, int mode, int64_t offset, int64_t count)
{
    return (int)syscall(SYS_fallocate, fd, mode, offset, count);
}

/* An unnamed file in the folder `path`, gone with its last descriptor. */
static inline int viv_unnamed_file(const char *path)
{
    const int tmpfile = 020000000 | O_DIRECTORY; /* O_TMPFILE */
    return open(path, tmpfile | O_RDWR | O_CLOEXEC, 0600);
}

/* Locks the whole file for the open file description (F_OFD_SETLK), without waiting. */
static inline int viv_lock_file(int fd, bool exclusive)
{
    const int ofd_setlk = 37;
    struct flock lock = {.l_type = exclusive ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET};
    return fcntl(fd, ofd_setlk, &lock);
}

#endif
