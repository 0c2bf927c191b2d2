#include "interrupt.h"

#include <signal.h>
#include <string.h>

/* The one piece of global state of the program: a signal handler has nowhere else to write. */
static volatile sig_atomic_t requested;

static void request(int signal_number)
{
    (void)signal_number;
    requested = 1;
}

void interrupt_install(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);

    /* No SA_RESTART: a write that waits for a slow reader ends with EINTR and sees the flag. */
    action.sa_handler = request;
    action.sa_flags = (int)SA_RESETHAND;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);

    action.sa_handler = SIG_IGN;
    action.sa_flags = 0;
    sigaction(SIGPIPE, &action, NULL);
}

bool interrupt_requested(void)
{
    return requested != 0;
}
