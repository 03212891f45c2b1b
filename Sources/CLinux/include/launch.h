#ifndef VIVARIUM_LAUNCH_H
#define VIVARIUM_LAUNCH_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What happens between clone3 and execve. The caller prepares a flat list of steps; the new process walks it with
 * nothing but system calls: no allocation, no locks, no language runtime. The first step that fails ends it, and its
 * position and errno are reported. */

enum viv_step_kind {
    VIV_STEP_OPEN_PROC,      /* remembers /proc of the host, after checking that it is a procfs */
    VIV_STEP_JOIN,           /* setns: fd, number = kind of namespace */
    VIV_STEP_WAIT,           /* until the parent sends the letter `number` */
    VIV_STEP_TELL,           /* sends the letter `number` to the parent */
    VIV_STEP_BECOME_ROOT,    /* of a user namespace whose ids were mapped; flags = keep the groups there are */
    VIV_STEP_SESSION,        /* setsid */
    VIV_STEP_KEYRING,        /* a session keyring named `path` */
    VIV_STEP_UNSHARE,        /* flags */
    VIV_STEP_SELF_FILE,      /* writes `text` to /proc/self/`path` of the host */
    VIV_STEP_HOST_FILE,      /* writes `text` to /proc/`path` of the host */
    VIV_STEP_HOST_NAME,      /* text */
    VIV_STEP_DOMAIN_NAME,    /* text */
    VIV_STEP_PROPAGATION,    /* of the mount at `path` of the host: flags as mount(2) has them */
    VIV_STEP_ROOT_MOUNT,     /* mounts type, source, flags, text at `path` of the host */
    VIV_STEP_ROOT_LAYERS,    /* the same by fsconfig: `list` of keys and values in turn */
    VIV_STEP_ROOT_BIND,      /* a copy of the mount tree at `path` (or of `fd`) upon itself */
    VIV_STEP_ROOT_OPEN,      /* `path` of the host is the root that the following steps work in */
    VIV_STEP_MOUNT,          /* type, source, flags, text on `path`; then attributes */
    VIV_STEP_BIND,           /* source (or the tree `fd`) on `path`; number = VIV_BIND_… */
    VIV_STEP_ATTRIBUTES,     /* mount_setattr on `path` */
    VIV_STEP_DEVICE,         /* path, mode, value = device number, owner in flags (uid << 32 | gid) */
    VIV_STEP_DIRECTORY,      /* makes `path` with `mode` */
    VIV_STEP_SYMLINK,        /* at `path`, leading to `text` */
    VIV_STEP_MASK,           /* hides `path`, if there is one */
    VIV_STEP_READ_ONLY,      /* makes `path` read-only, if there is one */
    VIV_STEP_COPY_UP,        /* keeps the files of `path` for the next VIV_STEP_MOUNT on it */
    VIV_STEP_CONSOLE,        /* a new terminal: fd = where its master goes, mode = rows << 16 | columns, number = bind */
    VIV_STEP_PIVOT,          /* pivot_root to the opened root; flags = propagation of the new root or 0 */
    VIV_STEP_UNMOUNT,        /* takes the host's mount at `path` away, or covers it */
    VIV_STEP_MOVE_ROOT,      /* the same by moving the mount and chroot */
    VIV_STEP_CHANGE_ROOT,    /* the same by chroot alone */
    VIV_STEP_DIRECTORY_HERE, /* chdir to `path` and make sure that it lies inside the root */
    VIV_STEP_LIMIT,          /* setrlimit: number, value = soft, other = hard */
    VIV_STEP_UMASK,          /* mode */
    VIV_STEP_PERSONALITY,    /* flags */
    VIV_STEP_SCHEDULER,      /* bytes = struct sched_attr */
    VIV_STEP_IO_PRIORITY,    /* number */
    VIV_STEP_AFFINITY,       /* bytes = mask */
    VIV_STEP_STANDARD_FILES, /* descriptors 0 to 2 belong to user `number` */
    VIV_STEP_BOUNDING,       /* keeps the capabilities of `flags` only */
    VIV_STEP_IDENTITY,       /* mode = uid, number = gid, bytes = groups; flags = keep the groups there are */
    VIV_STEP_CAPABILITIES,   /* flags = effective, value = permitted, other = inheritable, mode/number = ambient */
    VIV_STEP_ALL_POWERS,     /* makes every permitted capability effective, for the filter that follows */
    VIV_STEP_NO_NEW_PRIVILEGES,
    VIV_STEP_SECCOMP,        /* bytes = instructions, flags = filter flags, number = tell of the listener */
    VIV_STEP_HOOK,           /* path, list = arguments, other_list = environment, number = seconds, fd = state */
    VIV_STEP_START,          /* waits for a connection to `fd`; reports go there from then on */
    VIV_STEP_CLOSE,          /* closes descriptors from `number` on, but `fd` and `value` */
    VIV_STEP_HOME,           /* completes bytes, "HOME=" in room for `count`, by the folder of user `value` in /etc/passwd */
    VIV_STEP_FIND,           /* the first of `list` that can be executed */
    VIV_STEP_EXECUTE,        /* list = arguments, other_list = environment */
};

/* How a bind mount's target and tree are treated. */
enum {
    VIV_BIND_RECURSIVE = 1,            /* submounts come along */
    VIV_BIND_FILE = 2,                 /* the target is a file */
    VIV_BIND_ATTRIBUTES_RECURSIVE = 4, /* attributes hold for submounts, too */
    VIV_BIND_OPTIONAL = 8,             /* a missing source is no error */
    VIV_BIND_NO_LINKS = 16,            /* no part of the target may be a symbolic link */
};

struct viv_step {
    int32_t kind;
    int32_t fd;
    int32_t number;
    uint32_t mode;
    uint64_t flags;
    uint64_t value;
    uint64_t other;
    uint64_t attributes_set;
    uint64_t attributes_clear;
    uint64_t propagation;
    int32_t user_namespace; /* for idmapped mounts, or -1 */
    const char *path;
    const char *source;
    const char *text;
    const char *type;
    const void *bytes;
    size_t count;
    const char *const *list;
    const char *const *other_list;
};

struct viv_launch {
    const struct viv_step *steps;
    int32_t count;
    /* The first of the steps that a process in between does, which then makes the real one; 0 for none. */
    int32_t stage_count;
    uint64_t namespaces; /* CLONE_NEW… */
    int32_t cgroup;      /* a folder of cgroup v2 to be born in, or -1 */
    int32_t channel;     /* the new process's end of a SOCK_SEQPACKET pair */
    int32_t other_end;   /* closed in the new process */
    int32_t pidfd;       /* set by viv_launch */
};

/* From here on an error number of a step is the wait status of a hook. */
enum { VIV_HOOK_STATUS = 1 << 16 };

/* What the new process tells: a letter, and two numbers. */
struct viv_report {
    int32_t letter; /* 'E' step, errno · 'P' process id · 'N' descriptor of the seccomp listener · others: VIV_STEP_TELL */
    int32_t first;
    int32_t second;
};

/* Starts the process; its id, or -1. With stages, the id is that of the one in between. */
pid_t viv_launch(struct viv_launch *launch);

/* Steps' implementations: 0, or -1 with errno. */
struct viv_walk {
    int proc;
    int root;
    int channel;
    int report;
    int slave;
    int copied;
    const char *program;
};
int viv_step_in_root(struct viv_walk *walk, const struct viv_step *step);
int viv_step_of_process(struct viv_walk *walk, const struct viv_step *step);
int viv_console(struct viv_walk *walk, const struct viv_step *step);
int viv_hook(struct viv_walk *walk, const struct viv_step *step);
void viv_tell(int channel, int letter, int first, int second);
int viv_make_target(int root, const char *path, int is_file, unsigned long long resolve);
int viv_walk_open(int root, const char *path, int flags, unsigned long long resolve);
int viv_move_tree(int tree, int target);
int viv_copy_tree(int from, int to);

#endif
