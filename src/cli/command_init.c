#include <datalake/maintenance.h>

#include "command.h"
#include "human.h"
#include "json.h"
#include "json_rows.h"
#include "progress.h"
#include "report.h"
#include "session.h"
#include "view.h"

struct init_options {
    bool rebuild, progress;
};

#define AT(member) offsetof(struct init_options, member)

static const struct option options_table[] = {
    {"rebuild", NULL, OPTION_FLAG, false, NULL,
     "make the manifest anew from the files of the data directory, where it is "
     "gone",
     AT(rebuild)},
    {"progress", NULL, OPTION_FLAG, false, NULL, "report progress even where standard error is no terminal",
     AT(progress)},
};

/* ---- a new lake ---- */

static void write_json(struct cli *cli, bool created)
{
    struct json json = {.out = &cli->out};
    json_open(&json, NULL, '{');
    json_text(&json, "data_root", session_data_root(cli));
    json_text(&json, "db_path", session_db_path(cli));
    json_bool(&json, "created", created);
    json_close(&json, '}');
}

static lake_status make(struct cli *cli, struct lake_error *err)
{
    struct lake *lake = NULL;
    TRY(session_open(cli, (struct session_options){.kind = SESSION_WRITE, .n_threads = 1}, &lake, err));
    bool created = lake_was_created(lake);
    lake_close(lake);
    if (cli->global.json)
        write_json(cli, created);
    else if (!cli->global.quiet)
        output_printf(&cli->out,
                      created ? "made a lake: manifest %s, data in %s\n"
                              : "the lake is there already: manifest %s, data in %s; nothing to do\n",
                      session_db_path(cli), session_data_root(cli));
    return LAKE_OK;
}

/* ---- a manifest from the files ---- */

static lake_status write_rebuild_json(struct cli *cli, const struct lake_rebuild_result *result,
                                      struct ArrowArrayStream *report, struct lake_error *err)
{
    struct json json = {.out = &cli->out};
    json_open(&json, NULL, '{');
    json_text(&json, "data_root", session_data_root(cli));
    json_text(&json, "db_path", session_db_path(cli));
    json_int64(&json, "datasets", result->n_datasets);
    json_int64(&json, "files", result->n_files);
    json_int64(&json, "rows", result->n_rows);
    json_int64(&json, "bytes", result->n_bytes);
    TRY(json_rows(&json, "set_aside", report, err));
    json_close(&json, '}');
    return LAKE_OK;
}

static lake_status write_rebuild_text(struct cli *cli, const struct lake_rebuild_result *result,
                                      struct ArrowArrayStream *report, struct lake_error *err)
{
    char datasets[HUMAN_BYTES];
    char files[HUMAN_BYTES];
    char rows[HUMAN_BYTES];
    char size[HUMAN_BYTES];
    if (result->n_set_aside > 0) {
        struct view view = {.out = &cli->out, .has_colour = cli->terminal.has_colour};
        TRY(view_stream(&view, report, err));
        output_printf(&cli->out, "%s set aside, as shown: nothing was deleted\n",
                      human_counted(result->n_set_aside, "file", files));
    } else {
        report->release(report);
    }
    if (!cli->global.quiet)
        output_printf(&cli->out, "made the manifest %s from %s: %s, %s, %s\n", session_db_path(cli),
                      human_counted(result->n_files, "file", files),
                      human_counted(result->n_datasets, "dataset", datasets),
                      human_counted(result->n_rows, "row", rows), human_size(result->n_bytes, size));
    return LAKE_OK;
}

static lake_status rebuild(struct cli *cli, bool wants_progress, struct lake_error *err)
{
    struct lake_rebuild_result result = {.size = sizeof result};
    struct ArrowArrayStream report = {0};
    struct progress progress;

    TRY(session_locate(cli, err));
    struct lake_options options = session_lake_options(cli, (struct session_options){.kind = SESSION_WRITE});
    progress_begin(&progress, cli, wants_progress, "rebuilding");
    struct lake_progress reporter = progress_reporter(&progress);
    lake_status status = lake_rebuild(&options, &reporter, &result, &report, err);
    progress_end(&progress);
    if (status == LAKE_CANCELLED)
        return cli_fail(err, status, "interrupted; there is no manifest yet, the files are as they were");
    TRY(status);
    cli->found_problems = result.n_set_aside > 0;
    return cli->global.json ? write_rebuild_json(cli, &result, &report, err)
                            : write_rebuild_text(cli, &result, &report, err);
}

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    const struct init_options *given = options;
    return given->rebuild ? rebuild(cli, given->progress, err) : make(cli, err);
}

static const char *const examples[] = {"dl init", "dl init --data-root /tmp/lake/data --db-path /tmp/lake/manifest.db",
                                       NULL};

const struct command command_init = {
    .name = "init",
    .summary = "makes the lake",
    .description =
        "Makes the lake: the manifest and the data directory. Where there is one already, nothing happens.\n"
        "Commands that write make the lake by themselves, so this is seldom needed. Where the manifest was lost,\n"
        "--rebuild makes it anew from the files; those that cannot be used are set aside and named (exit status 3).\n",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .options_bytes = sizeof(struct init_options),
    .examples = examples,
    .run = run,
};
