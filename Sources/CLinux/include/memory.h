#ifndef VIVARIUM_MEMORY_H
#define VIVARIUM_MEMORY_H
#include <malloc.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* An anonymous file of `size` bytes, closed on exec; -1 on failure. */
static inline int viv_memfd(const char *name, size_t size)
{
    int fd = (int)syscall(SYS_memfd_create, name, 1u);
    if (fd >= 0 && ftruncate(fd, (off_t)size) != 0) { close(fd); return -1; }
    return fd;
}

/* Maps `size` bytes of `fd` below 2 GiB, so that addresses in it fit a 32-bit immediate; NULL on failure. */
static inline void *viv_map_low(int fd, size_t size, int protection)
{
    void *p = mmap(NULL, size, protection, MAP_SHARED | MAP_32BIT, fd, 0);
    return p == MAP_FAILED ? NULL : p;
}

/* Bounds how many arenas malloc(3) makes for threads; 1 when it does. */
static inline int viv_limit_arenas(int count) { return mallopt(M_ARENA_MAX, count); }

#endif
