/* Ctrl-C and termination: a flag that long work looks at.
 *
 * The first signal sets the flag, which cancels the work cleanly; the second one ends the process as usual. A
 * closed pipe is an error of write, not a signal. */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <stdbool.h>

void interrupt_install(void);
bool interrupt_requested(void);

#endif
