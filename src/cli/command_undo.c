#include <inttypes.h>
#include <stdio.h>

#include <datalake/history.h>

#include "change.h"
#include "command.h"
#include "confirm.h"
#include "human.h"
#include "progress.h"
#include "report.h"
#include "row_cursor.h"
#include "session.h"

struct undo_options {
    bool dry_run, yes, progress;
};

#define AT(member) offsetof(struct undo_options, member)

static const struct option options_table[] = {
    {"dry-run", NULL, OPTION_FLAG, false, NULL, "say what would be undone, and undo nothing", AT(dry_run)},
    {"yes", NULL, OPTION_FLAG, false, NULL, "do not ask", AT(yes)},
    {"progress", NULL, OPTION_FLAG, false, NULL, "report progress even where standard error is no terminal",
     AT(progress)},
};

/* The operation that is undone, in words. */
struct described {
    char operation[64], committed[HUMAN_BYTES], datasets[DATASET_NAME_BYTES];
};

static lake_status describe(struct lake *lake, int64_t snapshot, struct described *out, struct lake_error *err)
{
    struct lake_log_options options = {.size = sizeof options, .limit = 1, .before = snapshot + 1};
    struct ArrowArrayStream stream = {0};
    struct row_cursor cursor = {.stream = &stream};
    bool has_row = false;
    lake_status status = LAKE_OK;

    TRY_OUT(lake_log(lake, &options, &stream, err));
    TRY_OUT(row_cursor_begin(&cursor, err));
    TRY_OUT(row_cursor_next(&cursor, &has_row, err));
    if (has_row) {
        char committed[HUMAN_BYTES];
        row_cursor_text(&cursor, "operation", out->operation, sizeof out->operation);
        row_cursor_text(&cursor, "committed", committed, sizeof committed);
        row_cursor_text(&cursor, "datasets", out->datasets, sizeof out->datasets);
        human_time(committed, out->committed);
    }
out:
    row_cursor_release(&cursor);
    return status;
}

/* "snapshot 7 (delete of BINANCE FUTURES BTCUSDT raw 1m, 2026-01-31 09:30): 4,330 rows put back, 0 removed, 4 days" */
enum { EFFECT_BYTES = 2 * DATASET_NAME_BYTES };

static lake_status effect(struct lake *lake, const struct lake_change_result *result, char out[EFFECT_BYTES],
                          struct lake_error *err)
{
    struct described what = {"", "", ""};
    char restored[HUMAN_BYTES];
    char removed[HUMAN_BYTES];
    char days[HUMAN_BYTES];
    TRY(describe(lake, result->of_snapshot, &what, err));
    snprintf(out, EFFECT_BYTES, "snapshot %" PRId64 " (%s%s%s, %s): %s put back, %s removed, %s", result->of_snapshot,
             what.operation, *what.datasets != '\0' ? " of " : "", what.datasets, what.committed,
             human_counted(result->rows_restored, "row", restored), human_count(result->rows_removed, removed),
             human_counted(result->n_days, "day", days));
    return LAKE_OK;
}

static lake_status ask(struct lake *lake, struct lake_undo_options options, struct progress *progress,
                       struct lake_error *err)
{
    char text[EFFECT_BYTES];
    char question[EFFECT_BYTES + HUMAN_BYTES];
    struct lake_change_result result = {.size = sizeof result};
    options.dry_run = true;
    TRY(lake_undo(lake, &options, &result, err));
    TRY(effect(lake, &result, text, err));
    progress_end(progress);
    snprintf(question, sizeof question, "undo %s?", text);
    return confirm_ask(question, err);
}

static void write_json(struct cli *cli, const struct lake_change_result *result, bool dry_run)
{
    struct json json = {.out = &cli->out};
    json_open(&json, NULL, '{');
    json_bool(&json, "dry_run", dry_run);
    json_int64(&json, "of_snapshot", result->of_snapshot);
    change_write_json(&json, result);
    json_close(&json, '}');
}

static lake_status write_text(struct cli *cli, struct lake *lake, const struct lake_change_result *result, bool dry_run,
                              struct lake_error *err)
{
    char text[EFFECT_BYTES];
    TRY(effect(lake, result, text, err));
    output_printf(&cli->out, "%s %s\n", dry_run ? "would undo" : "undone:", text);
    if (result->snapshot != 0)
        change_write_snapshot(cli, result);
    return LAKE_OK;
}

static lake_status undo(struct cli *cli, struct lake *lake, const struct lake_undo_options *options,
                        struct progress *progress, struct lake_error *err)
{
    struct lake_change_result result = {.size = sizeof result};
    lake_status status = lake_undo(lake, options, &result, err);
    progress_end(progress);
    if (status == LAKE_CANCELLED)
        return cli_fail(err, status, "interrupted; nothing was undone, the lake is as it was");
    TRY(status);
    if (cli->global.json)
        write_json(cli, &result, options->dry_run);
    else if (!cli->global.quiet || options->dry_run)
        return write_text(cli, lake, &result, options->dry_run, err);
    return LAKE_OK;
}

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    const struct undo_options *given = options;
    const char *text = cli->arguments.n > 0 ? cli->arguments.items[0] : NULL;
    struct lake_undo_options what = {.size = sizeof what, .dry_run = given->dry_run};
    struct progress progress;
    struct lake *lake = NULL;
    lake_status status = LAKE_OK;

    TRY(session_open(cli, (struct session_options){.kind = SESSION_READ}, &lake, err));
    progress_begin(&progress, cli, given->progress, "undoing");
    what.progress = progress_reporter(&progress);
    TRY_OUT(session_find_snapshot(lake, text, &what.snapshot, err));
    if (!given->dry_run && confirm_is_wanted(cli, given->yes))
        TRY_OUT(ask(lake, what, &progress, err));
    TRY_OUT(undo(cli, lake, &what, &progress, err));
out:
    progress_end(&progress);
    lake_close(lake);
    return status;
}

static const char *const examples[] = {"dl undo --dry-run", "dl undo 1 --dry-run", "dl undo --yes", NULL};

const struct command command_undo = {
    .name = "undo",
    .summary = "puts back what an operation changed",
    .description =
        "Puts the days that an operation changed back to what they held before it, as a new snapshot: the latest\n"
        "operation that changed rows, or the one that made SNAPSHOT (a number or a name; see 'dl log'). Where later\n"
        "operations changed the same days it refuses and names them: undo those first. An undo can be undone.\n",
    .argument = "SNAPSHOT",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .options_bytes = sizeof(struct undo_options),
    .examples = examples,
    .run = run,
};
