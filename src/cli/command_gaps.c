#include <stdio.h>

#include <datalake/bars.h>

#include "command.h"
#include "coverage_chart.h"
#include "gap_sums.h"
#include "human.h"
#include "json_rows.h"
#include "report.h"
#include "rows.h"
#include "selection_options.h"
#include "session.h"

struct gaps_options {
    struct lake_selection selection;
    struct option_time start, end;
    const char *reason, *as_of;
    int64_t min_bars, limit;
    bool summary, coverage;
    int format;
};

#define AT(member) offsetof(struct gaps_options, member)

static const struct option options_table[] = {
    SELECTION_OPTIONS(offsetof(struct gaps_options, selection)),
    {"start", NULL, OPTION_START, false, "TIME", "from this time on, also before the first bar, UTC", AT(start)},
    {"end", NULL, OPTION_END, false, "TIME",
     "before this time, also behind the last bar; a bare date means the end of that day", AT(end)},
    {"reason", NULL, OPTION_TEXT, false, "REASON", "only gaps of this reason", AT(reason)},
    {"min-bars", NULL, OPTION_COUNT, false, "N", "only gaps of at least N missing bars", AT(min_bars)},
    {"summary", NULL, OPTION_FLAG, false, NULL, "sums by dataset and reason, not the gaps", AT(summary)},
    {"coverage", NULL, OPTION_FLAG, false, NULL, "how much of each month there is, not the gaps", AT(coverage)},
    {"limit", NULL, OPTION_COUNT, false, "N", "only the first N gaps", AT(limit)},
    {"as-of", NULL, OPTION_TEXT, false, "SNAPSHOT", "as it was then: a snapshot's number or name, or a time",
     AT(as_of)},
    {"format", NULL, OPTION_CHOICE, false, "table|csv|json|ndjson",
     "how to print; a table on a terminal and CSV elsewhere if not given", AT(format)},
};

static const struct view_column narrow[] = {
    {"dataset", "exchange market symbol type period", false},
    {"start", "start", false},
    {"bars", "bars", false},
    {"reason", "reason", false},
    {"end", "end", false},
    {"asked", "asked", true},
    {"answer", "answer", false},
};

/* What was asked for, on its way. */
struct job {
    struct cli *cli;
    const struct gaps_options *given;
    struct lake_gaps_options options;
    struct lake_gaps_result result;
    enum rows_format format;
};

/* ---- sums ---- */

static const char *format_share(const struct lake_gaps_result *result, char out[HUMAN_BYTES])
{
    double share = (double)result->n_missing / (double)result->n_expected * 100;
    if (share > 0 && share < 0.05)
        snprintf(out, HUMAN_BYTES, "less than 0.1 %%");
    else
        snprintf(out, HUMAN_BYTES, "%.1f %%", share);
    return out;
}

enum { SUM_BYTES = 512 };

/* A filter leaves gaps out of the sum; and a range that only begins, behind the last bar, has no end to look to. */
static const char *format_no_gaps(const struct job *job, char out[SUM_BYTES])
{
    const struct lake_gaps_result *result = &job->result;
    const struct gaps_options *given = job->given;
    char present[HUMAN_BYTES], expected[HUMAN_BYTES], datasets[HUMAN_BYTES];
    human_counted(result->n_datasets, "dataset", datasets);
    if (result->n_datasets > 0 && result->n_expected == 0 && given->start.is_given != given->end.is_given)
        snprintf(out, SUM_BYTES, "no bars in this range of %s, so none is missing; give %s too to count those %s",
                 datasets, given->start.is_given ? "--end" : "--start",
                 given->start.is_given ? "behind the last bar" : "before the first bar");
    else if (given->reason != NULL || given->min_bars > 0)
        snprintf(out, SUM_BYTES, "no such gaps: %s of %s bars of %s are there", human_count(result->n_present, present),
                 human_count(result->n_expected, expected), datasets);
    else
        snprintf(out, SUM_BYTES, "no gaps: %s of %s", human_counted(result->n_present, "bar", present), datasets);
    return out;
}

/* "538 gaps, 1,234 of 93,000 bars missing (1.3 %): source-empty 538" */
static const char *format_sum(const struct job *job, char out[SUM_BYTES])
{
    const struct lake_gaps_result *result = &job->result;
    char gaps[HUMAN_BYTES], missing[HUMAN_BYTES], expected[HUMAN_BYTES], share[HUMAN_BYTES];
    if (result->n_gaps == 0)
        return format_no_gaps(job, out);
    int used = snprintf(out, SUM_BYTES, "%s, %s of %s bars missing (%s): ", human_counted(result->n_gaps, "gap", gaps),
                        human_count(result->n_missing, missing), human_count(result->n_expected, expected),
                        format_share(result, share));
    for (size_t i = 0; i < result->n_reasons; i++) {
        const struct lake_gaps_sum *sum = &result->by_reason[i];
        used += snprintf(out + used, SUM_BYTES - (size_t)used, "%s%s %s", i == 0 ? "" : ", ", sum->reason,
                         human_count(sum->n_gaps, gaps));
    }
    return out;
}

static void write_sum(const struct job *job, bool in_output)
{
    char text[SUM_BYTES];
    (void)format_sum(job, text);
    if (!in_output)
        note(job->cli, "%s", text);
    else if (!job->cli->global.quiet)
        output_printf(&job->cli->out, "%s\n", text);
}

static void write_json_sums(struct json *json, const struct lake_gaps_result *result)
{
    json_int64(json, "datasets", result->n_datasets);
    json_int64(json, "expected", result->n_expected);
    json_int64(json, "present", result->n_present);
    json_int64(json, "missing", result->n_missing);
    json_int64(json, "n_gaps", result->n_gaps);
    json_open(json, "reasons", '[');
    for (size_t i = 0; i < result->n_reasons; i++) {
        json_open(json, NULL, '{');
        json_text(json, "reason", result->by_reason[i].reason);
        json_int64(json, "gaps", result->by_reason[i].n_gaps);
        json_int64(json, "bars", result->by_reason[i].n_missing);
        json_close(json, '}');
    }
    json_close(json, ']');
}

/* ---- the forms ---- */

static lake_status write_json(struct job *job, struct ArrowArrayStream *gaps, struct lake_error *err)
{
    struct json json = {.out = &job->cli->out};
    json_open(&json, NULL, '{');
    write_json_sums(&json, &job->result);
    if (job->given->summary)
        TRY(gap_sums_json(&json, "summary", gaps, err));
    else
        TRY(json_rows(&json, "gaps", gaps, err));
    json_close(&json, '}');
    return LAKE_OK;
}

static lake_status write_rows(struct job *job, struct ArrowArrayStream *gaps, struct lake_error *err)
{
    struct cli *cli = job->cli;
    struct view view = {
        .out = &cli->out,
        .style = VIEW_HUMAN,
        .has_colour = cli->terminal.has_colour,
        .width = cli->terminal.width,
        .narrow = narrow,
        .n_narrow = sizeof narrow / sizeof *narrow,
        .is_cut = cli->terminal.out_is_terminal && job->given->limit == 0,
    };
    if (job->result.n_gaps == 0 && job->format == ROWS_TABLE)
        gaps->release(gaps);
    else
        TRY(rows_write(gaps, job->format, ROWS_TIME_UNSET, &view, err));
    write_sum(job, job->format == ROWS_TABLE);
    return LAKE_OK;
}

static lake_status write_gaps(struct job *job, struct lake *lake, struct lake_error *err)
{
    struct ArrowArrayStream gaps = {0};
    TRY(lake_list_gaps(lake, &job->options, &job->result, &gaps, err));
    if (job->format == ROWS_JSON)
        return write_json(job, &gaps, err);
    if (!job->given->summary)
        return write_rows(job, &gaps, err);
    TRY(gap_sums_write(&job->cli->out, &job->cli->terminal, &gaps, err));
    write_sum(job, true);
    return LAKE_OK;
}

static lake_status write_coverage(struct job *job, struct lake *lake, struct lake_error *err)
{
    struct cli *cli = job->cli;
    const struct coverage_chart chart = {&cli->out, cli->terminal.has_colour, cli->terminal.has_utf8};
    struct ArrowArrayStream months = {0};
    struct view view = {.out = &cli->out};
    struct json json = {.out = &cli->out};
    TRY(lake_list_coverage(lake, &job->options, &months, err));
    if (job->format == ROWS_TABLE)
        return coverage_chart_draw(&chart, &months, err);
    if (job->format != ROWS_JSON)
        return rows_write(&months, job->format, ROWS_TIME_UNSET, &view, err);
    json_open(&json, NULL, '{');
    TRY(json_rows(&json, "months", &months, err));
    json_close(&json, '}');
    return LAKE_OK;
}

/* ---- the command ---- */

static lake_status check_options(const struct gaps_options *given, struct lake_error *err)
{
    if (given->summary && given->coverage)
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--summary and --coverage contradict each other; leave one out");
    if (given->coverage && (given->limit > 0 || given->min_bars > 0 || given->reason != NULL))
        return cli_fail(err, LAKE_INVALID_ARGUMENT,
                        "--coverage counts all bars of its months; leave out --reason, --limit and --min-bars");
    if (given->summary && given->limit > 0)
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--summary sums up all gaps; leave out --limit");
    if (given->summary && given->format != ROWS_UNSET && given->format != ROWS_TABLE && given->format != ROWS_JSON)
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--summary is a table or, with --json, JSON; leave out --format");
    if (given->start.is_given && given->end.is_given && given->start.ms >= given->end.ms)
        return cli_fail(err, LAKE_INVALID_ARGUMENT, "--start is not before --end; swap them or leave one out");
    return LAKE_OK;
}

static lake_status write_answer(struct job *job, struct lake *lake, struct lake_error *err)
{
    const struct gaps_options *given = job->given;
    job->result.size = sizeof job->result;
    job->options = (struct lake_gaps_options){
        .size = sizeof job->options,
        .selection = given->selection,
        .has_start = given->start.is_given,
        .has_end = given->end.is_given,
        .start_ms = given->start.ms,
        .end_ms = given->end.ms,
        .reason = given->reason,
        .min_bars = given->min_bars,
        .limit = given->limit,
    };
    TRY(session_find_snapshot(lake, given->as_of, &job->options.as_of, err));
    return given->coverage ? write_coverage(job, lake, err) : write_gaps(job, lake, err);
}

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    struct job job = {.cli = cli, .given = options};
    struct lake *lake = NULL;

    TRY(check_options(job.given, err));
    TRY(rows_choose_format(cli, job.given->format, NULL, &job.format, err));
    TRY(session_open(cli, (struct session_options){.kind = SESSION_READ, .n_threads = 1}, &lake, err));
    lake_status status = write_answer(&job, lake, err);
    lake_close(lake);
    return status;
}

static const char *const examples[] = {
    "dl gaps",           "dl gaps --exchange binance --symbol BTCUSDT --reason source-empty",   "dl gaps --coverage",
    "dl gaps --summary", "dl gaps --symbol BTCUSDT --start 2021-01-01 --end 2021-01-31 --json", NULL};

const struct command command_gaps = {
    .name = "gaps",
    .summary = "lists the bars that are missing, and why",
    .description =
        "Lists the missing intervals of bars, each with its reason: not-requested (nobody asked), source-empty (asked,\n"
        "and the source had none), before-listing, after-delisting, venue-outage, corrupt-source, deleted, still-open,\n"
        "and no-source-bars (of derived bars). Raw bars if --data-type is not given. Without --start and --end between\n"
        "a dataset's first and last bar, with them also what is missing before and behind. START is the first bar that\n"
        "is missing, END the first that is not. The sum counts bars first, then gaps by reason; the bars missing are\n"
        "what dl list calls gaps. Told from the manifest, without reading data. Exit status 0 also where there are some.\n",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .options_bytes = sizeof(struct gaps_options),
    .examples = examples,
    .run = run,
};
