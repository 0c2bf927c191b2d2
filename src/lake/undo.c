/* Undoing: the days that one operation changed are set back to their rows as of the snapshot before it.
 *
 * By content, not by file: a day may be undone whose content is still what the operation made of it, whatever became of
 * its files since (compaction, other days of the same file). What the operation changed is looked up again under the lake's
 * lock, before the undo is recorded. */
#include <datalake/history.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/calendar.h"
#include "base/limits.h"
#include "column/feature_period.h"
#include "lake/change_set.h"
#include "lake/lost_rows.h"
#include "manifest/history.h"

/* Later operations that an error names. */
enum { MOST_NAMED = 5 };
/* Operations looked at at once for the latest that changed rows. */
enum { LOG_PAGE = 32 };
enum { ANSWER_BYTES = 64 };

struct undo {
    struct lake *lake;
    struct arena arena;
    struct manifest_log_entry entry;   /* of what is undone */
    struct manifest_content *contents; /* that it made, by dataset and day */
    size_t n;
};

/* ---- which operation ---- */

static lake_status find_latest(struct undo *undo, struct lake_error *err)
{
    struct manifest_log_query query = {.limit = LOG_PAGE};
    struct manifest_log_entry *entries = NULL;
    size_t n = 0;
    do {
        TRY(manifest_list_log(undo->lake->manifest, &query, &undo->arena, &entries, &n, err));
        for (size_t i = 0; i < n; i++) {
            undo->entry = entries[i];
            if (entries[i].operation.n_days > 0)
                return LAKE_OK;
        }
        query.before = n == 0 ? 0 : entries[n - 1].snapshot;
    } while (n > 0);
    return lake_fail(err, LAKE_NOT_FOUND, "there is nothing to undo");
}

static lake_status check_entry(const struct undo *undo, struct lake_error *err)
{
    const struct manifest_log_entry *entry = &undo->entry;
    int64_t n_gone = entry->operation.n_days - (int64_t)undo->n;
    if (entry->operation.n_days == 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "snapshot %" PRId64 " (%s) changed no rows: there is nothing to undo", entry->snapshot,
                         entry->operation.kind);
    if (n_gone > 0)
        return lake_fail(err, LAKE_CONFLICT,
                         "snapshot %" PRId64 " (%s) cannot be undone: later operations changed %" PRId64
                         " of its %" PRId64 " days, and what they replaced has expired",
                         entry->snapshot, entry->operation.kind, n_gone, entry->operation.n_days);
    return LAKE_OK;
}

static lake_status find_operation(struct undo *undo, int64_t snapshot, struct lake_error *err)
{
    struct manifest *manifest = undo->lake->manifest;
    if (snapshot == 0)
        TRY(find_latest(undo, err));
    else
        TRY(manifest_find_log_entry(manifest, snapshot, &undo->arena, &undo->entry, err));
    TRY(manifest_find_contents_of(manifest, undo->entry.snapshot, &undo->arena, &undo->contents, &undo->n, err));
    return check_entry(undo, err);
}

/* Contents [first, end): those of one dataset. */
struct run {
    size_t first, end;
};

/* The run after another; the first after {0, 0}. An empty one ends them. */
static struct run next_run(const struct undo *undo, struct run run)
{
    struct run next = {run.end, run.end};
    while (next.end < undo->n && undo->contents[next.end].dataset_id == undo->contents[next.first].dataset_id)
        next.end++;
    return next;
}

/* ---- later operations on the same days ---- */

struct later {
    int64_t snapshots[MOST_NAMED];
    size_t n;
    int64_t n_days;
    int64_t first_day;
    bool has_more;
};

static void note_later(struct later *later, const struct manifest_content *live)
{
    if (later->n_days++ == 0)
        later->first_day = live->day;
    for (size_t i = 0; i < later->n; i++)
        if (later->snapshots[i] == live->added)
            return;
    if (later->n < MOST_NAMED)
        later->snapshots[later->n++] = live->added;
    else
        later->has_more = true;
}

/* The live contents that a run is held against. */
struct live {
    struct manifest_content *days;
    size_t n;
    bool is_whole; /* a version of features: rows that came under its name on other days are later, too */
};

static lake_status find_live(const struct undo *undo, struct run run, struct arena *arena, struct live *out,
                             struct lake_error *err)
{
    struct manifest *manifest = undo->lake->manifest;
    const struct manifest_content *first = &undo->contents[run.first], *last = &undo->contents[run.end - 1];
    struct manifest_dataset dataset;
    TRY(manifest_get_dataset(manifest, first->dataset_id, arena, &dataset, err));
    out->is_whole = feature_period_is(dataset.period);
    return manifest_find_contents(manifest, first->dataset_id, out->is_whole ? INT64_MIN : first->day,
                                  out->is_whole ? INT64_MAX : last->day + 1, arena, &out->days, &out->n, err);
}

/* Contents of one dataset against what is live of them now. Both are sorted by day. */
static lake_status compare_run(const struct undo *undo, struct run run, struct later *later, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    const struct manifest_content *made = undo->contents;
    struct live live = {NULL, 0, false};
    size_t k = run.first;
    lake_status status = LAKE_OK;
    TRY_OUT(find_live(undo, run, &arena, &live, err));
    for (size_t i = 0; i < live.n; i++) {
        const struct manifest_content *day = &live.days[i];
        while (k < run.end && made[k].day < day->day)
            k++;
        bool is_made = k < run.end && made[k].day == day->day;
        if (is_made ? memcmp(day->sha256, made[k].sha256, SHA256_BYTES) != 0 : live.is_whole && day->n_rows > 0)
            note_later(later, day);
    }
out:
    arena_release(&arena);
    return status;
}

static lake_status append_operation(const struct undo *undo, int64_t snapshot, struct buffer *out,
                                    struct lake_error *err)
{
    struct arena arena = ARENA_INIT(MIB);
    struct manifest_log_entry entry;
    const char *before = out->length == 0 ? "" : ", ";
    lake_status status = manifest_find_log_entry(undo->lake->manifest, snapshot, &arena, &entry, err);
    if (status == LAKE_OK)
        status = buffer_printf(out, err, "%s%" PRId64 " (%s)", before, snapshot, entry.operation.kind);
    else if (status == LAKE_NOT_FOUND) /* no longer in the log */
        status = buffer_printf(out, err, "%s%" PRId64, before, snapshot);
    arena_release(&arena);
    return status;
}

static lake_status fail_later(const struct undo *undo, const struct later *later, struct lake_error *err)
{
    struct buffer names = BUFFER_INIT(KIB);
    const char *text = NULL;
    char day[CALENDAR_TEXT_BYTES];
    lake_status status = LAKE_OK;
    for (size_t i = 0; i < later->n; i++)
        TRY_OUT(append_operation(undo, later->snapshots[i], &names, err));
    TRY_OUT(buffer_string(&names, &text, err));
    calendar_format_day(later->first_day, day);
    status = lake_fail(err, LAKE_CONFLICT,
                       "snapshot %" PRId64 " (%s) cannot be undone: later operations changed %" PRId64
                       " of its days, the first %s: snapshot %s%s; undo those first",
                       undo->entry.snapshot, undo->entry.operation.kind, later->n_days, day, text,
                       later->has_more ? " and more" : "");
out:
    buffer_release(&names);
    return status;
}

/* Whether every day still is what the operation made of it. */
static lake_status check_unchanged(const struct undo *undo, struct lake_error *err)
{
    struct later later = {.n = 0};
    for (struct run run = next_run(undo, (struct run){0, 0}); run.first < run.end; run = next_run(undo, run))
        TRY(compare_run(undo, run, &later, err));
    return later.n_days == 0 ? LAKE_OK : fail_later(undo, &later, err);
}

static lake_status approve(void *context, struct lake_error *err)
{
    const struct undo *undo = context;
    mutex_lock(undo->lake->mutex);
    lake_status status = check_unchanged(undo, err);
    mutex_unlock(undo->lake->mutex);
    return status;
}

/* ---- putting back ---- */

/* Days that follow one another are one range. */
static lake_status add_days(struct undo *undo, struct change_set *set, const struct manifest_dataset *dataset,
                            struct run run, struct lake_error *err)
{
    for (size_t i = run.first, next = i; i < run.end; i = next) {
        while (next < run.end && undo->contents[next].day - undo->contents[i].day == (int64_t)(next - i))
            next++;
        const struct change change = {
            .kind = CHANGE_RESTORE,
            .dataset = dataset,
            .range = {undo->contents[i].day * MS_PER_DAY, (undo->contents[next - 1].day + 1) * MS_PER_DAY},
            .as_of = undo->entry.snapshot - 1,
        };
        TRY(change_set_add(set, &change, err));
    }
    return LAKE_OK;
}

static lake_status add_datasets(struct undo *undo, struct change_set *set, struct lake_error *err)
{
    for (struct run run = next_run(undo, (struct run){0, 0}); run.first < run.end; run = next_run(undo, run)) {
        struct manifest_dataset dataset;
        mutex_lock(undo->lake->mutex);
        lake_status status = manifest_get_dataset(undo->lake->manifest, undo->contents[run.first].dataset_id,
                                                  &undo->arena, &dataset, err);
        mutex_unlock(undo->lake->mutex);
        TRY(status);
        TRY(add_days(undo, set, &dataset, run, err));
    }
    return LAKE_OK;
}

static lake_status check_options(const struct lake_undo_options *options, const struct lake_change_result *result,
                                 struct lake_error *err)
{
    if (options == NULL || options->size != sizeof *options)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the undo options have an unknown size");
    if (result == NULL || result->size != sizeof *result)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the result of an undo has an unknown size");
    if (options->snapshot < 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "there is no snapshot %" PRId64, options->snapshot);
    return LAKE_OK;
}

/* What the operation was, and whether it can be undone, as of one snapshot. */
static lake_status look_up(struct undo *undo, int64_t snapshot, struct lake_error *err)
{
    bool begun = false;
    mutex_lock(undo->lake->mutex);
    lake_status status = manifest_read_begin(undo->lake->manifest, &begun, err);
    if (status == LAKE_OK) {
        status = find_operation(undo, snapshot, err);
        if (status == LAKE_OK)
            status = check_unchanged(undo, err);
        status = manifest_read_end(undo->lake->manifest, begun, status, err);
    }
    mutex_unlock(undo->lake->mutex);
    return status;
}

/* Rows that go again are known to have been there. */
static lake_status record(void *context, const struct commit *commit, struct lake_error *err)
{
    const struct undo *undo = context;
    char answer[ANSWER_BYTES];
    (void)snprintf(answer, sizeof answer, "undo of snapshot %" PRId64, undo->entry.snapshot);
    return lost_rows_put(commit, answer, err);
}

static lake_status run(struct undo *undo, const struct lake_undo_options *options, struct lake_change_result *result,
                       struct lake_error *err)
{
    struct buffer detail = BUFFER_INIT(KIB);
    struct change_set_options set_options = {.kind = "undo",
                                             .undoes = undo->entry.snapshot,
                                             .approve = approve,
                                             .record = record,
                                             .context = undo,
                                             .progress = options->progress};
    struct change_set *set = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(
        buffer_printf(&detail, err, "of snapshot %" PRId64 " (%s)", undo->entry.snapshot, undo->entry.operation.kind));
    TRY_OUT(buffer_string(&detail, &set_options.detail, err));
    TRY_OUT(change_set_new(undo->lake, &set_options, &set, err));
    TRY_OUT(add_datasets(undo, set, err));
    result->of_snapshot = undo->entry.snapshot;
    status = options->dry_run ? change_set_preview(set, result, err) : change_set_commit(set, result, err);
out:
    change_set_free(set);
    buffer_release(&detail);
    return status;
}

lake_status lake_undo(struct lake *lake, const struct lake_undo_options *options, struct lake_change_result *result,
                      struct lake_error *err)
{
    struct undo undo = {.lake = lake, .arena = ARENA_INIT(LIMIT_ENGINE_BYTES)};
    lake_status status = LAKE_OK;
    TRY(check_options(options, result, err));
    status = look_up(&undo, options->snapshot, err);
    if (status == LAKE_OK)
        status = run(&undo, options, result, err);
    arena_release(&undo.arena);
    return status;
}
