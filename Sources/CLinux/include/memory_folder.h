#ifndef VIVARIUM_MEMORY_FOLDER_H
#define VIVARIUM_MEMORY_FOLDER_H
#include <sys/syscall.h>
#include <unistd.h>

/*
 * A folder in memory that is mounted nowhere: only the descriptor leads to it, and all of it is gone when that is
 * closed (fsopen(2), fsmount(2)). `size` is in bytes, as text. Negative where the kernel does not let us.
 */
static inline int viv_memory_folder(const char *size)
{
    int context = (int)syscall(SYS_fsopen, "tmpfs", 1u /* CLOEXEC */);
    if (context < 0)
        return -1;
    int folder = -1;
    if (syscall(SYS_fsconfig, context, 1u /* SET_STRING */, "size", size, 0) == 0
        && syscall(SYS_fsconfig, context, 1u, "mode", "0700", 0) == 0
        && syscall(SYS_fsconfig, context, 6u /* CMD_CREATE */, (void *)0, (void *)0, 0) == 0)
        folder = (int)syscall(SYS_fsmount, context, 1u /* CLOEXEC */, 6u /* NOSUID, NODEV */);
    close(context);
    return folder;
}

#endif
