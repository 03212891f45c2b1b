#ifndef VIVARIUM_TSC_H
#define VIVARIUM_TSC_H
#include <stdint.h>

/* The host's time-stamp counter, after all earlier loads have been done. */
static inline uint64_t viv_rdtsc(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* (value * factor) >> 32 in 128 bits, the scaling that emitted code does with MUL and SHRD. */
static inline uint64_t viv_scale(uint64_t value, uint64_t factor)
{
    return (uint64_t)(((unsigned __int128)value * factor) >> 32);
}

#endif
