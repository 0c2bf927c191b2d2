/* Absences: what is known about ranges in which rows are missing. Those of one dataset never overlap, so only the last that starts before
 * a range, and the last that starts in it, can reach out of it. */
#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "manifest/absence.h"
#include "manifest/query.h"

/* ---- reasons ---- */

static const char *const reason_names[] = {
    [REASON_NOT_REQUESTED] = "not-requested",
    [REASON_SOURCE_EMPTY] = "source-empty",
    [REASON_BEFORE_LISTING] = "before-listing",
    [REASON_AFTER_DELISTING] = "after-delisting",
    [REASON_VENUE_OUTAGE] = "venue-outage",
    [REASON_CORRUPT_SOURCE] = "corrupt-source",
    [REASON_DELETED] = "deleted",
    [REASON_STILL_OPEN] = "still-open",
    [REASON_NO_SOURCE_BARS] = "no-source-bars",
};
enum { N_REASONS = sizeof reason_names / sizeof *reason_names };

const char *manifest_reason_name(enum manifest_reason reason)
{
    return (size_t)reason < N_REASONS ? reason_names[reason] : "unknown";
}

static lake_status fail_reason(const char *name, struct lake_error *err)
{
    struct buffer choices = BUFFER_INIT(KIB);
    const char *text = "";
    lake_status status = LAKE_OK;
    for (size_t i = 0; i < N_REASONS; i++)
        TRY_OUT(buffer_printf(&choices, err, "%s%s", i == 0 ? "" : ", ", reason_names[i]));
    TRY_OUT(buffer_string(&choices, &text, err));
    status = lake_fail(err, LAKE_INVALID_ARGUMENT, "'%.60s' is no reason of a gap: it is one of %s", name, text);
out:
    buffer_release(&choices);
    return status;
}

lake_status manifest_reason_find(const char *name, enum manifest_reason *out, struct lake_error *err)
{
    for (size_t i = 0; i < N_REASONS; i++)
        if (strcmp(name, reason_names[i]) == 0) {
            *out = (enum manifest_reason)i;
            return LAKE_OK;
        }
    return fail_reason(name, err);
}

static bool is_stored(int64_t reason)
{
    return reason > REASON_NOT_REQUESTED && reason < REASON_NO_SOURCE_BARS;
}

/* ---- reading ---- */

static void read_absence(struct statement *statement, struct arena *arena, void *item)
{
    struct manifest_absence *absence = item;
    absence->dataset_id = statement_take_int64(statement);
    absence->start_ms = statement_take_int64(statement);
    absence->end_ms = statement_take_int64(statement);
    int64_t reason = statement_take_int64(statement);
    if (!is_stored(reason))
        statement_reject(statement, "an unknown reason");
    absence->reason = is_stored(reason) ? (enum manifest_reason)reason : REASON_NOT_REQUESTED;
    absence->operation_id = statement_take_int64(statement);
    absence->snapshot = statement_take_int64(statement);
    absence->asked_ms = statement_take_int64(statement);
    absence->answer = statement_take_text(statement, arena);
    if (absence->start_ms >= absence->end_ms)
        statement_reject(statement, "an absence that is empty");
}

lake_status manifest_find_absences(struct manifest *manifest, int64_t dataset_id, int64_t start_ms, int64_t end_ms,
                                   struct arena *arena, struct manifest_absence **out, size_t *n,
                                   struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(dataset_id), sql_int(start_ms), sql_int(end_ms)};
    const struct query query = {STATEMENT_ABSENCES, values, 3, sizeof **out, read_absence, NULL, NULL};
    return query_collect(manifest, &query, arena, out, n, err);
}

/* ---- writing ---- */

/* The last that starts at or before an instant; end_ms is start_ms where there is none. */
static lake_status find_last(struct manifest *manifest, int64_t dataset_id, int64_t ms, struct arena *arena,
                             struct manifest_absence *out, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(dataset_id), sql_int(ms)};
    const struct query query = {STATEMENT_ABSENCE_BEFORE, values, 2, sizeof *out, read_absence, NULL, NULL};
    struct manifest_absence *found = NULL;
    size_t n = 0;
    *out = (struct manifest_absence){.dataset_id = dataset_id, .start_ms = ms, .end_ms = ms, .answer = ""};
    TRY(query_collect(manifest, &query, arena, &found, &n, err));
    if (n > 0)
        *out = found[0];
    return LAKE_OK;
}

static bool say_the_same(const struct manifest_absence *a, const struct manifest_absence *b)
{
    return a->reason == b->reason && a->operation_id == b->operation_id && a->asked_ms == b->asked_ms &&
           strcmp(a->answer, b->answer) == 0;
}

static lake_status store(struct manifest *manifest, const struct manifest_absence *absence, int64_t start_ms,
                         int64_t end_ms, struct lake_error *err)
{
    const struct sql_value values[] = {
        sql_int(absence->dataset_id),   sql_int(start_ms),          sql_int(end_ms),          sql_int(absence->reason),
        sql_int(absence->operation_id), sql_int(absence->asked_ms), sql_text(absence->answer)};
    if (start_ms >= end_ms)
        return LAKE_OK;
    return statement_execute(manifest, STATEMENT_PUT_ABSENCE, values, 7, err);
}

static lake_status check_absence(const struct manifest_absence *absence, struct lake_error *err)
{
    if (absence->start_ms >= absence->end_ms)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "an absence from %" PRId64 " to %" PRId64 " is empty",
                         absence->start_ms, absence->end_ms);
    if (!is_stored(absence->reason))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "'%s' is not stored as the reason of an absence",
                         manifest_reason_name(absence->reason));
    return LAKE_OK;
}

/* `before` and `after` reach out of the range, or touch it: what they say beyond it stays. */
static lake_status replace(struct manifest *manifest, const struct manifest_absence *absence,
                           const struct manifest_absence *before, const struct manifest_absence *after,
                           struct lake_error *err)
{
    bool joins_before = before->end_ms >= absence->start_ms && say_the_same(before, absence);
    bool joins_after = after->end_ms > absence->end_ms && say_the_same(after, absence);
    int64_t start_ms = joins_before ? before->start_ms : absence->start_ms;
    int64_t end_ms = joins_after ? after->end_ms : absence->end_ms;
    const struct sql_value range[] = {sql_int(absence->dataset_id), sql_int(start_ms), sql_int(end_ms)};
    TRY(statement_execute(manifest, STATEMENT_CLEAR_ABSENCES, range, 3, err));
    if (!joins_before && before->end_ms > absence->start_ms)
        TRY(store(manifest, before, before->start_ms, absence->start_ms, err));
    if (!joins_after && after->start_ms < absence->end_ms)
        TRY(store(manifest, after, absence->end_ms, after->end_ms, err));
    return store(manifest, absence, start_ms, end_ms, err);
}

lake_status manifest_put_absence(struct manifest *manifest, const struct manifest_absence *absence,
                                 struct lake_error *err)
{
    struct arena arena = ARENA_INIT(MIB);
    struct manifest_absence before, after;
    int64_t last_before_ms = absence->start_ms > INT64_MIN ? absence->start_ms - 1 : INT64_MIN;
    lake_status status = LAKE_OK;
    TRY(query_check_begun(manifest, err));
    TRY(check_absence(absence, err));
    TRY_OUT(find_last(manifest, absence->dataset_id, last_before_ms, &arena, &before, err));
    TRY_OUT(find_last(manifest, absence->dataset_id, absence->end_ms, &arena, &after, err));
    TRY_OUT(replace(manifest, absence, &before, &after, err));
out:
    arena_release(&arena);
    return status;
}
