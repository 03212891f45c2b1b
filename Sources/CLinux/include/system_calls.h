#ifndef VIVARIUM_SYSTEM_CALLS_H
#define VIVARIUM_SYSTEM_CALLS_H

/* A system call's name and its numbers on x86-64, i386 and x32 (without the x32 bit); -1 where there is none. */
struct viv_system_call {
    const char *name;
    short numbers[3];
};

/* Sorted by name, bytewise. */
extern const struct viv_system_call viv_system_calls[];
extern const int viv_system_call_count;

static inline int viv_compare(const char *left, const char *right) { return __builtin_strcmp(left, right); }
static inline const struct viv_system_call *viv_system_call_at(int index) { return &viv_system_calls[index]; }
static inline int viv_system_call_number(const struct viv_system_call *call, int door) { return call->numbers[door]; }

#endif
