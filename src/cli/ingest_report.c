#include "ingest_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <datalake/text.h>

#include "command.h"
#include "human.h"
#include "json.h"
#include "report.h"
#include "session.h"

enum { LINE_BYTES = 4 * HUMAN_BYTES };

static double per_second(double n, double seconds)
{
    return seconds > 0 ? n / seconds : 0;
}

/* ISO 8601 by the library's own formatter, so that times look alike everywhere. */
static void time_text(int64_t ms, char out[HUMAN_BYTES])
{
    struct ArrowSchema schema = {.format = "tsm:UTC"};
    const void *buffers[] = {NULL, &ms};
    struct ArrowArray array = {.length = 1, .n_buffers = 2, .buffers = buffers};
    lake_format_value(&schema, &array, 0, out, HUMAN_BYTES);
}

/* ---- the summary ---- */

void ingest_report_write_line(struct cli *cli, const char *name, const char *value)
{
    if (cli->terminal.out_is_terminal)
        output_printf(&cli->out, "  %-9s", name);
    else
        output_printf(&cli->out, "%s: ", name);
    output_printf(&cli->out, "%s\n", value);
}

/* Thousands are separated where people read. */
static const char *count_text(const struct cli *cli, int64_t n, char out[HUMAN_BYTES])
{
    if (cli->terminal.out_is_terminal)
        return human_count(n, out);
    snprintf(out, HUMAN_BYTES, "%" PRId64, n);
    return out;
}

static void write_count(struct cli *cli, const char *name, int64_t n)
{
    char count[HUMAN_BYTES];
    ingest_report_write_line(cli, name, count_text(cli, n, count));
}

static void write_range(struct cli *cli, const struct lake_ingest_result *result)
{
    char first[HUMAN_BYTES];
    char last[HUMAN_BYTES];
    char line[LINE_BYTES];
    time_text(result->first_ms, first);
    time_text(result->last_ms, last);
    snprintf(line, sizeof line, "%s to %s", first, last);
    ingest_report_write_line(cli, "range", line);
}

/* "12 bars, 3 gaps": either may be unknown. */
static void write_missing(struct cli *cli, const struct lake_ingest_result *result)
{
    char bars[HUMAN_BYTES];
    char gaps[HUMAN_BYTES];
    char line[LINE_BYTES];
    bool has_gaps = result->gaps > 0 || (result->gaps == 0 && result->bars_missing == 0);
    if (result->bars_missing < 0 && result->gaps < 0)
        return;
    if (result->bars_missing < 0)
        snprintf(line, sizeof line, "%s", human_counted(result->gaps, "gap", gaps));
    else
        snprintf(line, sizeof line, "%s%s%s", human_counted(result->bars_missing, "bar", bars), has_gaps ? ", " : "",
                 has_gaps ? human_counted(result->gaps, "gap", gaps) : "");
    ingest_report_write_line(cli, "missing", line);
}

void ingest_report_write_rows(struct cli *cli, const struct lake_ingest_result *result)
{
    char name[DATASET_NAME_BYTES];
    ingest_report_write_line(cli, "dataset", dataset_name(&result->dataset, name));
    write_count(cli, "read", result->rows_read);
    if (result->rows_resumed > 0)
        write_count(cli, "resumed", result->rows_resumed);
    write_count(cli, "new", result->rows_new);
    write_count(cli, "changed", result->rows_changed);
    write_count(cli, "equal", result->rows_equal);
    write_count(cli, "rejected", result->rows_rejected);
    if (result->rows_other > 0)
        write_count(cli, "others", result->rows_other);
    if (result->rows_read > 0)
        write_range(cli, result);
    write_missing(cli, result);
    write_count(cli, "days", result->days_changed);
    write_count(cli, "files", result->files_written);
    if (cli->terminal.out_is_terminal)
        ingest_report_write_line(cli, "bytes", human_size(result->bytes_written, name));
    else
        write_count(cli, "bytes", result->bytes_written);
}

/* Rates are of this run's work: what an interrupted one had done before is not counted. */
static void write_duration(struct cli *cli, const struct ingest_report *report)
{
    char duration[HUMAN_BYTES];
    char rate[HUMAN_BYTES];
    char size[HUMAN_BYTES];
    char line[LINE_BYTES];
    const struct lake_ingest_result *result = &report->result;
    int64_t n_rows = result->rows_read - result->rows_resumed;
    human_count((int64_t)per_second((double)n_rows, report->seconds), rate);
    human_size((int64_t)per_second((double)result->source_bytes, report->seconds), size);
    snprintf(line, sizeof line, "%s, %s rows/s, %s/s", human_duration(report->seconds, duration), rate, size);
    ingest_report_write_line(cli, "time", line);
}

void ingest_report_write_text(struct cli *cli, const struct ingest_report *report)
{
    char count[HUMAN_BYTES];
    const struct lake_ingest_result *result = &report->result;
    ingest_report_write_rows(cli, result);
    write_duration(cli, report);
    if (result->snapshot == 0)
        output_printf(&cli->out, "nothing new: all %s rows are already there, no new version\n",
                      count_text(cli, result->rows_read, count));
}

/* ---- notes ---- */

/* A rule's name in words: "high-below-low" is "high below low". */
static const char *rule_words(const char *rule, char out[HUMAN_BYTES])
{
    snprintf(out, HUMAN_BYTES, "%s", rule);
    for (char *p = out; *p != '\0'; p++)
        if (*p == '-')
            *p = ' ';
    return out;
}

/* What becomes of rows that are not rejected. */
static const char *kept_words(const char *rule)
{
    static const struct {
        const char *rule, *words;
    } others[] = {{"repeated", "of which the last of each key counts"}, {"backward", "which are sorted"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(rule, others[i].rule) == 0)
            return others[i].words;
    return "kept as they are";
}

static void note_check(const struct cli *cli, const struct lake_ingest_check *check)
{
    char words[HUMAN_BYTES];
    char kept[HUMAN_BYTES];
    char rejected[HUMAN_BYTES];
    rule_words(check->rule, words);
    human_counted(check->n_warned, "row", kept);
    human_counted(check->n_rejected, "row", rejected);
    const char *before = *check->first_place == '\0' ? "" : "; the first: ", *first = check->first_place;
    if (check->n_rejected == 0)
        note(cli, "warning: %s: %s, %s%s%s", words, kept, kept_words(check->rule), before, first);
    else if (check->n_warned == 0)
        note(cli, "warning: %s: %s rejected%s%s", words, rejected, before, first);
    else
        note(cli, "warning: %s: %s rejected, %s kept as they are%s%s", words, rejected, kept, before, first);
}

/* What no file can say was taken for granted: where it was not said either, people should know. */
static bool is_assumption(const struct lake_ingest_finding *finding)
{
    return strcmp(finding->option, "--tz") == 0 && strcmp(finding->origin, "default") == 0;
}

void ingest_report_note(const struct cli *cli, const struct lake_ingest_result *result)
{
    for (size_t i = 0; i < result->n_findings; i++)
        if (is_assumption(&result->findings[i]))
            note(cli, "%s: %s; %s says otherwise", result->findings[i].what, result->findings[i].value,
                 result->findings[i].option);
    if (*result->ignored_columns != '\0')
        note(cli, "columns that were left out: %s", result->ignored_columns);
    for (size_t i = 0; i < result->n_checks; i++)
        note_check(cli, &result->checks[i]);
}

/* ---- as JSON ---- */

static void write_ignored(struct json *json, const char *names)
{
    json_open(json, "ignored_columns", '[');
    while (*names != '\0') {
        char name[256];
        size_t n = strcspn(names, ",");
        snprintf(name, sizeof name, "%.*s", (int)n, names);
        json_text(json, NULL, name);
        names += n + (names[n] == ',');
        names += strspn(names, " ");
    }
    json_close(json, ']');
}

static void write_findings(struct json *json, const struct lake_ingest_result *result)
{
    json_open(json, "findings", '[');
    for (size_t i = 0; i < result->n_findings; i++) {
        const struct lake_ingest_finding *finding = &result->findings[i];
        json_open(json, NULL, '{');
        json_text(json, "what", finding->what);
        json_text(json, "value", finding->value);
        json_text(json, "origin", finding->origin);
        json_text(json, "option", finding->option);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void write_checks(struct json *json, const struct lake_ingest_result *result)
{
    json_open(json, "checks", '[');
    for (size_t i = 0; i < result->n_checks; i++) {
        const struct lake_ingest_check *check = &result->checks[i];
        json_open(json, NULL, '{');
        json_text(json, "rule", check->rule);
        json_int64(json, "warned", check->n_warned);
        json_int64(json, "rejected", check->n_rejected);
        json_text(json, "first", check->first_place);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void write_known(struct json *json, const char *name, int64_t value, bool is_known)
{
    if (is_known)
        json_int64(json, name, value);
    else
        json_null(json, name);
}

static void write_counts(struct json *json, const struct lake_ingest_result *result)
{
    json_int64(json, "rows_read", result->rows_read);
    json_int64(json, "rows_new", result->rows_new);
    json_int64(json, "rows_changed", result->rows_changed);
    json_int64(json, "rows_equal", result->rows_equal);
    json_int64(json, "rows_rejected", result->rows_rejected);
    json_int64(json, "rows_other", result->rows_other);
    json_int64(json, "rows_resumed", result->rows_resumed);
    write_known(json, "first_ts", result->first_ms, result->rows_read > 0);
    write_known(json, "last_ts", result->last_ms, result->rows_read > 0);
    write_known(json, "bars_missing", result->bars_missing, result->bars_missing >= 0);
    write_known(json, "gaps", result->gaps, result->gaps >= 0);
    json_int64(json, "days_changed", result->days_changed);
    json_int64(json, "files_written", result->files_written);
    json_int64(json, "bytes_written", result->bytes_written);
    json_int64(json, "source_bytes", result->source_bytes);
}

void ingest_report_write_members(struct json *json, const struct ingest_report *report)
{
    const struct lake_ingest_result *result = &report->result;
    json_text(json, "exchange", result->dataset.exchange);
    json_text(json, "market", result->dataset.market);
    json_text(json, "symbol", result->dataset.symbol);
    json_text(json, "type", result->dataset.type);
    json_text(json, "period", result->dataset.period);
    write_counts(json, result);
    write_findings(json, result);
    write_checks(json, result);
    write_ignored(json, result->ignored_columns);
    json_seconds(json, "seconds", report->seconds);
}

void ingest_report_write_json(struct cli *cli, const struct ingest_report *report)
{
    struct json json = {.out = &cli->out};
    json_open(&json, NULL, '{');
    json_bool(&json, "dry_run", false);
    ingest_report_write_members(&json, report);
    write_known(&json, "snapshot", report->result.snapshot, report->result.snapshot != 0);
    json_bool(&json, "lake_created", report->made_lake);
    json_close(&json, '}');
}
