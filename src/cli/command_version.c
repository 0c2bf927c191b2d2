#include "command.h"
#include "json.h"

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    (void)options;
    (void)err;
    if (!cli->global.json) {
        output_printf(&cli->out, "dl %s\n", lake_version());
        return LAKE_OK;
    }
    struct json json = {.out = &cli->out};
    json_open(&json, NULL, '{');
    json_text(&json, "version", lake_version());
    json_close(&json, '}');
    return LAKE_OK;
}

static const char *const examples[] = {"dl version", "dl version --json", NULL};

const struct command command_version = {
    .name = "version",
    .summary = "says which version this is",
    .description = "Says which version of dl this is. 'dl --version' does the same.\n",
    .examples = examples,
    .run = run,
};
