#ifndef VIVARIUM_NETWORK_H
#define VIVARIUM_NETWORK_H
#include <arpa/inet.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* Sockets and namespaces of the network that `import Glibc` lacks or hides behind _GNU_SOURCE. */

/* Moves the calling thread into the net namespace of `fd`; others of the process stay. */
static inline int viv_enter_network(int fd) { return (int)syscall(SYS_setns, fd, 0x40000000); }

/* Moves the calling thread into a new net namespace. */
static inline int viv_new_network(void) { return (int)syscall(SYS_unshare, 0x40000000); }

static inline pid_t viv_thread_id(void) { return (pid_t)syscall(SYS_gettid); }

/* A route netlink socket of the calling thread's net namespace (rtnetlink(7)). */
static inline int viv_route_socket(void)
{
    const int af_netlink = 16, route = 0;
    return socket(af_netlink, SOCK_RAW | SOCK_CLOEXEC, route);
}

/* A packet socket on interface `index` that puts a virtio header before each frame, and hears only what arrives
 * (packet(7)); -1 on failure. */
static inline int viv_frame_socket(int index)
{
    const int vnet_header = 15, ignore_outgoing = 23, sol_packet = 263;
    int one = 1;
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(0x0003), .sll_ifindex = index};
    if (setsockopt(fd, sol_packet, vnet_header, &one, sizeof one) ||
        bind(fd, (const struct sockaddr *)&address, sizeof address)) {
        close(fd);
        return -1;
    }
    /* Since Linux 4.20; without it, our own frames are not heard either: the kernel skips their sender. */
    setsockopt(fd, sol_packet, ignore_outgoing, &one, sizeof one);
    return fd;
}

/* Goes on in a child process with a session of its own, and ends the calling one, which must have one thread only. */
static inline int viv_detach(void)
{
    pid_t child = fork();
    if (child < 0)
        return -1;
    if (child > 0)
        _exit(0);
    return setsid() < 0 ? -1 : 0;
}

/* Gives up every capability but those of `mask` (bit numbers below 32), for this thread and all later programs. */
static inline int viv_keep_capabilities(uint32_t mask)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct kept[2] = {{.effective = mask, .permitted = mask}, {0}};
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    return (int)syscall(SYS_capset, &header, kept);
}

#endif
