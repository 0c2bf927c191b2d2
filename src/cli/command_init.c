#include "command.h"
#include "json.h"
#include "report.h"
#include "session.h"

static void write_json(struct cli *cli, bool created)
{
    struct json json = {.out = &cli->out};
    json_open(&json, NULL, '{');
    json_text(&json, "data_root", session_data_root(cli));
    json_text(&json, "db_path", session_db_path(cli));
    json_bool(&json, "created", created);
    json_close(&json, '}');
}

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    (void)options;
    struct lake *lake = NULL;
    TRY(session_open(cli, (struct session_options){.kind = SESSION_WRITE, .n_threads = 1}, &lake, err));
    bool created = lake_was_created(lake);
    lake_close(lake);
    if (cli->global.json)
        write_json(cli, created);
    else
        output_printf(&cli->out,
                      created ? "made a lake: manifest %s, data in %s\n"
                              : "the lake is there already: manifest %s, data in %s; nothing to do\n",
                      session_db_path(cli), session_data_root(cli));
    return LAKE_OK;
}

static const char *const examples[] = {"dl init", "dl init --data-root /tmp/lake/data --db-path /tmp/lake/manifest.db",
                                       NULL};

const struct command command_init = {
    .name = "init",
    .summary = "makes the lake",
    .description = "Makes the lake: the manifest and the data directory. Where there is one already, nothing happens.\n"
                   "Commands that write make the lake by themselves, so this is seldom needed.\n",
    .examples = examples,
    .run = run,
};
