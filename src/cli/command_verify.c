#include <datalake/maintenance.h>

#include "command.h"
#include "human.h"
#include "json.h"
#include "json_rows.h"
#include "progress.h"
#include "report.h"
#include "selection_options.h"
#include "session.h"
#include "view.h"

struct verify_options {
    struct lake_selection selection;
    bool full, repair, progress;
};

#define AT(member) offsetof(struct verify_options, member)

static const struct option options_table[] = {
    SELECTION_OPTIONS(offsetof(struct verify_options, selection)),
    {"full", NULL, OPTION_FLAG, false, NULL, "read everything: checksums, pages, rows, history", AT(full)},
    {"repair", NULL, OPTION_FLAG, false, NULL, "and repair what can be; the rest is set aside in quarantine and named",
     AT(repair)},
    {"progress", NULL, OPTION_FLAG, false, NULL, "report progress even where standard error is no terminal",
     AT(progress)},
};

static lake_status write_json(struct cli *cli, const struct lake_verify_result *result,
                              struct ArrowArrayStream *problems, struct lake_error *err)
{
    struct json json = {.out = &cli->out};
    json_open(&json, NULL, '{');
    json_int64(&json, "files", result->n_files);
    json_int64(&json, "rows", result->n_rows);
    json_int64(&json, "bytes", result->n_bytes);
    json_int64(&json, "repaired", result->n_repaired);
    json_int64(&json, "quarantined", result->n_quarantined);
    TRY(json_rows(&json, "problems", problems, err));
    json_close(&json, '}');
    return LAKE_OK;
}

static lake_status write_problems(struct cli *cli, struct ArrowArrayStream *problems, struct lake_error *err)
{
    struct view view = {.out = &cli->out, .has_colour = cli->terminal.has_colour};
    return view_stream(&view, problems, err);
}

static void write_summary(struct cli *cli, const struct lake_verify_result *result, bool repair)
{
    char files[HUMAN_BYTES];
    char rows[HUMAN_BYTES];
    char size[HUMAN_BYTES];
    char count[HUMAN_BYTES];
    output_printf(&cli->out, "%s: %s, %s, %s checked", result->n_problems == 0 ? "ok" : "problems found",
                  human_counted(result->n_files, "file", files), human_counted(result->n_rows, "row", rows),
                  human_size(result->n_bytes, size));
    if (result->n_problems > 0)
        output_printf(&cli->out, ", %s", human_counted(result->n_problems, "problem", count));
    if (repair && result->n_problems > 0)
        output_printf(&cli->out, ": %s repaired, %s set aside", human_count(result->n_repaired, files),
                      human_count(result->n_quarantined, rows));
    output_text(&cli->out, "\n");
}

static lake_status write_result(struct cli *cli, const struct lake_verify_result *result, bool repair,
                                struct ArrowArrayStream *problems, struct lake_error *err)
{
    if (cli->global.json)
        return write_json(cli, result, problems, err);
    if (result->n_problems > 0)
        TRY(write_problems(cli, problems, err));
    else
        problems->release(problems);
    if (!cli->global.quiet)
        write_summary(cli, result, repair);
    return LAKE_OK;
}

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    const struct verify_options *given = options;
    struct lake_verify_result result = {.size = sizeof result};
    struct ArrowArrayStream problems = {0};
    struct progress progress;
    struct lake *lake = NULL;

    TRY(session_open(cli, (struct session_options){.kind = SESSION_READ}, &lake, err));
    progress_begin(&progress, cli, given->progress, "verifying");
    struct lake_verify_options job = {
        .size = sizeof job,
        .selection = given->selection,
        .depth = given->full || given->repair ? LAKE_VERIFY_FULL : LAKE_VERIFY_FAST,
        .repair = given->repair,
        .progress = progress_reporter(&progress),
    };
    lake_status status = lake_verify(lake, &job, &result, &problems, err);
    progress_end(&progress);
    if (status == LAKE_OK)
        status = write_result(cli, &result, given->repair, &problems, err);
    else if (status == LAKE_CANCELLED)
        cli_fail(err, status, "interrupted before everything was checked");
    cli->found_problems = result.n_problems > 0;
    lake_close(lake);
    return status;
}

static const char *const examples[] = {"dl verify", "dl verify --full --exchange binance --symbol BTCUSDT",
                                       "dl verify --repair", "dl verify --json", NULL};

const struct command command_verify = {
    .name = "verify",
    .summary = "checks the lake, and repairs it",
    .description =
        "Checks the manifest in itself, that every file is there with its size and a footer that agrees, and that the\n"
        "data directory holds no other Parquet files. --full reads everything: every SHA-256, every page, rows against\n"
        "contents, and history. --repair does too, repairs what can be and sets the rest aside, named, so that reading\n"
        "works again. Exit status 3 if there are problems.\n",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .options_bytes = sizeof(struct verify_options),
    .examples = examples,
    .run = run,
};
