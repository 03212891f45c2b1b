#ifndef VIVARIUM_CONTAINER_H
#define VIVARIUM_CONTAINER_H
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* System calls that containers need and `import Glibc` lacks. */

static inline int viv_packet_socket(void) { return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0); }

#endif
