/* The question before something that people may regret. */
#ifndef CLI_CONFIRM_H
#define CLI_CONFIRM_H

#include <stdbool.h>

#include <datalake/error.h>

struct cli;

/* Whether to ask: standard input and standard error are terminals, and neither --yes nor --json was given. */
bool confirm_is_wanted(const struct cli *cli, bool yes);
/* Asks "question [y/N] " on standard error. Anything but y or yes is LAKE_CANCELLED. */
LAKE_MUST_CHECK lake_status confirm_ask(const char *question, struct lake_error *err);

#endif
