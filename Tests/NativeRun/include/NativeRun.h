#ifndef VIVARIUM_NATIVE_RUN_H
#define VIVARIUM_NATIVE_RUN_H
#include <stdint.h>

/* Runs short pieces of user-mode code on the processor itself: the oracle for the x86 interpreter. */

#define NATIVE_CODE 0x10000000ul
#define NATIVE_DATA 0x20000000ul
#define NATIVE_DATA_SIZE 8192

struct native_case {
    uint64_t r[16]; /* RAX RCX RDX RBX RSP RBP RSI RDI R8 … R15 */
    uint64_t rip;
    uint64_t rflags;
    uint8_t code[128];                        /* at NATIVE_CODE */
    uint64_t data[NATIVE_DATA_SIZE / 8];      /* at NATIVE_DATA; what follows is not mapped */
    uint8_t area[512] __attribute__((aligned(16))); /* x87 and SSE as FXSAVE stores them */
    /* How it ended: the processor's exception, as the kernel tells it. */
    int32_t vector;
    uint32_t error;
    uint64_t cr2;
};

/* Memory for cases that a child may write to; NULL on failure. */
struct native_case *native_allocate(int count);
void native_release(struct native_case *cases, int count);

/* Runs the cases in a child, in place. Returns how many were run: fewer when one took the child along. */
int native_run(struct native_case *cases, int count);

#endif
