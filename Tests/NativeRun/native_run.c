#define _GNU_SOURCE
#include "NativeRun.h"
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static struct native_case *current;
static greg_t saved_registers[NGREG];
static struct _libc_fpstate saved_area;

static const int order[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };

/* The kernel restores what the XSAVE header behind the area says is in use. */
static void mark_in_use(fpregset_t area)
{
    uint32_t magic;
    memcpy(&magic, (char *)area + 464, sizeof magic);
    if (magic == 0x46505853) *(uint64_t *)((char *)area + 512) |= 3;
}

/* Leaves for the code of the case: whatever the handler returns to is what the context says. */
static void enter(int number, siginfo_t *info, void *opaque)
{
    (void)number, (void)info;
    ucontext_t *context = opaque;
    memcpy(saved_registers, context->uc_mcontext.gregs, sizeof saved_registers);
    memcpy(&saved_area, context->uc_mcontext.fpregs, sizeof saved_area);
    for (int i = 0; i < 16; i++) context->uc_mcontext.gregs[order[i]] = (greg_t)current->r[i];
    context->uc_mcontext.gregs[REG_RIP] = (greg_t)current->rip;
    context->uc_mcontext.gregs[REG_EFL] = (greg_t)current->rflags;
    memcpy(context->uc_mcontext.fpregs, current->area, 416);
    mark_in_use(context->uc_mcontext.fpregs);
}

/* Comes back from it. */
static void leave(int number, siginfo_t *info, void *opaque)
{
    (void)number, (void)info;
    ucontext_t *context = opaque;
    greg_t *registers = context->uc_mcontext.gregs;
    for (int i = 0; i < 16; i++) current->r[i] = (uint64_t)registers[order[i]];
    current->rip = (uint64_t)registers[REG_RIP];
    current->rflags = (uint64_t)registers[REG_EFL];
    memcpy(current->area, context->uc_mcontext.fpregs, 416);
    current->vector = (int32_t)registers[REG_TRAPNO];
    current->error = (uint32_t)registers[REG_ERR];
    current->cr2 = (uint64_t)registers[REG_CR2];
    memcpy(registers, saved_registers, sizeof saved_registers);
    memcpy(context->uc_mcontext.fpregs, &saved_area, 416);
    mark_in_use(context->uc_mcontext.fpregs);
}

static void prepare(void)
{
    static char stack[1 << 16];
    stack_t alternative = { .ss_sp = stack, .ss_size = sizeof stack };
    sigaltstack(&alternative, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    struct sigaction action = { .sa_flags = SA_SIGINFO | SA_ONSTACK };
    action.sa_sigaction = enter;
    sigaction(SIGUSR1, &action, NULL);
    action.sa_sigaction = leave;
    int numbers[] = { SIGTRAP, SIGSEGV, SIGILL, SIGFPE, SIGBUS };
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) sigaction(numbers[i], &action, NULL);
}

static void *map(unsigned long address, size_t size, int protection)
{
    return mmap((void *)address, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
}

static void run_all(struct native_case *cases, int count, volatile int *done)
{
    prepare();
    /* The code of translators, which the parent has mapped low, is not there for the cases. */
    munmap((void *)0x30000000, 0x50000000);
    char *code = map(NATIVE_CODE, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
    char *data = map(NATIVE_DATA, NATIVE_DATA_SIZE, PROT_READ | PROT_WRITE);
    if (code == MAP_FAILED || data == MAP_FAILED) _exit(1);
    for (int i = 0; i < count; i++) {
        current = &cases[i];
        memset(code, 0xcc, 4096);
        memcpy(code, current->code, sizeof current->code);
        memcpy(data, current->data, NATIVE_DATA_SIZE);
        alarm(2);
        raise(SIGUSR1);
        memcpy(current->data, data, NATIVE_DATA_SIZE);
        *done = i + 1;
    }
    _exit(0);
}

struct native_case *native_allocate(int count)
{
    void *cases = mmap(NULL, sizeof(struct native_case) * (size_t)count, PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return cases == MAP_FAILED ? NULL : cases;
}

void native_release(struct native_case *cases, int count)
{
    munmap(cases, sizeof(struct native_case) * (size_t)count);
}

int native_run(struct native_case *cases, int count)
{
    volatile int *done = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (done == MAP_FAILED) return 0;
    *done = 0;
    pid_t child = fork();
    if (child == 0) run_all(cases, count, done);
    int status = 0;
    if (child > 0) waitpid(child, &status, 0);
    int result = *done;
    munmap((void *)done, 4096);
    return result;
}
