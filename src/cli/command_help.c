#include "command.h"
#include "help.h"
#include "json.h"
#include "report.h"

static void write_json(struct cli *cli)
{
    struct json json = {.out = &cli->out};
    json_open(&json, NULL, '{');
    json_open(&json, "commands", '[');
    for (size_t i = 0; cli_commands[i] != NULL; i++) {
        json_open(&json, NULL, '{');
        json_text(&json, "name", cli_commands[i]->name);
        json_text(&json, "summary", cli_commands[i]->summary);
        json_close(&json, '}');
    }
    json_close(&json, ']');
    json_close(&json, '}');
}

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    (void)options;
    const struct command *command = NULL;
    if (cli->arguments.n > 0) {
        command = command_find(cli->arguments.items[0]);
        if (command == NULL)
            return command_fail_unknown(cli->arguments.items[0], err);
    }
    if (command != NULL)
        help_command(cli, command);
    else if (cli->global.json)
        write_json(cli);
    else
        help_overview(cli);
    return LAKE_OK;
}

static const char *const examples[] = {"dl help", "dl help read", NULL};

const struct command command_help = {
    .name = "help",
    .summary = "explains a command",
    .description = "Explains a command, or lists them all.\n",
    .argument = "COMMAND",
    .examples = examples,
    .run = run,
};
