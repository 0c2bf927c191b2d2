#include "lake/lost_rows.h"

#include "base/memory.h"
#include "lake/bar_slots.h"
#include "lake/holes.h"
#include "manifest/history.h"

/* Ranges that one day adds at most: as many as a day of minutes can fall into. */
enum { MOST_RANGES = 720 };

/* The stretches of a day without a hole, one by one. */
struct stretches {
    const struct period *period;
    const struct manifest_content *content; /* NULL, or without rows: there are none */
    struct holes_reader holes;
    int64_t next_ms; /* where the next one begins */
    bool is_over;
};

static void begin(struct stretches *stretches, const struct period *period, const struct manifest_content *content)
{
    *stretches = (struct stretches){.period = period, .content = content};
    stretches->is_over = content == NULL || content->n_rows == 0;
    if (stretches->is_over)
        return;
    stretches->next_ms = content->time_from_ms;
    holes_begin(&stretches->holes, period, content->time_from_ms, content->holes, content->n_holes_bytes);
}

/* An empty range at the end. */
static lake_status next(struct stretches *stretches, struct time_range *out, struct lake_error *err)
{
    struct hole hole = {0, 0};
    bool has_hole = false;
    *out = (struct time_range){INT64_MAX, INT64_MAX};
    if (stretches->is_over)
        return LAKE_OK;
    TRY(holes_next(&stretches->holes, &hole, &has_hole, err));
    const struct bar_slots last = {stretches->period, stretches->content->time_to_ms};
    *out = (struct time_range){stretches->next_ms, has_hole ? hole.start_ms : bar_slots_time(&last, 1)};
    stretches->next_ms = hole.end_ms;
    stretches->is_over = !has_hole;
    return LAKE_OK;
}

/* What stretches before have that those after have not; ranges beyond MOST_RANGES are joined to the last one. */
struct lost {
    struct time_range ranges[MOST_RANGES];
    size_t n;
    bool is_cut;
};

static void add(struct lost *lost, int64_t start_ms, int64_t end_ms)
{
    if (start_ms >= end_ms)
        return;
    if (lost->n == MOST_RANGES) {
        lost->ranges[lost->n - 1].end_ms = end_ms;
        lost->is_cut = true;
        return;
    }
    lost->ranges[lost->n++] = (struct time_range){start_ms, end_ms};
}

static lake_status subtract(struct stretches *before, struct stretches *after, struct lost *lost,
                            struct lake_error *err)
{
    struct time_range had, has;
    TRY(next(before, &had, err));
    TRY(next(after, &has, err));
    while (had.start_ms < had.end_ms) {
        if (has.end_ms <= had.start_ms && has.start_ms < has.end_ms) {
            TRY(next(after, &has, err));
            continue;
        }
        int64_t end_ms = has.start_ms < had.end_ms ? has.start_ms : had.end_ms;
        add(lost, had.start_ms, end_ms);
        had.start_ms = has.start_ms < had.end_ms ? has.end_ms : had.end_ms;
        if (had.start_ms >= had.end_ms)
            TRY(next(before, &had, err));
    }
    return LAKE_OK;
}

lake_status lost_rows_put_day(struct manifest *manifest, const struct lost_day *day,
                              const struct manifest_absence *like, struct lake_error *err)
{
    const struct period *period = NULL;
    struct stretches before, after;
    struct lost lost = {.n = 0};
    TRY(period_find(day->dataset->period, &period, err));
    if (!bar_slots_has(period))
        return LAKE_OK;
    begin(&before, period, day->before);
    begin(&after, period, day->after);
    TRY(subtract(&before, &after, &lost, err));
    if (lost.is_cut) {
        lost.ranges[0].end_ms = lost.ranges[lost.n - 1].end_ms;
        lost.n = 1;
    }
    for (size_t i = 0; i < lost.n; i++) {
        struct manifest_absence absence = *like;
        absence.dataset_id = day->dataset->id;
        absence.start_ms = lost.ranges[i].start_ms;
        absence.end_ms = lost.ranges[i].end_ms;
        TRY(manifest_put_absence(manifest, &absence, err));
    }
    return LAKE_OK;
}

/* ---- of a commit ---- */

static lake_status put_partition(const struct commit *commit, const struct partition *partition,
                                 const struct manifest_absence *like, struct lake_error *err)
{
    for (size_t i = 0; i < partition->n_days; i++) {
        struct manifest_content after = content_describe(&partition->days[i], &partition->holes);
        const struct manifest_content *before =
            manifest_content_of(partition->base_days, partition->n_base_days, after.day);
        const struct lost_day day = {partition->dataset, before, &after};
        TRY(lost_rows_put_day(commit->set->lake->manifest, &day, like, err));
    }
    return LAKE_OK;
}

lake_status lost_rows_put(const struct commit *commit, const char *answer, struct lake_error *err)
{
    const struct partition_set *set = commit->set;
    const struct manifest_absence like = {
        .reason = REASON_DELETED,
        .operation_id = commit->operation->id,
        .asked_ms = commit->operation->finished_ms,
        .answer = answer,
    };
    for (size_t i = 0; i < set->n; i++)
        if (set->items[i]->is_changed)
            TRY(put_partition(commit, set->items[i], &like, err));
    return LAKE_OK;
}
