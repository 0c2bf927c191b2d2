#include <stdio.h>
#include <string.h>

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

struct maintenance_options {
    bool compact, expire, gc, optimize, dry_run, progress;
    struct lake_selection selection;
};

#define AT(member) offsetof(struct maintenance_options, member)

static const struct option options_table[] = {
    {"compact", NULL, OPTION_FLAG, false, NULL, "roll the small files of closed months and years into one each",
     AT(compact)},
    {"expire", NULL, OPTION_FLAG, false, NULL, "remove history that is past its time", AT(expire)},
    {"gc", NULL, OPTION_FLAG, false, NULL, "remove what writers that died left behind", AT(gc)},
    {"optimize", NULL, OPTION_FLAG, false, NULL, "the manifest's own upkeep: statistics, free pages", AT(optimize)},
    {"dry-run", NULL, OPTION_FLAG, false, NULL, "say what would be done, and do nothing", AT(dry_run)},
    SELECTION_OPTIONS(offsetof(struct maintenance_options, selection)),
    {"progress", NULL, OPTION_FLAG, false, NULL, "report progress even where standard error is no terminal",
     AT(progress)},
};

static bool has_compaction(const struct maintenance_options *given)
{
    return given->compact || (!given->expire && !given->gc && !given->optimize);
}

/* ---- what was done, or would be ---- */

static lake_status write_json(struct cli *cli, const struct lake_maintain_result *result, bool dry_run,
                              struct ArrowArrayStream *plan, struct lake_error *err)
{
    struct json json = {.out = &cli->out};
    json_open(&json, NULL, '{');
    json_bool(&json, "dry_run", dry_run);
    json_int64(&json, "files_compacted", result->files_compacted);
    json_int64(&json, "files_made", result->files_made);
    json_int64(&json, "bytes_compacted", result->bytes_compacted);
    json_int64(&json, "bytes_made", result->bytes_made);
    json_int64(&json, "files_expired", result->files_expired);
    json_int64(&json, "bytes_expired", result->bytes_expired);
    json_int64(&json, "orphans_removed", result->orphans_removed);
    json_int64(&json, "orphan_bytes", result->orphan_bytes);
    json_int64(&json, "operations_pruned", result->operations_pruned);
    json_int64(&json, "manifest_bytes_before", result->manifest_bytes_before);
    json_int64(&json, "manifest_bytes_after", result->manifest_bytes_after);
    TRY(json_rows(&json, "plan", plan, err));
    json_close(&json, '}');
    return LAKE_OK;
}

enum { TOTALS_BYTES = 12 * HUMAN_BYTES };

static void add_part(char out[TOTALS_BYTES], const char *text, const char *what, int64_t bytes)
{
    char size[HUMAN_BYTES];
    size_t used = strlen(out);
    snprintf(out + used, TOTALS_BYTES - used, "%s%s %s (%s)", used > 0 ? ", " : "", text, what,
             human_size(bytes, size));
}

/* "366 small files rolled into 12 (17 MB), 3 files of history removed (1.2 MB)", or "nothing" */
static const char *totals(const struct lake_maintain_result *result, char out[TOTALS_BYTES])
{
    char files[HUMAN_BYTES];
    char made[HUMAN_BYTES];
    char rolled[2 * HUMAN_BYTES];
    *out = '\0';
    snprintf(rolled, sizeof rolled, "rolled into %s", human_count(result->files_made, made));
    if (result->files_compacted > 0)
        add_part(out, human_counted(result->files_compacted, "small file", files), rolled, result->bytes_compacted);
    if (result->files_expired > 0)
        add_part(out, human_counted(result->files_expired, "file", files), "of history removed", result->bytes_expired);
    if (result->orphans_removed > 0)
        add_part(out, human_counted(result->orphans_removed, "leftover", files), "removed", result->orphan_bytes);
    if (*out == '\0')
        snprintf(out, TOTALS_BYTES, "nothing");
    return out;
}

static lake_status write_text(struct cli *cli, const struct lake_maintain_result *result, bool dry_run,
                              struct ArrowArrayStream *plan, struct lake_error *err)
{
    char text[TOTALS_BYTES];
    struct view view = {
        .out = &cli->out,
        .style = VIEW_HUMAN,
        .has_colour = cli->terminal.has_colour,
        .width = cli->terminal.width,
        .is_cut = cli->terminal.out_is_terminal && !dry_run,
    };
    TRY(view_stream(&view, plan, err));
    output_printf(&cli->out, "%s: %s\n", dry_run ? "would be done" : "done", totals(result, text));
    return LAKE_OK;
}

static lake_status maintain(struct cli *cli, const struct maintenance_options *given, struct lake *lake,
                            struct lake_error *err)
{
    struct lake_maintain_result result = {.size = sizeof result};
    struct ArrowArrayStream plan = {0};
    struct progress progress;
    progress_begin(&progress, cli, given->progress, "maintaining");
    struct lake_maintain_options options = {
        .size = sizeof options,
        .selection = given->selection,
        .compact = given->compact,
        .expire = given->expire,
        .gc = given->gc,
        .optimize = given->optimize,
        .dry_run = given->dry_run,
        .progress = progress_reporter(&progress),
    };
    char text[TOTALS_BYTES];
    lake_status status = lake_maintain(lake, &options, &result, &plan, err);
    progress_end(&progress);
    if (status == LAKE_CANCELLED)
        return cli_fail(err, status, "interrupted; what was done stays done: %s", totals(&result, text));
    TRY(status);
    if (cli->global.json)
        return write_json(cli, &result, given->dry_run, &plan, err);
    if (!cli->global.quiet || given->dry_run)
        return write_text(cli, &result, given->dry_run, &plan, err);
    plan.release(&plan);
    return LAKE_OK;
}

static lake_status run(struct cli *cli, const void *options, struct lake_error *err)
{
    const struct maintenance_options *given = options;
    struct lake *lake = NULL;
    if (!selection_is_empty(&given->selection) && !has_compaction(given))
        return cli_fail(err, LAKE_INVALID_ARGUMENT,
                        "datasets can be chosen for --compact only; leave the choice out or add --compact");
    TRY(session_open(cli, (struct session_options){.kind = SESSION_READ}, &lake, err));
    lake_status status = maintain(cli, given, lake, err);
    lake_close(lake);
    return status;
}

static const char *const examples[] = {
    "dl maintenance --dry-run",
    "dl maintenance",
    "dl maintenance --compact --symbol BTCUSDT",
    "dl maintenance --expire --gc --json",
    NULL,
};

const struct command command_maintenance = {
    .name = "maintenance",
    .summary = "compacts, expires history, tidies up",
    .description =
        "Looks after the lake: rolls the small files of closed months and years into one each, removes history that is\n"
        "past its time and what dead writers left, and sees to the manifest. All of that, or the parts that are named;\n"
        "--exchange, --symbol, … choose what is compacted. What a scan returns never changes, it is safe beside readers\n"
        "and writers, and can be interrupted: what was done stays done.\n",
    .options = options_table,
    .n_options = sizeof options_table / sizeof *options_table,
    .options_bytes = sizeof(struct maintenance_options),
    .examples = examples,
    .run = run,
};
