#ifndef VIVARIUM_ATOMICS_H
#define VIVARIUM_ATOMICS_H
#include <stdbool.h>
#include <stdint.h>

/* Atomic access to words of raw memory that emitted code and other threads share: guest RAM,
 * vCPU state, page flags. Swift's Atomic owns its storage and cannot be laid over a pointer. */
#define VIV_ATOMICS(T, N)                                                                       \
    static inline T viv_load##N(const void *p)                                                  \
    { return __atomic_load_n((const T *)p, __ATOMIC_ACQUIRE); }                                 \
    static inline void viv_store##N(void *p, T v)                                               \
    { __atomic_store_n((T *)p, v, __ATOMIC_RELEASE); }                                          \
    static inline T viv_exchange##N(void *p, T v)                                               \
    { return __atomic_exchange_n((T *)p, v, __ATOMIC_SEQ_CST); }                                \
    static inline T viv_fetch_or##N(void *p, T v)                                               \
    { return __atomic_fetch_or((T *)p, v, __ATOMIC_SEQ_CST); }                                  \
    static inline T viv_fetch_and##N(void *p, T v)                                              \
    { return __atomic_fetch_and((T *)p, v, __ATOMIC_SEQ_CST); }                                 \
    static inline T viv_fetch_add##N(void *p, T v)                                              \
    { return __atomic_fetch_add((T *)p, v, __ATOMIC_SEQ_CST); }                                 \
    static inline T viv_fetch_xor##N(void *p, T v)                                              \
    { return __atomic_fetch_xor((T *)p, v, __ATOMIC_SEQ_CST); }                                 \
    /* Stores v when *p equals expected; returns whether it did. */                             \
    static inline bool viv_compare_exchange##N(void *p, T expected, T v)                        \
    { return __atomic_compare_exchange_n((T *)p, &expected, v, false, __ATOMIC_SEQ_CST,         \
                                         __ATOMIC_SEQ_CST); }

VIV_ATOMICS(uint8_t, 8)
VIV_ATOMICS(uint16_t, 16)
VIV_ATOMICS(uint32_t, 32)
VIV_ATOMICS(uint64_t, 64)
#undef VIV_ATOMICS

/* Stores low and high at p, 16-byte aligned, when they hold what is expected; returns whether it did. Whatever
 * was there is left in expected. */
static inline bool viv_compare_exchange128(void *p, uint64_t *expected, uint64_t low, uint64_t high)
{
    bool done;
    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(done), "+m"(*(__int128 *)p), "+a"(expected[0]), "+d"(expected[1])
                     : "b"(low), "c"(high)
                     : "memory");
    return done;
}

/* Orders all earlier accesses before all later ones, for every observer. */
static inline void viv_fence(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

/* Tells the processor that this is a spin loop. */
static inline void viv_pause(void) { __builtin_ia32_pause(); }

#endif
