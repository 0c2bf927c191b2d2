/* Reading as of a snapshot: right or refused, never wrong. */
#include <inttypes.h>

#include "base/calendar.h"
#include "manifest/history.h"
#include "manifest/query.h"

/* A range of a dataset, in a snapshot. */
struct place {
    int64_t dataset_id;
    int64_t from_ms, to_ms;
    int64_t snapshot;
};

struct mark {
    int64_t start_ms;
    int64_t last; /* the first snapshot that can be read; 0: there is no mark */
};

/* The earliest mark in the place. */
static lake_status find_mark(struct manifest *manifest, const struct place *place, struct mark *out,
                             struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(place->dataset_id), sql_int(place->from_ms), sql_int(place->to_ms),
                                       sql_int(place->snapshot)};
    struct statement *statement = NULL;
    bool has_row = false;
    lake_status status = LAKE_OK;
    *out = (struct mark){0, 0};
    TRY_OUT(statement_get(manifest, STATEMENT_EXPIRED_AT, &statement, err));
    TRY_OUT(statement_bind(statement, values, 4, err));
    TRY_OUT(statement_step(statement, &has_row, err));
    if (has_row) {
        out->start_ms = statement_take_int64(statement);
        out->last = statement_take_int64(statement);
    }
    TRY_OUT(statement_check(statement, err));
out:
    statement_reset(statement);
    return status;
}

/* What expired of a day may have been several files, one after the other. */
static lake_status fail_expired(struct manifest *manifest, const struct place *place, const struct mark *mark,
                                struct lake_error *err)
{
    char day[CALENDAR_TEXT_BYTES];
    int64_t start_ms = mark->start_ms > place->from_ms ? mark->start_ms : place->from_ms;
    int64_t start_day = calendar_day_of_ms(start_ms);
    struct place there = {place->dataset_id, start_day * MS_PER_DAY, (start_day + 1) * MS_PER_DAY, mark->last};
    struct mark next;
    for (;;) {
        TRY(find_mark(manifest, &there, &next, err));
        if (next.last == 0)
            break;
        there.snapshot = next.last;
    }
    calendar_format_day(start_day, day);
    return lake_fail(err, LAKE_NOT_FOUND,
                     "what snapshot %" PRId64 " held on %s has expired; the first that can be read there is %" PRId64,
                     place->snapshot, day, there.snapshot);
}

static lake_status refuse_expired(struct manifest *manifest, const struct place *place, struct lake_error *err)
{
    struct mark mark;
    TRY(find_mark(manifest, place, &mark, err));
    return mark.last == 0 ? LAKE_OK : fail_expired(manifest, place, &mark, err);
}

/* Days from callers may be as far away as INT64_MIN and INT64_MAX. */
static int64_t ms_of_day(int64_t day)
{
    if (day > INT64_MAX / MS_PER_DAY)
        return INT64_MAX;
    return day < INT64_MIN / MS_PER_DAY ? INT64_MIN : day * MS_PER_DAY;
}

lake_status manifest_find_files_at(struct manifest *manifest, int64_t dataset_id, int64_t from_ms, int64_t to_ms,
                                   int64_t snapshot, struct arena *arena, struct manifest_file **out, size_t *n,
                                   struct lake_error *err)
{
    const struct place place = {dataset_id, from_ms, to_ms, snapshot};
    const struct sql_value values[] = {sql_int(dataset_id), sql_int(from_ms), sql_int(to_ms), sql_int(snapshot)};
    const struct query query = {STATEMENT_FILES_AT, values, 4, sizeof **out, query_read_file, NULL, NULL};
    bool begun = false;
    lake_status status = LAKE_OK;
    *out = NULL;
    *n = 0;
    TRY(manifest_read_begin(manifest, &begun, err));
    TRY_OUT(refuse_expired(manifest, &place, err));
    TRY_OUT(query_collect(manifest, &query, arena, out, n, err));
out:
    return manifest_read_end(manifest, begun, status, err);
}

lake_status manifest_find_contents_at(struct manifest *manifest, int64_t dataset_id, int64_t from_day, int64_t to_day,
                                      int64_t snapshot, struct arena *arena, struct manifest_content **out, size_t *n,
                                      struct lake_error *err)
{
    const struct place place = {dataset_id, ms_of_day(from_day), ms_of_day(to_day), snapshot};
    const struct sql_value values[] = {sql_int(dataset_id), sql_int(from_day), sql_int(to_day), sql_int(snapshot)};
    const struct query query = {STATEMENT_CONTENTS_AT, values, 4, sizeof **out, query_read_content, NULL, NULL};
    bool begun = false;
    lake_status status = LAKE_OK;
    *out = NULL;
    *n = 0;
    TRY(manifest_read_begin(manifest, &begun, err));
    TRY_OUT(refuse_expired(manifest, &place, err));
    TRY_OUT(query_collect(manifest, &query, arena, out, n, err));
out:
    return manifest_read_end(manifest, begun, status, err);
}

/* ---- totals ---- */

static void read_sums(struct statement *statement, struct manifest_totals *totals)
{
    totals->n_files = statement_take_int64(statement);
    totals->time_from_ms = statement_take_int64_or(statement, 0);
    totals->time_to_ms = statement_take_int64_or(statement, 0);
    totals->n_rows = statement_take_int64_or(statement, 0);
    totals->size_bytes = statement_take_int64_or(statement, 0);
    totals->n_days = statement_take_int64(statement);
    totals->last_change_ms = statement_take_int64_or(statement, 0);
}

static lake_status sum_dataset(struct manifest *manifest, int64_t snapshot, struct manifest_totals *totals,
                               struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(totals->dataset.id), sql_int(snapshot)};
    const struct place everywhere = {totals->dataset.id, INT64_MIN, INT64_MAX, snapshot};
    struct statement *statement = NULL;
    bool has_row = false;
    lake_status status = LAKE_OK;
    TRY(refuse_expired(manifest, &everywhere, err));
    TRY_OUT(statement_get(manifest, STATEMENT_SUMS_AT, &statement, err));
    TRY_OUT(statement_bind(statement, values, 2, err));
    TRY_OUT(statement_step(statement, &has_row, err));
    if (has_row)
        read_sums(statement, totals);
    TRY_OUT(statement_check(statement, err));
out:
    statement_reset(statement);
    return status;
}

static lake_status sum_datasets(struct manifest *manifest, int64_t snapshot, const struct manifest_dataset *datasets,
                                size_t n_datasets, struct manifest_totals *totals, struct lake_error *err)
{
    for (size_t i = 0; i < n_datasets; i++) {
        totals[i].dataset = datasets[i];
        lake_status status = sum_dataset(manifest, snapshot, &totals[i], err);
        if (status == LAKE_NOT_FOUND)
            return lake_fail_prefix(err, status, "%s %s %s %s %s", datasets[i].exchange, datasets[i].market,
                                    datasets[i].symbol, datasets[i].type, datasets[i].period);
        TRY(status);
    }
    return LAKE_OK;
}

static size_t drop_absent(struct manifest_totals *totals, size_t n)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < n; i++)
        if (totals[i].n_files > 0)
            totals[n_kept++] = totals[i];
    return n_kept;
}

lake_status manifest_list_totals_at(struct manifest *manifest, const struct manifest_filter *filter, int64_t snapshot,
                                    struct arena *arena, struct manifest_totals **out, size_t *n,
                                    struct lake_error *err)
{
    struct manifest_dataset *datasets = NULL;
    size_t n_datasets = 0;
    bool begun = false;
    lake_status status = LAKE_OK;
    *out = NULL;
    *n = 0;
    TRY(manifest_read_begin(manifest, &begun, err));
    TRY_OUT(manifest_find_datasets(manifest, filter, arena, &datasets, &n_datasets, err));
    TRY_OUT(arena_new(arena, n_datasets, sizeof **out, out, err));
    TRY_OUT(sum_datasets(manifest, snapshot, datasets, n_datasets, *out, err));
    *n = drop_absent(*out, n_datasets);
out:
    return manifest_read_end(manifest, begun, status, err);
}
