#include "terminal.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved;
static volatile sig_atomic_t raw_fd = -1;

void viv_terminal_restore(void)
{
    int fd = raw_fd;
    if (fd < 0)
        return;
    raw_fd = -1;
    /* A background process that sets terminal attributes is stopped by SIGTTOU unless it blocks it. */
    sigset_t tty_output, before;
    sigemptyset(&tty_output);
    sigaddset(&tty_output, SIGTTOU);
    pthread_sigmask(SIG_BLOCK, &tty_output, &before);
    tcsetattr(fd, TCSANOW, &saved);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void restore_and_die(int signal_number)
{
    viv_terminal_restore();
    /* SA_RESETHAND has put the default action back: this ends the process with the same signal. */
    raise(signal_number);
}

static void watch_fatal_signals(void)
{
    static const int fatal[] = {SIGINT,  SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGSEGV, SIGBUS,
                                SIGILL,  SIGFPE,  SIGTRAP, SIGSYS, SIGXCPU, SIGALRM, SIGUSR1, SIGUSR2};
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = restore_and_die;
    action.sa_flags = (int)(SA_RESETHAND | SA_NODEFER);
    for (unsigned i = 0; i < sizeof fatal / sizeof *fatal; i++)
        sigaction(fatal[i], &action, NULL);
}

int viv_terminal_raw(int fd)
{
    static int watching;
    struct termios settings;
    if (raw_fd < 0 && tcgetattr(fd, &saved) != 0)
        return -1;
    settings = saved;
    cfmakeraw(&settings);
    if (!watching) {
        watching = 1;
        watch_fatal_signals();
        atexit(viv_terminal_restore);
    }
    raw_fd = fd;
    return tcsetattr(fd, TCSANOW, &settings);
}
