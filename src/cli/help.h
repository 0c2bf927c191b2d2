/* Help, written from the tables. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

struct cli;
struct command;

void help_overview(struct cli *cli);
void help_command(struct cli *cli, const struct command *command);

#endif
