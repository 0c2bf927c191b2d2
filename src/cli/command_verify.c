#include <datalake/bars.h>

#include "check_findings.h"
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
    struct option_time start, end;
    bool full, repair, data, progress;
};

/* Rows that --json shows of each rule and dataset; of a table a person reads fewer. */
enum { MOST_ROWS_JSON = 1 << 20 };

/* What was found: in files, and in the rows themselves. */
struct verification {
    struct lake_verify_result files;
    struct ArrowArrayStream problems;
    bool wants_data, has_data; /* rows are to be checked; were */
    struct lake_check_result data;
    struct ArrowArrayStream findings;
};

#define AT(member) offsetof(struct verify_options, member)

static const struct option options_table[] = {
    SELECTION_OPTIONS(offsetof(struct verify_options, selection)),
    {"full", NULL, OPTION_FLAG, false, NULL, "read everything: checksums, pages, rows, history", AT(full)},
    {"repair", NULL, OPTION_FLAG, false, NULL, "and repair what can be; the rest is set aside in quarantine and named",
     AT(repair)},
    {"data", NULL, OPTION_FLAG, false, NULL, "and check the rows: whether bars can be true, one by one and together",
     AT(data)},
    {"start", NULL, OPTION_START, false, "TIME", "with --data: rows from this time on, UTC", AT(start)},
    {"end", NULL, OPTION_END, false, "TIME",
     "with --data: rows before this time; a bare date means the end of that day", AT(end)},
    {"progress", NULL, OPTION_FLAG, false, NULL, "report progress even where standard error is no terminal",
     AT(progress)},
};

static lake_status write_json(struct cli *cli, struct verification *verification, struct lake_error *err)
{
    const struct lake_verify_result *files = &verification->files;
    const struct lake_check_result *data = &verification->data;
    struct json json = {.out = &cli->out};
    json_open(&json, NULL, '{');
    json_int64(&json, "files", files->n_files);
    json_int64(&json, "rows", files->n_rows);
    json_int64(&json, "bytes", files->n_bytes);
    json_int64(&json, "repaired", files->n_repaired);
    json_int64(&json, "quarantined", files->n_quarantined);
    TRY(json_rows(&json, "problems", &verification->problems, err));
    if (verification->has_data) {
        json_open(&json, "data", '{');
        json_int64(&json, "datasets", data->n_datasets);
        json_int64(&json, "rows", data->n_rows);
        json_int64(&json, "wrong", data->n_wrong);
        json_int64(&json, "suspect", data->n_suspect);
        TRY(json_rows(&json, "findings", &verification->findings, err));
        json_close(&json, '}');
    } else if (verification->wants_data) {
        json_null(&json, "data");
    }
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

static lake_status write_text(struct cli *cli, struct verification *verification, bool repair, struct lake_error *err)
{
    if (verification->files.n_problems > 0)
        TRY(write_problems(cli, &verification->problems, err));
    if (!cli->global.quiet)
        write_summary(cli, &verification->files, repair);
    if (!verification->has_data)
        return LAKE_OK;
    TRY(check_findings_write(cli, &verification->findings, err));
    if (!cli->global.quiet)
        check_findings_write_summary(cli, &verification->data);
    return LAKE_OK;
}

/* ---- doing it ---- */

static lake_status verify_files(struct lake *lake, const struct verify_options *given, struct progress *progress,
                                struct verification *verification, struct lake_error *err)
{
    const struct lake_verify_options job = {
        .size = sizeof job,
        .selection = given->selection,
        .depth = given->full || given->repair ? LAKE_VERIFY_FULL : LAKE_VERIFY_FAST,
        .repair = given->repair,
        .progress = progress_reporter(progress),
    };
    verification->files.size = sizeof verification->files;
    return lake_verify(lake, &job, &verification->files, &verification->problems, err);
}

static lake_status check_data(struct cli *cli, struct lake *lake, const struct verify_options *given,
                              struct verification *verification, struct lake_error *err)
{
    struct progress progress;
    progress_begin(&progress, cli, given->progress, "checking rows");
    const struct lake_check_options job = {
        .size = sizeof job,
        .selection = given->selection,
        .has_start = given->start.is_given,
        .start_ms = given->start.ms,
        .has_end = given->end.is_given,
        .end_ms = given->end.ms,
        .most_rows = cli->global.json ? MOST_ROWS_JSON : 0,
        .progress = progress_reporter(&progress),
    };
    verification->data.size = sizeof verification->data;
    lake_status status = lake_check_bars(lake, &job, &verification->data, &verification->findings, err);
    progress_end(&progress);
    verification->has_data = status == LAKE_OK;
    return status;
}

/* Where files have problems, rows that cannot be read because of them do not hide what was found. */
static lake_status check_data_anyway(struct cli *cli, struct lake *lake, const struct verify_options *given,
                                     struct verification *verification, struct lake_error *err)
{
    struct lake_error failure = {LAKE_OK, ""};
    lake_status status = check_data(cli, lake, given, verification, &failure);
    if (status == LAKE_CORRUPT && verification->files.n_problems > 0) {
        note(cli, "rows were not checked: %s", failure.message);
        return LAKE_OK;
    }
    if (status != LAKE_OK)
        *err = failure;
    return status;
}

static lake_status check_options(const struct verify_options *given, struct lake_error *err)
{
    if (!given->data && (given->start.is_given || given->end.is_given))
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--start and --end choose rows: they go with --data");
    if (given->start.is_given && given->end.is_given && given->start.ms >= given->end.ms)
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--start is not before --end; swap them or leave one out");
    return LAKE_OK;
}

static void release_stream(struct ArrowArrayStream *stream)
{
    if (stream->release != NULL)
        stream->release(stream);
}

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    const struct verify_options *given = options;
    struct verification verification = {.wants_data = given->data};
    struct progress progress;
    struct lake *lake = NULL;
    lake_status status = LAKE_OK;

    TRY(check_options(given, err));
    TRY(session_open(cli, (struct session_options){.kind = SESSION_READ}, &lake, err));
    progress_begin(&progress, cli, given->progress, "verifying");
    status = verify_files(lake, given, &progress, &verification, err);
    progress_end(&progress);
    if (status == LAKE_OK && given->data)
        status = check_data_anyway(cli, lake, given, &verification, err);
    if (status == LAKE_OK)
        status =
            cli->global.json ? write_json(cli, &verification, err) : write_text(cli, &verification, given->repair, err);
    else if (status == LAKE_CANCELLED)
        cli_fail(err, status, "interrupted before everything was checked");
    cli->found_problems = verification.files.n_problems + verification.data.n_wrong + verification.data.n_suspect > 0;
    release_stream(&verification.problems);
    release_stream(&verification.findings);
    lake_close(lake);
    return status;
}

static const char *const examples[] = {"dl verify",          "dl verify --full --exchange binance --symbol BTCUSDT",
                                       "dl verify --repair", "dl verify --data --symbol BTCUSDT --start 2026-01-01",
                                       "dl verify --json",   NULL};

const struct command command_verify = {
    .name = "verify",
    .summary = "checks the lake, and repairs it",
    .description =
        "Checks the manifest in itself, that every file is there with its size and a footer that agrees, and that the\n"
        "data directory holds no other Parquet files. --full reads everything: every SHA-256, every page, rows against\n"
        "contents, and history. --repair does too, repairs what can be and sets the rest aside, named, so that reading\n"
        "works again. --data checks the rows as well: high and low, volumes, times, jumps, bars that stand still, coarser\n"
        "bars against finer ones, and what ingests met. What is 'wrong' cannot be true; what is 'suspect' is for a\n"
        "person to look at. Exit status 3 if there are problems or findings.\n",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .options_bytes = sizeof(struct verify_options),
    .examples = examples,
    .run = run,
};
