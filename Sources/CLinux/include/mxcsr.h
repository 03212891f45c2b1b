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

/* The whole word, for code that computes with floating point on behalf of the host. */
static inline uint32_t viv_get_mxcsr(void) { return __builtin_ia32_stmxcsr(); }
static inline void viv_set_mxcsr(uint32_t word) { __builtin_ia32_ldmxcsr(word); }

/* Whether the processor has what emitted code uses: AVX2, BMI1, BMI2, FMA, LZCNT, POPCNT (x86-64-v3). */
static inline int viv_cpu_is_v3(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2")
        && __builtin_cpu_supports("fma") && __builtin_cpu_supports("lzcnt") && __builtin_cpu_supports("popcnt");
}

#endif
