#ifndef VIVARIUM_TERMINAL_H
#define VIVARIUM_TERMINAL_H

/* The one terminal that this process has put into raw mode. The saved settings live in C so that a
 * handler of a fatal signal and `atexit` can put them back: both may only call what is safe there. */

/* Saves the settings of `fd` (first call) and makes it raw; 0 or -1 with errno. */
int viv_terminal_raw(int fd);
/* Puts the saved settings back; harmless when there are none. */
void viv_terminal_restore(void);

#endif
