#include "ops/gap_days.h"

#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "lake/holes.h"
#include "lake/scan.h"
#include "manifest/history.h"
#include "manifest/knowledge.h"

void gap_days_init(struct gap_days *page)
{
    *page = (struct gap_days){.n = 0};
    arena_init(&page->arena, LIMIT_ENGINE_BYTES);
    buffer_init(&page->holes, LIMIT_ENGINE_BYTES);
}

void gap_days_release(struct gap_days *page)
{
    arena_release(&page->arena);
    buffer_release(&page->holes);
}

/* ---- what the manifest knows ---- */

bool gap_is_derived(const struct manifest_dataset *dataset)
{
    return strcmp(dataset->type, "agg") == 0;
}

/* Later knowledge is none of an earlier snapshot; and derived bars that were deleted before the last derivation would have come back,
 * if there were source bars for them. */
static lake_status keep_known(const struct gap_question *question, struct gap_days *page, struct lake_error *err)
{
    struct manifest_derivation derivation = {.target_changed = 0};
    bool is_found = false;
    size_t n = 0;
    if (gap_is_derived(question->dataset) && page->n_absences > 0)
        TRY(manifest_find_derivation(question->lake->manifest, question->dataset->id, &page->arena, &derivation,
                                     &is_found, err));
    bool is_later = question->as_of != 0 && derivation.target_changed > question->as_of;
    int64_t settled = is_found && !is_later ? derivation.target_changed : 0;
    for (size_t i = 0; i < page->n_absences; i++) {
        int64_t snapshot = page->absences[i].snapshot;
        if ((question->as_of == 0 || snapshot <= question->as_of) && (settled == 0 || snapshot > settled))
            page->absences[n++] = page->absences[i];
    }
    page->n_absences = n;
    return LAKE_OK;
}

static void keep_with_rows(struct gap_days *page)
{
    size_t n = 0;
    for (size_t i = 0; i < page->n; i++)
        if (page->days[i].n_rows > 0)
            page->days[n++] = page->days[i];
    page->n = n;
}

static lake_status look_up(const struct gap_question *question, struct gap_span span, struct gap_days *page,
                           struct lake_error *err)
{
    struct manifest *manifest = question->lake->manifest;
    int64_t id = question->dataset->id;
    if (question->as_of == 0)
        TRY(manifest_find_contents(manifest, id, span.from_day, span.to_day, &page->arena, &page->days, &page->n, err));
    else
        TRY(manifest_find_contents_at(manifest, id, span.from_day, span.to_day, question->as_of, &page->arena,
                                      &page->days, &page->n, err));
    TRY(manifest_find_absences(manifest, id, span.since_ms, span.to_day * MS_PER_DAY, &page->arena, &page->absences,
                               &page->n_absences, err));
    return keep_known(question, page, err);
}

static lake_status look_up_at_once(const struct gap_question *question, struct gap_span span, struct gap_days *page,
                                   struct lake_error *err)
{
    struct lake *lake = question->lake;
    bool begun = false;
    mutex_lock(lake->mutex);
    lake_status status = manifest_read_begin(lake->manifest, &begun, err);
    if (status == LAKE_OK)
        status = manifest_read_end(lake->manifest, begun, look_up(question, span, page, err), err);
    mutex_unlock(lake->mutex);
    return status;
}

/* ---- days whose holes were never recorded ---- */

static bool is_unknown(const struct period *period, const struct manifest_content *day)
{
    if (day->holes != NULL || period->length_ms == 0 || period->length_ms >= MS_PER_DAY)
        return false;
    return day->n_rows < (day->time_to_ms - day->time_from_ms) / period->length_ms + 1;
}

struct times {
    int64_t *values;
    size_t n;
    int64_t per_ms;
};

static lake_status read_batches(struct scan *scan, struct times *times, struct lake_error *err)
{
    struct batch batch = {0};
    const struct schema *schema = scan_get_schema(scan);
    times->per_ms = schema->n_fields == 0 ? 0 : time_unit_per_ms(schema->fields[0].type);
    if (times->per_ms == 0)
        return lake_fail(err, LAKE_CORRUPT, "the first column is not a timestamp");
    TRY(memory_resize(&times->values, (size_t)scan_rows(scan), sizeof *times->values, err));
    for (;;) {
        TRY(scan_next(scan, &batch, err));
        if (batch.release == NULL)
            return LAKE_OK;
        const int64_t *values = batch_values(&batch, 0);
        for (int64_t i = 0; i < batch.n_rows; i++)
            times->values[times->n++] = values[i];
        batch_release(&batch);
    }
}

static lake_status read_times(const struct gap_question *question, int64_t from_day, int64_t to_day,
                              struct times *times, struct lake_error *err)
{
    static const char *const only_time[] = {"ts"};
    const struct manifest_dataset *dataset = question->dataset;
    const struct scan_options options = {
        .query = {.selection = {dataset->exchange, dataset->market, dataset->symbol, dataset->type, dataset->period},
                  .start_ms = from_day * MS_PER_DAY,
                  .end_ms = to_day * MS_PER_DAY,
                  .as_of = question->as_of},
        .columns = only_time,
        .n_columns = 1};
    struct scan *scan = NULL;
    times->n = 0;
    TRY(scan_open(question->lake, &options, &scan, err));
    lake_status status = read_batches(scan, times, err);
    scan_close(scan);
    return status;
}

/* Where the holes of each day begin in the buffer: it may move while it grows. */
static lake_status encode_days(const struct gap_question *question, const struct times *times,
                               struct manifest_content *days, size_t n, struct gap_days *page, struct lake_error *err)
{
    const struct time_values all = {times->values, (int64_t)times->n, times->per_ms};
    for (size_t i = 0; i < n; i++) {
        int64_t first = time_values_find(&all, days[i].day * MS_PER_DAY);
        int64_t end = time_values_find(&all, (days[i].day + 1) * MS_PER_DAY);
        const struct time_values of_day = {all.values + first, end - first, all.per_ms};
        size_t before = page->holes.length;
        TRY(holes_encode(question->period, &of_day, &page->holes, err));
        days[i].n_holes_bytes = page->holes.length - before;
    }
    return LAKE_OK;
}

/* Unknown days that follow one another, from the i-th on, in one scan. */
static lake_status read_run(const struct gap_question *question, struct gap_days *page, size_t first, size_t end,
                            struct times *times, struct lake_error *err)
{
    struct manifest_content *days = page->days + first;
    TRY(read_times(question, days[0].day, page->days[end - 1].day + 1, times, err));
    return encode_days(question, times, days, end - first, page, err);
}

static lake_status read_unknown(const struct gap_question *question, struct gap_days *page, struct lake_error *err)
{
    struct times times = {NULL, 0, 1};
    lake_status status = LAKE_OK;
    for (size_t first = 0, end = 0; first < page->n; first = end) {
        for (end = first; end < page->n && is_unknown(question->period, &page->days[end]);)
            end++;
        if (end > first)
            TRY_OUT(read_run(question, page, first, end, &times, err));
        else
            end++;
    }
out:
    memory_free(times.values);
    return status;
}

/* The buffer does not move any more. */
static void point_to_holes(const struct gap_question *question, struct gap_days *page)
{
    const uint8_t *at = page->holes.data;
    for (size_t i = 0; i < page->n; i++) {
        if (!is_unknown(question->period, &page->days[i]) || page->days[i].n_holes_bytes == 0)
            continue;
        page->days[i].holes = at;
        at += page->days[i].n_holes_bytes;
    }
}

lake_status gap_days_read(const struct gap_question *question, struct gap_span span, struct gap_days *page,
                          struct lake_error *err)
{
    arena_reset(&page->arena);
    buffer_clear(&page->holes);
    TRY(look_up_at_once(question, span, page, err));
    keep_with_rows(page);
    TRY(read_unknown(question, page, err));
    point_to_holes(question, page);
    return LAKE_OK;
}
