#include <stdio.h>
#include <unistd.h>

#include <datalake/history.h>

#include "change.h"
#include "command.h"
#include "confirm.h"
#include "delete_plan.h"
#include "human.h"
#include "progress.h"
#include "report.h"
#include "selection_options.h"
#include "session.h"

struct delete_options {
    struct lake_selection selection;
    struct option_time start, end;
    bool dry_run, yes, progress;
};

#define AT(member) offsetof(struct delete_options, member)

static const struct option options_table[] = {
    SELECTION_OPTIONS(offsetof(struct delete_options, selection)),
    {"start", NULL, OPTION_START, false, "TIME", "only from this time on, UTC", AT(start)},
    {"end", NULL, OPTION_END, false, "TIME", "only before this time; a bare date means the end of that day", AT(end)},
    {"dry-run", NULL, OPTION_FLAG, false, NULL, "say what would be deleted, and delete nothing", AT(dry_run)},
    {"yes", NULL, OPTION_FLAG, false, NULL, "do not ask", AT(yes)},
    {"progress", NULL, OPTION_FLAG, false, NULL, "report progress even where standard error is no terminal",
     AT(progress)},
};

enum { MOST_ASKED_ABOUT = 20 };

static lake_status check_options(const struct delete_options *given, struct lake_error *err)
{
    if (selection_is_empty(&given->selection))
        return cli_fail(err, LAKE_INVALID_ARGUMENT,
                        "dl delete needs to be told what: at least one of --exchange, --market, --symbol, --data-type, "
                        "--period; see 'dl delete --help'");
    if (given->start.is_given && given->end.is_given && given->start.ms >= given->end.ms)
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--start is not before --end; swap them or leave one out");
    return LAKE_OK;
}

static struct lake_delete_options library_options(const struct delete_options *given, struct progress *progress)
{
    return (struct lake_delete_options){
        .size = sizeof(struct lake_delete_options),
        .selection = given->selection,
        .has_start = given->start.is_given,
        .has_end = given->end.is_given,
        .start_ms = given->start.ms,
        .end_ms = given->end.ms,
        .progress = progress_reporter(progress),
    };
}

/* ---- what would be done ---- */

static lake_status show_plan(struct cli *cli, struct lake *lake, const struct lake_delete_options *options,
                             struct lake_error *err)
{
    struct json json = {.out = &cli->out};
    struct delete_plan plan = {
        .options = options,
        .out = &cli->out,
        .json = cli->global.json ? &json : NULL,
        .total = {.size = sizeof plan.total},
    };
    if (cli->global.json) {
        json_open(&json, NULL, '{');
        json_bool(&json, "dry_run", true);
        TRY(delete_plan_write(&plan, lake, err));
        change_write_json(&json, &plan.total);
        json_close(&json, '}');
        return LAKE_OK;
    }
    char rows[HUMAN_BYTES];
    char extent[CHANGE_EXTENT_BYTES];
    TRY(delete_plan_write(&plan, lake, err));
    if (plan.total.rows_removed == 0)
        output_text(&cli->out, "nothing to delete: there are no rows in this range\n");
    else
        output_printf(&cli->out, "would delete %s%s\n", human_counted(plan.total.rows_removed, "row", rows),
                      change_extent(&plan.total, extent));
    return LAKE_OK;
}

/* The plan and the question go to standard error: standard output is for what was done. */
static lake_status ask(struct lake *lake, const struct lake_delete_options *options, struct progress *progress,
                       struct lake_error *err)
{
    char rows[HUMAN_BYTES];
    char extent[CHANGE_EXTENT_BYTES];
    char question[CHANGE_EXTENT_BYTES + 2 * HUMAN_BYTES];
    struct output out;
    output_begin_standard(&out);
    out.file = STDERR_FILENO;
    struct delete_plan plan = {
        .options = options,
        .out = &out,
        .most_datasets = MOST_ASKED_ABOUT,
        .total = {.size = sizeof plan.total},
    };
    TRY(delete_plan_write(&plan, lake, err));
    progress_end(progress);
    TRY(output_finish(&out, err));
    if (plan.total.rows_removed == 0)
        return LAKE_OK;
    snprintf(question, sizeof question, "delete %s%s?", human_counted(plan.total.rows_removed, "row", rows),
             change_extent(&plan.total, extent));
    return confirm_ask(question, err);
}

/* ---- what was done ---- */

static void write_json(struct cli *cli, const struct lake_change_result *result)
{
    struct json json = {.out = &cli->out};
    json_open(&json, NULL, '{');
    json_bool(&json, "dry_run", false);
    change_write_json(&json, result);
    json_close(&json, '}');
}

static lake_status write_text(struct cli *cli, const struct lake *lake, const struct lake_change_result *result,
                              struct lake_error *err)
{
    char rows[HUMAN_BYTES];
    char span[HUMAN_BYTES];
    char extent[CHANGE_EXTENT_BYTES];
    struct lake_policy policy = {.size = sizeof policy};
    TRY(lake_get_policy(lake, &policy, err));
    if (result->snapshot == 0) {
        output_text(&cli->out, "nothing to delete: there are no rows in this range\n");
        return LAKE_OK;
    }
    output_printf(&cli->out, "deleted %s%s; kept in history for %s\n", human_counted(result->rows_removed, "row", rows),
                  change_extent(result, extent), human_span(policy.keep_changed_ms, span));
    change_write_snapshot(cli, result);
    return LAKE_OK;
}

static lake_status delete_rows(struct cli *cli, struct lake *lake, const struct lake_delete_options *options,
                               struct progress *progress, struct lake_error *err)
{
    struct lake_change_result result = {.size = sizeof result};
    lake_status status = lake_delete(lake, options, &result, err);
    progress_end(progress);
    if (status == LAKE_CANCELLED)
        return cli_fail(err, status, "interrupted; nothing was deleted, the lake is as it was");
    TRY(status);
    if (cli->global.json)
        write_json(cli, &result);
    else if (!cli->global.quiet)
        return write_text(cli, lake, &result, err);
    return LAKE_OK;
}

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    const struct delete_options *given = options;
    struct progress progress;
    struct lake *lake = NULL;
    lake_status status = LAKE_OK;

    TRY(check_options(given, err));
    TRY(session_open(cli, (struct session_options){.kind = SESSION_READ}, &lake, err));
    progress_begin(&progress, cli, given->progress, "deleting");
    struct lake_delete_options what = library_options(given, &progress);
    if (given->dry_run) {
        progress.is_shown = given->progress;
        TRY_OUT(show_plan(cli, lake, &what, err));
    } else {
        if (confirm_is_wanted(cli, given->yes))
            TRY_OUT(ask(lake, &what, &progress, err));
        TRY_OUT(delete_rows(cli, lake, &what, &progress, err));
    }
out:
    progress_end(&progress);
    lake_close(lake);
    return status;
}

static const char *const examples[] = {
    "dl delete --symbol BTCUSDT --dry-run",
    "dl delete --exchange binance --symbol BTCUSDT --start 2026-01-02 --end 2026-01-03",
    "dl delete --symbol BTCUSDT --yes",
    NULL,
};

const struct command command_delete = {
    .name = "delete",
    .summary = "deletes rows, which can be undone",
    .description =
        "Deletes the rows of every dataset that matches, in one commit: all of them, or those from --start to --end.\n"
        "On a terminal it shows what and asks. What is deleted stays in history for 7 days (dl.toml can say otherwise)\n"
        "and can be put back with 'dl undo'. --data-type agg deletes only derived data.\n",
    .stray_hint = "what to delete is named with --symbol, --exchange, …",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .options_bytes = sizeof(struct delete_options),
    .examples = examples,
    .run = run,
};
