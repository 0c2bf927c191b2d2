#include "lake/compact.h"

#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "column/period.h"
#include "lake/change_set.h"
#include "lake/select.h"

/* A roll-up holds all its rows in memory, twice when it is checked, and the file made: its share of the memory configured, at
 * what a row takes there. */
enum { MEMORY_SHARE = 4, ROW_BYTES = 64 };
/* Files looked up at once. */
enum { FILES_A_LOOK = 256, LABEL_BYTES = 2 * CALENDAR_TEXT_BYTES + 8 };

/* Consecutive files. */
struct run {
    struct time_range range; /* from the start of the first to the end of the last */
    int64_t n_files, n_bytes, n_rows;
};

/* The way through the files of one dataset, in order of time. */
struct walk {
    struct maintenance *maintenance;
    const struct manifest_dataset *dataset;
    enum partition_grain grain; /* of what is made: a month or a year */
    int64_t closed_before_ms;
    struct time_range unit; /* the month or year in which the walk is */
    bool is_split;          /* not all files of the unit that were met are in `group` */
    struct run group;       /* what is to become one file; n_files 0: nothing */
    struct run day;         /* files of the last day met: they stay together */
};

/* ---- one file out of several ---- */

static size_t describe_range(const struct walk *walk, struct time_range range, char out[LABEL_BYTES])
{
    size_t n = calendar_format_day(calendar_day_of_ms(range.start_ms), out);
    if (range.start_ms == walk->unit.start_ms && range.end_ms == walk->unit.end_ms) {
        n = walk->grain == GRAIN_YEAR ? strlen("2026") : strlen("2026-01");
        out[n] = '\0';
        return n;
    }
    memcpy(out + n, " to ", 4);
    return n + 4 + calendar_format_day(calendar_day_of_ms(range.end_ms - 1), out + n + 4);
}

static lake_status describe(const struct walk *walk, struct time_range range, struct buffer *out, const char **text,
                            struct lake_error *err)
{
    const struct manifest_dataset *dataset = walk->dataset;
    char label[LABEL_BYTES];
    (void)describe_range(walk, range, label);
    buffer_clear(out);
    TRY(buffer_printf(out, err, "%s/%s/%s/%s/%s %s", dataset->exchange, dataset->market, dataset->symbol, dataset->type,
                      dataset->period, label));
    return buffer_string(out, text, err);
}

static lake_status commit_roll_up(const struct walk *walk, struct time_range range, const char *detail,
                                  struct lake_change_result *result, struct lake_error *err)
{
    struct change_set_options options = {.kind = "compact", .detail = detail};
    struct change change = {.kind = CHANGE_ROLL_UP, .dataset = walk->dataset, .range = range};
    struct change_set *set = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(change_set_new(walk->maintenance->lake, &options, &set, err));
    TRY_OUT(change_set_add(set, &change, err));
    status = change_set_commit(set, result, err);
out:
    change_set_free(set);
    return status;
}

/* Damage in one file, and a writer who keeps changing a closed month, are no reason to leave the other months as they are. */
static bool may_go_on(lake_status status)
{
    return status == LAKE_CONFLICT || status == LAKE_CORRUPT;
}

static lake_status add_step(const struct walk *walk, const char *what, const struct run *group, int64_t bytes_after,
                            struct lake_error *err)
{
    struct maintain_step step = {"compact", what, group->n_files, group->n_bytes, bytes_after};
    return maintain_add_step(walk->maintenance, &step, err);
}

static lake_status add_failure(const struct walk *walk, struct buffer *text, const char *message,
                               struct lake_error *err)
{
    static const struct run nothing = {.n_files = 0};
    const char *what = NULL;
    TRY(buffer_printf(text, err, ": left as it is: %s", message));
    TRY(buffer_string(text, &what, err));
    return add_step(walk, what, &nothing, 0, err);
}

static lake_status roll_up(const struct walk *walk, const struct run *group, struct time_range range,
                           struct buffer *text, struct lake_error *err)
{
    struct lake_maintain_result *counts = walk->maintenance->result;
    struct lake_change_result result = {.size = sizeof result};
    struct lake_error failure = {0};
    const char *what = NULL;
    TRY(describe(walk, range, text, &what, err));
    if (walk->maintenance->options->dry_run) {
        counts->files_compacted += group->n_files;
        counts->bytes_compacted += group->n_bytes;
        counts->files_made++;
        return add_step(walk, what, group, BYTES_NOT_KNOWN, err);
    }
    lake_status status = commit_roll_up(walk, range, what, &result, &failure);
    if (may_go_on(status) && result.snapshot == 0)
        return add_failure(walk, text, failure.message, err);
    if (status != LAKE_OK)
        return lake_fail(err, status, "%s: %s", what, failure.message);
    if (result.snapshot == 0)
        return LAKE_OK; /* others were here meanwhile */
    /* A writer may have added to it since the group was made up. */
    struct run done = {.range = range, .n_files = result.files_retired, .n_bytes = result.bytes_retired};
    counts->files_compacted += done.n_files;
    counts->bytes_compacted += done.n_bytes;
    counts->files_made += result.files_written;
    counts->bytes_made += result.bytes_written;
    TRY(add_step(walk, what, &done, result.bytes_written, err));
    return maintain_report(walk->maintenance, err);
}

/* Ends the group. Where it holds all of its month or year, the file made answers for that, days without rows included, else
 * for the days that it holds. */
static lake_status end_group(struct walk *walk, struct lake_error *err)
{
    struct buffer text = BUFFER_INIT(LAKE_ERROR_MESSAGE_BYTES + LIMIT_PATH_BYTES);
    struct run group = walk->group;
    lake_status status = LAKE_OK;
    walk->group.n_files = 0;
    if (group.n_files >= 2)
        status = roll_up(walk, &group, walk->is_split ? group.range : walk->unit, &text, err);
    buffer_release(&text);
    return status;
}

/* ---- which files ---- */

static bool fits(const struct walk *walk, const struct run *a, const struct run *b)
{
    const struct lake *lake = walk->maintenance->lake;
    int64_t most_rows = (int64_t)(lake->memory_bytes / MEMORY_SHARE / ROW_BYTES);
    return a->n_bytes + b->n_bytes <= lake->policy.compact_bytes && a->n_rows + b->n_rows <= most_rows;
}

/* Moves the files of a day to the group, or begins a new group with them. */
static lake_status end_day(struct walk *walk, struct lake_error *err)
{
    static const struct run nothing = {.n_files = 0};
    struct run day = walk->day;
    bool is_small = fits(walk, &day, &nothing);
    walk->day.n_files = 0;
    if (day.n_files == 0)
        return LAKE_OK;
    if (walk->group.n_files > 0 && fits(walk, &walk->group, &day)) {
        walk->group.range.end_ms = day.range.end_ms;
        walk->group.n_files += day.n_files;
        walk->group.n_bytes += day.n_bytes;
        walk->group.n_rows += day.n_rows;
        return LAKE_OK;
    }
    walk->is_split = walk->is_split || walk->group.n_files > 0 || !is_small;
    TRY(end_group(walk, err));
    if (is_small)
        walk->group = day;
    return LAKE_OK;
}

static lake_status end_unit(struct walk *walk, struct lake_error *err)
{
    TRY(end_day(walk, err));
    return end_group(walk, err);
}

static void add_to_day(struct run *day, const struct manifest_file *file)
{
    if (day->n_files == 0)
        *day = (struct run){.range = {file->partition_start_ms, 0}};
    day->range.end_ms = file->partition_end_ms;
    day->n_files++;
    day->n_bytes += file->size_bytes;
    day->n_rows += file->n_rows;
}

static bool is_same_day(const struct run *day, const struct manifest_file *file)
{
    return day->n_files > 0 &&
           calendar_day_of_ms(day->range.end_ms - 1) == calendar_day_of_ms(file->partition_start_ms);
}

static lake_status meet_file(struct walk *walk, const struct manifest_file *file, struct lake_error *err)
{
    if (file->partition_start_ms >= walk->unit.end_ms) {
        TRY(end_unit(walk, err));
        partition_bounds(walk->grain, file->partition_start_ms, &walk->unit.start_ms, &walk->unit.end_ms);
        walk->is_split = false;
    }
    if (walk->unit.end_ms > walk->closed_before_ms)
        return LAKE_OK;
    if (!is_same_day(&walk->day, file))
        TRY(end_day(walk, err));
    add_to_day(&walk->day, file);
    return LAKE_OK;
}

/* ---- walking ---- */

static lake_status look_up_files(struct walk *walk, int64_t *after_ms, bool *is_end, struct lake_error *err)
{
    struct lake *lake = walk->maintenance->lake;
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_file *files = NULL;
    size_t n = 0;
    mutex_lock(lake->mutex);
    lake_status status =
        manifest_next_files(lake->manifest, walk->dataset->id, *after_ms, FILES_A_LOOK, &arena, &files, &n, err);
    mutex_unlock(lake->mutex);
    for (size_t i = 0; status == LAKE_OK && i < n; i++) {
        *after_ms = files[i].partition_start_ms;
        status = meet_file(walk, &files[i], err);
    }
    *is_end = n < FILES_A_LOOK;
    arena_release(&arena);
    return status;
}

static int64_t closed_before(const struct lake *lake)
{
    int64_t now_ms = lake->io.ops->now_ms(lake->io.context);
    int64_t after_ms = lake->policy.compact_after_ms;
    return now_ms < INT64_MIN + after_ms ? INT64_MIN : now_ms - after_ms;
}

static lake_status compact_dataset(struct maintenance *maintenance, const struct manifest_dataset *dataset,
                                   struct lake_error *err)
{
    struct walk walk = {.maintenance = maintenance, .dataset = dataset, .unit = {INT64_MIN, INT64_MIN}};
    const struct period *period = NULL;
    int64_t after_ms = INT64_MIN;
    bool is_end = false;
    TRY(period_find(dataset->period, &period, err));
    if (period->grain == GRAIN_YEAR)
        return LAKE_OK;
    walk.grain = period->grain == GRAIN_DAY ? GRAIN_MONTH : GRAIN_YEAR;
    walk.closed_before_ms = closed_before(maintenance->lake);
    while (!is_end)
        TRY(look_up_files(&walk, &after_ms, &is_end, err));
    TRY(end_unit(&walk, err));
    return maintain_report(maintenance, err);
}

static bool selects_all(const struct manifest_filter *filter)
{
    return filter->exchange == NULL && filter->market == NULL && filter->symbol == NULL && filter->type == NULL &&
           filter->period == NULL;
}

lake_status compact_run(struct maintenance *maintenance, struct lake_error *err)
{
    struct lake *lake = maintenance->lake;
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct canonical canonical;
    struct manifest_dataset *datasets = NULL;
    size_t n = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(select_filter(lake, &maintenance->options->selection, &canonical, err));
    mutex_lock(lake->mutex);
    status = manifest_find_datasets(lake->manifest, &canonical.filter, &arena, &datasets, &n, err);
    mutex_unlock(lake->mutex);
    if (status == LAKE_OK && n == 0 && !selects_all(&canonical.filter))
        status = select_fail_not_found(lake, &canonical.filter, err);
    for (size_t i = 0; status == LAKE_OK && i < n; i++)
        status = compact_dataset(maintenance, &datasets[i], err);
out:
    arena_release(&arena);
    return status;
}
