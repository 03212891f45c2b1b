/* What the Linux kernel and the CPU offer and `import Glibc` does not: one header a subject. */
#include "atomics.h"
#include "memory.h"
#include "mxcsr.h"
#include "tsc.h"
#include "kernel.h"
#include "terminal.h"
#include "jail.h"
#include "storage.h"
