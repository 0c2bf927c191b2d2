#include "confirm.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "command.h"
#include "report.h"

bool confirm_is_wanted(const struct cli *cli, bool yes)
{
    return cli->terminal.in_is_terminal && cli->terminal.err_is_terminal && !yes && !cli->global.json;
}

/* Ctrl-C ends the waiting: signals do not restart calls (interrupt.c). */
lake_status confirm_ask(const char *question, struct lake_error *err)
{
    char answer[16] = "";
    fprintf(stderr, "%s [y/N] ", question);
    fflush(stderr);
    if (fgets(answer, sizeof answer, stdin) == NULL) {
        fputc('\n', stderr);
        return cli_fail(err, LAKE_CANCELLED, "not confirmed; nothing was changed");
    }
    answer[strcspn(answer, "\r\n")] = '\0';
    if (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0)
        return LAKE_OK;
    return cli_fail(err, LAKE_CANCELLED, "not confirmed; nothing was changed");
}
