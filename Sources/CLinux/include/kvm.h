/* KVM: request numbers, and the fields of unions that Swift does not see (Documentation/virt/kvm/api.rst). */
#ifndef VIVARIUM_KVM_H
#define VIVARIUM_KVM_H

#include <errno.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* Requests to /dev/kvm. */
static const unsigned long VIV_KVM_API_VERSION = KVM_GET_API_VERSION;
static const unsigned long VIV_KVM_CREATE_VM = KVM_CREATE_VM;
static const unsigned long VIV_KVM_CHECK_EXTENSION = KVM_CHECK_EXTENSION;
static const unsigned long VIV_KVM_RUN_SIZE = KVM_GET_VCPU_MMAP_SIZE;

/* Requests to a machine. */
static const unsigned long VIV_KVM_CREATE_VCPU = KVM_CREATE_VCPU;
static const unsigned long VIV_KVM_SET_MEMORY = KVM_SET_USER_MEMORY_REGION;
static const unsigned long VIV_KVM_GET_DIRTY_LOG = KVM_GET_DIRTY_LOG;
static const unsigned long VIV_KVM_SET_TSS = KVM_SET_TSS_ADDR;
static const unsigned long VIV_KVM_CREATE_IRQCHIP = KVM_CREATE_IRQCHIP;
static const unsigned long VIV_KVM_CREATE_PIT = KVM_CREATE_PIT2;
static const unsigned long VIV_KVM_IRQ_LINE = KVM_IRQ_LINE;
static const unsigned long VIV_KVM_IRQFD = KVM_IRQFD;
static const unsigned long VIV_KVM_IOEVENTFD = KVM_IOEVENTFD;

/* Requests to a vCPU. */
static const unsigned long VIV_KVM_RUN = KVM_RUN;
static const unsigned long VIV_KVM_GET_REGS = KVM_GET_REGS;
static const unsigned long VIV_KVM_SET_REGS = KVM_SET_REGS;
static const unsigned long VIV_KVM_GET_SREGS = KVM_GET_SREGS;
static const unsigned long VIV_KVM_SET_SREGS = KVM_SET_SREGS;
static const unsigned long VIV_KVM_INTERRUPT = KVM_INTERRUPT;

/* A request with a number, or with the address of a structure. */
static inline int viv_kvm_number(int fd, unsigned long request, unsigned long number)
{
    return ioctl(fd, request, number);
}

static inline int viv_kvm_structure(int fd, unsigned long request, void *structure)
{
    return ioctl(fd, request, structure);
}

static inline int viv_kvm_pit(int machine)
{
    struct kvm_pit_config configuration = {0};
    return ioctl(machine, KVM_CREATE_PIT2, &configuration);
}

/* Gives vCPU `id` every feature that KVM can offer. */
static inline int viv_kvm_offer_features(int system, int vcpu, unsigned id)
{
    enum { MOST = 256 };
    size_t size = sizeof(struct kvm_cpuid2) + MOST * sizeof(struct kvm_cpuid_entry2);
    struct kvm_cpuid2 *list = calloc(1, size);
    if (!list)
        return -1;
    list->nent = MOST;
    int result = ioctl(system, KVM_GET_SUPPORTED_CPUID, list);
    int has_deadline = ioctl(system, KVM_CHECK_EXTENSION, KVM_CAP_TSC_DEADLINE_TIMER) > 0;
    for (unsigned i = 0; result == 0 && i < list->nent; i++) {
        struct kvm_cpuid_entry2 *entry = &list->entries[i];
        if (entry->function == 1) {
            entry->ebx = (entry->ebx & 0x00ffffff) | id << 24;
            /* A hypervisor is there; its timer by deadlines belongs to the kernel's local APIC. */
            entry->ecx |= 1u << 31 | (has_deadline ? 1u << 24 : 0);
        }
        if (entry->function == 0xb)
            entry->edx = id;
    }
    if (result == 0)
        result = ioctl(vcpu, KVM_SET_CPUID2, list);
    int error = errno;
    free(list);
    errno = error;
    return result;
}

static inline void viv_kvm_ignore(int signal) { (void)signal; }

/* Lets `signal` end the system call of the thread that it is sent to, and do nothing else. */
static inline int viv_kvm_interrupt_by(int signal)
{
    struct sigaction action = {.sa_handler = viv_kvm_ignore};
    return sigaction(signal, &action, NULL);
}

static inline int viv_kvm_dirty_log(int machine, unsigned slot, void *bitmap)
{
    struct kvm_dirty_log log = {.slot = slot, .dirty_bitmap = bitmap};
    return ioctl(machine, KVM_GET_DIRTY_LOG, &log);
}

static inline int viv_kvm_irq_line(int machine, unsigned line, unsigned level)
{
    struct kvm_irq_level request = {.irq = line, .level = level};
    return ioctl(machine, KVM_IRQ_LINE, &request);
}

static inline int viv_kvm_irqfd(int machine, int event, unsigned line)
{
    struct kvm_irqfd request = {.fd = (unsigned)event, .gsi = line};
    return ioctl(machine, KVM_IRQFD, &request);
}

static inline int viv_kvm_ioeventfd(int machine, int event, unsigned long long address, unsigned width, int is_port)
{
    struct kvm_ioeventfd request = {.addr = address, .len = width, .fd = event,
                                    .flags = is_port ? KVM_IOEVENTFD_FLAG_PIO : 0};
    return ioctl(machine, KVM_IOEVENTFD, &request);
}

/* What a vCPU's run area says. */
struct viv_kvm_exit {
    unsigned reason;
    /* Of accesses. */
    unsigned long long address;
    unsigned width;
    unsigned count;
    int is_write;
    /* Where the bytes are: `count` pieces of `width` bytes. */
    void *data;
};

static inline struct viv_kvm_exit viv_kvm_exit_of(void *area)
{
    struct kvm_run *run = area;
    struct viv_kvm_exit exit = {.reason = run->exit_reason};
    if (run->exit_reason == KVM_EXIT_IO) {
        exit.address = run->io.port;
        exit.width = run->io.size;
        exit.count = run->io.count;
        exit.is_write = run->io.direction == KVM_EXIT_IO_OUT;
        exit.data = (char *)run + run->io.data_offset;
    } else if (run->exit_reason == KVM_EXIT_MMIO) {
        exit.address = run->mmio.phys_addr;
        exit.width = run->mmio.len;
        exit.count = 1;
        exit.is_write = run->mmio.is_write;
        exit.data = run->mmio.data;
    }
    return exit;
}

static inline unsigned viv_kvm_reason(const void *run) { return ((const struct kvm_run *)run)->exit_reason; }

static inline int viv_kvm_takes_interrupt(const void *run)
{
    return ((const struct kvm_run *)run)->ready_for_interrupt_injection;
}

static inline void viv_kvm_await_window(void *run, int is_wanted)
{
    ((struct kvm_run *)run)->request_interrupt_window = is_wanted != 0;
}

static inline void viv_kvm_leave_at_once(void *run, int is_wanted)
{
    __atomic_store_n(&((struct kvm_run *)run)->immediate_exit, is_wanted != 0, __ATOMIC_SEQ_CST);
}

#endif
