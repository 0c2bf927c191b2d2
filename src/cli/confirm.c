#include "confirm.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "command.h"
#include "interrupt.h"
#include "report.h"

bool confirm_is_wanted(const struct cli *cli, bool yes)
{
    return cli->terminal.in_is_terminal && cli->terminal.err_is_terminal && !yes && !cli->global.json;
}

enum { LOOK_EVERY_MS = 100 };

/* Whether there is something to read. A Ctrl-C that comes just before the waiting must end it too: hence the looks. */
static bool wait_for_answer(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    while (!interrupt_requested()) {
        int n = poll(&input, 1, LOOK_EVERY_MS);
        if (n > 0 || (n < 0 && errno != EINTR))
            return true;
    }
    return false;
}

lake_status confirm_ask(const char *question, struct lake_error *err)
{
    char answer[16] = "";
    fprintf(stderr, "%s [y/N] ", question);
    fflush(stderr);
    if (!wait_for_answer() || fgets(answer, sizeof answer, stdin) == NULL) {
        fputc('\n', stderr);
        return cli_fail(err, LAKE_CANCELLED, "not confirmed; nothing was changed");
    }
    answer[strcspn(answer, "\r\n")] = '\0';
    if (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0)
        return LAKE_OK;
    return cli_fail(err, LAKE_CANCELLED, "not confirmed; nothing was changed");
}
