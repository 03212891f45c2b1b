/* What the Linux kernel and the CPU offer and `import Glibc` does not: one header a subject. */
#include "atomics.h"
#include "tsc.h"
