#include "ops/derive_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "lake/handle.h"
#include "manifest/history.h"
#include "ops/derive_read.h"

/* Snapshots whose changes are looked at one by one rather than all days. */
enum { MOST_SNAPSHOTS = 64 };

/* A day of derived bars. */
struct day_mark {
    int64_t day;
    bool is_stale;
};

struct day_marks {
    struct day_mark *items;
    size_t n, capacity;
};

struct look {
    struct lake *lake;
    const struct derive_source *source;
    bool anew;
    bool is_quick; /* only what changed since is marked, not all days */
    struct derive_view *view;
    bool has_derivation;
    struct manifest_derivation derivation;
    struct manifest_content *target_days;
    size_t n_target_days;
    struct manifest_lineage *lineage; /* by day, then by source day */
    size_t n_lineage;
    struct day_marks marks;
};

void derive_view_release(struct derive_view *view)
{
    memory_free(view->state.stale.items);
    arena_release(&view->arena);
    *view = (struct derive_view){.snapshot = 0};
}

/* ---- days that rows go into ---- */

static void step_to(struct touched_days *walk, int64_t ts_ms)
{
    walk->bucket = bucket_at(walk->grid, ts_ms);
    walk->day = calendar_day_of_ms(walk->bucket.start_ms);
    walk->has_one = walk->bucket.start_ms <= walk->to_ms;
}

void touched_days_begin(struct touched_days *walk, const struct bucket_grid *grid, int64_t from_ms, int64_t to_ms)
{
    *walk = (struct touched_days){.grid = grid, .to_ms = to_ms};
    step_to(walk, from_ms);
}

/* The first bucket that begins on a later day. */
void touched_days_next(struct touched_days *walk)
{
    int64_t day = walk->day;
    int64_t next_ms = (day + 1) * MS_PER_DAY;
    if (walk->bucket.end_ms > walk->to_ms || next_ms > walk->to_ms) {
        walk->has_one = false;
        return;
    }
    step_to(walk, walk->bucket.end_ms > next_ms ? walk->bucket.end_ms : next_ms);
    if (walk->day == day) /* the bucket that holds midnight */
        step_to(walk, walk->bucket.end_ms);
}

/* ---- marks ---- */

static lake_status mark_day(struct day_marks *marks, int64_t day, bool is_stale, struct lake_error *err)
{
    if (marks->n > 0 && marks->items[marks->n - 1].day == day) {
        marks->items[marks->n - 1].is_stale = marks->items[marks->n - 1].is_stale || is_stale;
        return LAKE_OK;
    }
    if (marks->n == marks->capacity) {
        size_t capacity = marks->capacity * 2 + 64;
        TRY(memory_resize(&marks->items, capacity, sizeof *marks->items, err));
        marks->capacity = capacity;
    }
    marks->items[marks->n++] = (struct day_mark){day, is_stale};
    return LAKE_OK;
}

static int compare_marks(const void *a, const void *b)
{
    const struct day_mark *left = a, *right = b;
    return (left->day > right->day) - (left->day < right->day);
}

/* Each day once, stale where any mark says so. */
static void sort_marks(struct day_marks *marks)
{
    size_t n = 0;
    if (marks->n > 1)
        qsort(marks->items, marks->n, sizeof *marks->items, compare_marks);
    for (size_t i = 0; i < marks->n; i++) {
        if (n > 0 && marks->items[n - 1].day == marks->items[i].day)
            marks->items[n - 1].is_stale = marks->items[n - 1].is_stale || marks->items[i].is_stale;
        else
            marks->items[n++] = marks->items[i];
    }
    marks->n = n;
}

/* Whether a stale mark goes on with the run of the one before it. Where all days were looked at, those without a mark have nothing and part
 * no runs; else they are current. */
static bool goes_on(const struct look *look, size_t mark)
{
    const struct day_mark *items = look->marks.items;
    return items[mark].is_stale && (!look->is_quick || items[mark].day == items[mark - 1].day + 1);
}

/* Runs of stale days. */
static lake_status collect_ranges(struct look *look, struct lake_error *err)
{
    const struct day_marks *marks = &look->marks;
    struct derive_view *view = look->view;
    for (size_t i = 0; i < marks->n; i++) {
        struct time_range range = {marks->items[i].day * MS_PER_DAY, 0};
        if (!marks->items[i].is_stale)
            continue;
        size_t end = i + 1;
        while (end < marks->n && goes_on(look, end))
            end++;
        range.end_ms = (marks->items[end - 1].day + 1) * MS_PER_DAY;
        view->n_days += (int64_t)(end - i);
        TRY(range_list_add(&view->state.stale, range, err));
        i = end - 1;
    }
    return LAKE_OK;
}

/* ---- all days against the lineage ---- */

static const struct manifest_lineage *find_lineage(const struct look *look, int64_t day, int64_t source_day)
{
    size_t low = 0, high = look->n_lineage;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct manifest_lineage *at = &look->lineage[middle];
        if (at->day < day || (at->day == day && at->source_day < source_day))
            low = middle + 1;
        else
            high = middle;
    }
    return low < look->n_lineage && look->lineage[low].day == day ? &look->lineage[low] : NULL;
}

int64_t derive_version_of(const struct manifest_content *days, size_t n, int64_t day)
{
    const struct manifest_content *content = manifest_content_of(days, n, day);
    return content != NULL && content->n_rows > 0 ? content->version : 0;
}

static lake_status mark_by_source(struct look *look, struct lake_error *err)
{
    const struct derive_view *view = look->view;
    struct touched_days walk;
    for (size_t i = 0; i < view->n_source_days; i++) {
        const struct manifest_content *content = &view->source_days[i];
        touched_days_begin(&walk, &look->source->grid, content->time_from_ms, content->time_to_ms);
        for (; walk.has_one; touched_days_next(&walk)) {
            const struct manifest_lineage *known = find_lineage(look, walk.day, content->day);
            TRY(mark_day(&look->marks, walk.day, known == NULL || known->source_day != content->day, err));
        }
    }
    return LAKE_OK;
}

static lake_status mark_by_target(struct look *look, struct lake_error *err)
{
    for (size_t i = 0; i < look->n_target_days; i++) {
        const struct manifest_content *content = &look->target_days[i];
        if (content->n_rows > 0)
            TRY(mark_day(&look->marks, content->day, find_lineage(look, content->day, INT64_MIN) == NULL, err));
    }
    return LAKE_OK;
}

static lake_status mark_by_lineage(struct look *look, struct lake_error *err)
{
    const struct derive_view *view = look->view;
    for (size_t i = 0; i < look->n_lineage; i++) {
        const struct manifest_lineage *known = &look->lineage[i];
        bool is_stale =
            derive_version_of(view->source_days, view->n_source_days, known->source_day) != known->source_version ||
            derive_version_of(look->target_days, look->n_target_days, known->day) != known->version;
        TRY(mark_day(&look->marks, known->day, is_stale, err));
    }
    return LAKE_OK;
}

static void keep_with_rows(struct manifest_content *days, size_t *n)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < *n; i++)
        if (days[i].n_rows > 0)
            days[n_kept++] = days[i];
    *n = n_kept;
}

static lake_status compare_all(struct look *look, struct lake_error *err)
{
    struct derive_view *view = look->view;
    struct manifest *manifest = look->lake->manifest;
    int64_t target = look->source->target.id;
    TRY(manifest_find_contents(manifest, look->source->source.id, INT64_MIN, INT64_MAX, &view->arena,
                               &view->source_days, &view->n_source_days, err));
    keep_with_rows(view->source_days, &view->n_source_days);
    if (target != 0)
        TRY(manifest_find_contents(manifest, target, INT64_MIN, INT64_MAX, &view->arena, &look->target_days,
                                   &look->n_target_days, err));
    if (target != 0 && !look->anew)
        TRY(manifest_find_lineage(manifest, target, INT64_MIN, INT64_MAX, &view->arena, &look->lineage,
                                  &look->n_lineage, err));
    TRY(mark_by_source(look, err));
    TRY(mark_by_target(look, err));
    return mark_by_lineage(look, err);
}

/* ---- what was changed since ---- */

/* A source day that changed makes all days stale whose buckets reach into it: also those that its rows have left. */
static lake_status mark_changed(struct look *look, const struct manifest_content *content, struct lake_error *err)
{
    struct touched_days walk;
    int64_t start_ms = content->day * MS_PER_DAY;
    if (content->dataset_id == look->source->target.id)
        return mark_day(&look->marks, content->day, true, err);
    if (content->dataset_id != look->source->source.id)
        return LAKE_OK;
    touched_days_begin(&walk, &look->source->grid, start_ms, start_ms + MS_PER_DAY - 1);
    for (; walk.has_one; touched_days_next(&walk))
        TRY(mark_day(&look->marks, walk.day, true, err));
    return LAKE_OK;
}

/* `capacity` is of the view's source days, which have room for more of them afterwards. */
static lake_status add_source_days(struct derive_view *view, const struct manifest_content *days, size_t n,
                                   size_t *capacity, struct lake_error *err)
{
    struct manifest_content *all = NULL;
    if (view->n_source_days + n > *capacity) {
        *capacity = 2 * (view->n_source_days + n);
        TRY(arena_new(&view->arena, *capacity, sizeof *all, &all, err));
        if (view->n_source_days > 0)
            memcpy(all, view->source_days, view->n_source_days * sizeof *all);
        view->source_days = all;
    }
    if (n > 0)
        memcpy(view->source_days + view->n_source_days, days, n * sizeof *days);
    view->n_source_days += n;
    return LAKE_OK;
}

/* What the stale days are made of. */
static lake_status find_source_days(struct look *look, struct lake_error *err)
{
    struct derive_view *view = look->view;
    const struct range_list *stale = &view->state.stale;
    size_t capacity = 0;
    for (size_t i = 0; i < stale->n; i++) {
        struct time_range rows = derive_source_range(&look->source->grid, stale->items[i]);
        struct manifest_content *found = NULL;
        size_t n = 0;
        TRY(manifest_find_contents(look->lake->manifest, look->source->source.id, calendar_day_of_ms(rows.start_ms),
                                   calendar_day_of_ms(rows.end_ms - 1) + 1, &view->arena, &found, &n, err));
        keep_with_rows(found, &n);
        while (n > 0 && view->n_source_days > 0 && found->day <= view->source_days[view->n_source_days - 1].day) {
            found++; /* a day that two runs of buckets share */
            n--;
        }
        TRY(add_source_days(view, found, n, &capacity, err));
    }
    return LAKE_OK;
}

static int64_t changed_since(const struct look *look)
{
    const struct manifest_derivation *derivation = &look->derivation;
    return derivation->source_changed < derivation->target_changed ? derivation->source_changed
                                                                   : derivation->target_changed;
}

/* One that was never brought up to date as a whole says so by 0. */
static bool is_recent(const struct look *look)
{
    const struct manifest_derivation *derivation = &look->derivation;
    return !look->anew && look->has_derivation && derivation->source_changed > 0 && derivation->target_changed > 0 &&
           look->view->snapshot - changed_since(look) <= MOST_SNAPSHOTS;
}

static lake_status compare_recent(struct look *look, struct lake_error *err)
{
    const struct manifest_derivation *derivation = &look->derivation;
    struct derive_view *view = look->view;
    for (int64_t snapshot = changed_since(look) + 1; snapshot <= view->snapshot; snapshot++) {
        struct manifest_content *changed = NULL;
        size_t n = 0;
        TRY(manifest_find_contents_of(look->lake->manifest, snapshot, &view->arena, &changed, &n, err));
        for (size_t i = 0; i < n; i++) {
            bool is_target = changed[i].dataset_id == derivation->dataset_id;
            if (snapshot > (is_target ? derivation->target_changed : derivation->source_changed))
                TRY(mark_changed(look, &changed[i], err));
        }
    }
    return LAKE_OK;
}

/* ---- bars that are still open ---- */

static lake_status find_last(struct look *look, const struct manifest_dataset *dataset, int64_t *last_ms,
                             struct lake_error *err)
{
    const struct manifest_filter filter = {dataset->exchange, dataset->market, dataset->symbol, dataset->type,
                                           dataset->period};
    const struct manifest_page page = {NULL, 0};
    struct manifest_totals *totals = NULL;
    size_t n = 0;
    *last_ms = INT64_MIN;
    TRY(manifest_list_totals(look->lake->manifest, &filter, &page, &look->view->arena, &totals, &n, err));
    if (n > 0 && totals[0].n_files > 0)
        *last_ms = totals[0].time_to_ms;
    return LAKE_OK;
}

static lake_status mark_last(struct look *look, struct lake_error *err)
{
    int64_t last_ms = INT64_MIN;
    if (look->source->source_period->length_ms > 0)
        return LAKE_OK;
    TRY(find_last(look, &look->source->source, &last_ms, err));
    look->view->closed_ms = last_ms;
    if (last_ms != INT64_MIN)
        TRY(mark_day(&look->marks, calendar_day_of_ms(bucket_at(&look->source->grid, last_ms).start_ms), true, err));
    TRY(find_last(look, &look->source->target, &last_ms, err));
    return last_ms == INT64_MIN ? LAKE_OK : mark_day(&look->marks, calendar_day_of_ms(last_ms), true, err);
}

/* ---- all of it ---- */

static lake_status find_derivation(struct look *look, struct lake_error *err)
{
    const struct derive_source *source = look->source;
    struct derive_view *view = look->view;
    struct manifest *manifest = look->lake->manifest;
    int64_t last_ms = INT64_MIN;
    TRY(manifest_snapshot(manifest, &view->snapshot, err));
    TRY(manifest_find_changed(manifest, source->source.id, &view->source_changed, err));
    if (source->target.id == 0)
        return LAKE_OK;
    TRY(manifest_find_changed(manifest, source->target.id, &view->target_changed, err));
    TRY(manifest_find_derivation(manifest, source->target.id, &view->arena, &look->derivation, &look->has_derivation,
                                 err));
    if (!look->has_derivation) { /* rows of unknown origin, or none that are left */
        TRY(find_last(look, &source->target, &last_ms, err));
        view->state.is_other = last_ms != INT64_MIN;
        return LAKE_OK;
    }
    view->state.is_stored =
        look->derivation.source_id == source->source.id && strcmp(look->derivation.recipe, source->recipe) == 0;
    view->state.is_other = !view->state.is_stored;
    view->former_recipe = look->derivation.recipe;
    return LAKE_OK;
}

static bool is_current(const struct look *look)
{
    const struct derive_view *view = look->view;
    return !look->anew && view->state.is_stored && look->derivation.source_changed == view->source_changed &&
           look->derivation.target_changed == view->target_changed;
}

static lake_status examine(struct look *look, struct lake_error *err)
{
    struct derive_view *view = look->view;
    TRY(find_derivation(look, err));
    view->state.is_current = is_current(look);
    if (view->state.is_current || (view->state.is_other && !look->anew))
        return LAKE_OK;
    look->is_quick = is_recent(look);
    TRY(look->is_quick ? compare_recent(look, err) : compare_all(look, err));
    TRY(mark_last(look, err));
    sort_marks(&look->marks);
    TRY(collect_ranges(look, err));
    return look->is_quick ? find_source_days(look, err) : LAKE_OK;
}

lake_status derive_view_read(struct lake *lake, const struct derive_source *source, bool anew, struct derive_view *out,
                             struct lake_error *err)
{
    struct look look = {.lake = lake, .source = source, .anew = anew, .view = out};
    bool begun = false;
    *out = (struct derive_view){.arena = ARENA_INIT(LIMIT_ENGINE_BYTES)};
    mutex_lock(lake->mutex);
    lake_status status = manifest_read_begin(lake->manifest, &begun, err);
    if (status == LAKE_OK)
        status = manifest_read_end(lake->manifest, begun, examine(&look, err), err);
    mutex_unlock(lake->mutex);
    memory_free(look.marks.items);
    if (status != LAKE_OK)
        derive_view_release(out);
    return status;
}

lake_status derive_examine(struct lake *lake, const struct derive_source *source, struct derive_state *out,
                           struct lake_error *err)
{
    struct derive_view view;
    *out = (struct derive_state){.is_stored = false};
    TRY(derive_view_read(lake, source, false, &view, err));
    *out = view.state;
    view.state.stale = (struct range_list){NULL, 0};
    derive_view_release(&view);
    return LAKE_OK;
}
