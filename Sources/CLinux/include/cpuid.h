#ifndef VIVARIUM_CPUID_H
#define VIVARIUM_CPUID_H
#include <stdint.h>

/* What CPUID tells of a leaf: EAX, EBX, ECX and EDX, in this order. */
static inline void viv_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t *words)
{
    __asm__ volatile("cpuid"
                     : "=a"(words[0]), "=b"(words[1]), "=c"(words[2]), "=d"(words[3])
                     : "a"(leaf), "c"(subleaf));
}

#endif
