#ifndef VIVARIUM_MXCSR_H
#define VIVARIUM_MXCSR_H
#include <stdint.h>

/* The SSE control and status word of the calling thread, which emitted code shares. */

/* Returns the exception flags (bits 0-5) collected since the last call, and clears them. */
static inline uint32_t viv_take_exceptions(void)
{
    uint32_t word = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(word & ~0x3fu);
    return word & 0x3f;
}

/* Sets the rounding control: 0 nearest even, 1 down, 2 up, 3 towards zero. */
static inline void viv_set_rounding(uint32_t mode)
{
    __builtin_ia32_ldmxcsr((__builtin_ia32_stmxcsr() & ~0x6000u) | mode << 13);
}

#endif
