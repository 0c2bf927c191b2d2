#include <inttypes.h>

#include <datalake/history.h>

#include "command.h"
#include "json.h"
#include "report.h"
#include "rows.h"
#include "session.h"

struct snapshot_options {
    const char *at;
    const char *removed;
    int format;
};

#define AT(member) offsetof(struct snapshot_options, member)

static const struct option options_table[] = {
    {"at", NULL, OPTION_TEXT, false, "SNAPSHOT",
     "the snapshot to name: its number, a name of it, or a time; the latest "
     "if not given",
     AT(at)},
    {"remove", NULL, OPTION_TEXT, false, "NAME", "forget this name; the snapshot may then expire", AT(removed)},
    {"format", NULL, OPTION_CHOICE, false, "table|csv|json|ndjson",
     "how to print the list; a table on a terminal and CSV elsewhere if not given", AT(format)},
};

/* The last snapshot committed before a time means the latest one, when that time is far enough. */
static const char latest[] = "9999-12-31";

static lake_status check_options(const struct snapshot_options *given, const char *name, struct lake_error *err)
{
    if (given->removed != NULL && (name != NULL || given->at != NULL))
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--remove takes no other name and no --at; leave them out");
    if (given->at != NULL && name == NULL)
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--at needs a name for the snapshot: dl snapshot NAME --at %s",
                        given->at);
    if (given->format != 0 && (given->removed != NULL || name != NULL))
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--format is for the list of names; leave it out");
    return LAKE_OK;
}

static void write_json(struct cli *cli, const char *name, int64_t snapshot)
{
    struct json json = {.out = &cli->out};
    json_open(&json, NULL, '{');
    json_text(&json, "name", name);
    if (snapshot == 0)
        json_null(&json, "snapshot");
    else
        json_int64(&json, "snapshot", snapshot);
    json_close(&json, '}');
}

static lake_status list_names(struct cli *cli, struct lake *lake, enum rows_format format, struct lake_error *err)
{
    struct ArrowArrayStream stream = {0};
    struct view view = {
        .out = &cli->out,
        .style = VIEW_HUMAN,
        .has_colour = cli->terminal.has_colour,
        .width = cli->terminal.width,
    };
    TRY(lake_list_names(lake, &stream, err));
    return rows_write(&stream, format, ROWS_TIME_UNSET, &view, err);
}

static lake_status remove_name(struct cli *cli, struct lake *lake, const char *name, struct lake_error *err)
{
    TRY(lake_unname_snapshot(lake, name, err));
    if (cli->global.json)
        write_json(cli, name, 0);
    else if (!cli->global.quiet)
        output_printf(&cli->out, "the name %s is gone; its snapshot may expire now\n", name);
    return LAKE_OK;
}

static lake_status give_name(struct cli *cli, struct lake *lake, const char *name, const char *at,
                             struct lake_error *err)
{
    int64_t snapshot = 0;
    TRY(session_find_snapshot(lake, at != NULL ? at : latest, &snapshot, err));
    TRY(lake_name_snapshot(lake, name, snapshot, err));
    if (cli->global.json)
        write_json(cli, name, snapshot);
    else if (!cli->global.quiet)
        output_printf(&cli->out, "snapshot %" PRId64 " is now %s, and is kept; read it with: dl read --as-of %s …\n",
                      snapshot, name, name);
    return LAKE_OK;
}

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    const struct snapshot_options *given = options;
    const char *name = cli->arguments.n > 0 ? cli->arguments.items[0] : NULL;
    enum rows_format format = ROWS_UNSET;
    struct lake *lake = NULL;
    lake_status status = LAKE_OK;

    TRY(check_options(given, name, err));
    TRY(rows_choose_format(cli, given->format, NULL, &format, err));
    TRY(session_open(cli, (struct session_options){.kind = SESSION_READ, .n_threads = 1}, &lake, err));
    if (given->removed != NULL)
        status = remove_name(cli, lake, given->removed, err);
    else if (name != NULL)
        status = give_name(cli, lake, name, given->at, err);
    else
        status = list_names(cli, lake, format, err);
    lake_close(lake);
    return status;
}

static const char *const examples[] = {"dl snapshot before-cleaning", "dl snapshot first --at 1", "dl snapshot",
                                       "dl snapshot --remove first", NULL};

const struct command command_snapshot = {
    .name = "snapshot",
    .summary = "gives a snapshot a name, which keeps it",
    .description =
        "Names the latest snapshot, or the one that --at says: a named snapshot can be read with --as-of NAME and is\n"
        "kept for as long as it has a name. Without NAME it lists the names. A name begins with a letter and has up\n"
        "to 64 letters, digits, '_', '-' and '.'.\n",
    .argument = "NAME",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .options_bytes = sizeof(struct snapshot_options),
    .examples = examples,
    .run = run,
};
