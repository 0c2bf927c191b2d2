#include "ops/gap_walk.h"

#include <inttypes.h>
#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "lake/holes.h"
#include "lake/types.h"
#include "manifest/history.h"
#include "ops/bucket.h"

/* Days of one page: one of minutes has at most 720 holes. */
enum { PAGE_DAYS = 512, LONGEST_BAR_DAYS = 31 };

/* ---- gaps ---- */

static bool know_the_same(const struct gap *a, const struct gap *b)
{
    if (a->reason != b->reason || (a->absence == NULL) != (b->absence == NULL))
        return false;
    return a->absence == NULL ||
           (a->absence->operation_id == b->absence->operation_id && a->absence->asked_ms == b->absence->asked_ms &&
            strcmp(a->absence->answer, b->absence->answer) == 0);
}

static lake_status give(struct gap_walk *walk, struct gap *gap, int64_t first_slot, int64_t end_slot,
                        struct lake_error *err)
{
    const struct gap_sink *sink = walk->sink;
    gap->n_bars = end_slot - first_slot;
    gap->start_ms = bar_slots_time(&gap->grid, first_slot);
    gap->end_ms = bar_slots_time(&gap->grid, end_slot);
    return gap->n_bars == 0 ? LAKE_OK : sink->gap(sink->context, &walk->at->dataset, gap, err);
}

/* The absence that holds the time, or the next one behind it; NULL: there is none. Times only ever rise. */
static const struct manifest_absence *find_absence(struct gap_walk *walk, int64_t ts_ms)
{
    const struct gap_days *page = &walk->page;
    while (walk->next_absence < page->n_absences && page->absences[walk->next_absence].end_ms <= ts_ms)
        walk->next_absence++;
    return walk->next_absence < page->n_absences ? &page->absences[walk->next_absence] : NULL;
}

static enum manifest_reason reason_of_unknown(const struct gap_walk *walk)
{
    return gap_is_derived(&walk->at->dataset) ? REASON_NO_SOURCE_BARS : REASON_NOT_REQUESTED;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t clamp(int64_t ms)
{
    return ms < BUCKET_FIRST_MS ? BUCKET_FIRST_MS : least(ms, BUCKET_END_MS);
}

/* What is known of slots from `slot` on; returns where that ends, at most end_slot. */
static int64_t look(struct gap_walk *walk, struct gap *gap, int64_t slot, int64_t end_slot)
{
    int64_t ts_ms = bar_slots_time(&gap->grid, slot), open_slot = bar_slots_find(&gap->grid, walk->now_ms);
    const struct manifest_absence *absence = find_absence(walk, ts_ms);
    gap->absence = NULL;
    if (absence != NULL && absence->start_ms <= ts_ms) {
        gap->absence = absence;
        gap->reason = absence->reason;
        return least(bar_slots_from(&gap->grid, clamp(absence->end_ms)), end_slot);
    }
    if (absence != NULL)
        end_slot = least(bar_slots_from(&gap->grid, clamp(absence->start_ms)), end_slot);
    gap->reason = slot < open_slot ? reason_of_unknown(walk) : REASON_STILL_OPEN;
    return slot < open_slot ? least(open_slot, end_slot) : end_slot;
}

/* Slots [first, end) of the grid, as far as they lie in the range that was asked for. */
static lake_status add_gap(struct gap_walk *walk, const struct bar_slots *grid, int64_t first, int64_t end,
                           struct lake_error *err)
{
    struct gap whole = {.grid = *grid}, piece = {.grid = *grid};
    if (walk->has_start && bar_slots_time(grid, first) < walk->start_ms)
        first = bar_slots_from(grid, walk->start_ms);
    if (walk->has_end && first < end && bar_slots_time(grid, end - 1) >= walk->end_ms)
        end = bar_slots_from(grid, walk->end_ms);
    int64_t from = first;
    for (int64_t slot = first; slot < end;) {
        int64_t next = look(walk, &piece, slot, end);
        if (slot > from && !know_the_same(&whole, &piece)) {
            TRY(give(walk, &whole, from, slot, err));
            from = slot;
        }
        if (slot == from)
            whole = piece;
        slot = next;
    }
    return first < end ? give(walk, &whole, from, end, err) : LAKE_OK;
}

/* ---- the bars of a day ---- */

static bool is_inside(const struct gap_walk *walk, int64_t ts_ms)
{
    return (!walk->has_start || ts_ms >= walk->start_ms) && (!walk->has_end || ts_ms < walk->end_ms);
}

/* Slots of [first, end) that lie in the range. */
static int64_t count_slots(const struct gap_walk *walk, const struct bar_slots *grid, int64_t first, int64_t end)
{
    int64_t from = walk->has_start ? bar_slots_from(grid, walk->start_ms) : first;
    int64_t to = walk->has_end ? bar_slots_from(grid, walk->end_ms) : end;
    from = from > first ? from : first;
    to = least(to, end);
    return from < to ? to - from : 0;
}

/* Before its first bar: behind the bar before, or from where the range begins. */
static lake_status add_gap_before(struct gap_walk *walk, int64_t first_ms, struct lake_error *err)
{
    struct bar_slots grid = {walk->period, walk->has_bar ? walk->last_ms : first_ms};
    if (walk->has_bar)
        return add_gap(walk, &grid, 1, bar_slots_find(&grid, first_ms), err);
    return walk->has_start ? add_gap(walk, &grid, bar_slots_from(&grid, walk->start_ms), 0, err) : LAKE_OK;
}

static lake_status fail_holes(const struct gap_walk *walk, const struct manifest_content *day, lake_status status,
                              struct lake_error *err)
{
    const struct manifest_dataset *dataset = &walk->at->dataset;
    char text[CALENDAR_TEXT_BYTES];
    calendar_format_day(day->day, text);
    return lake_fail_prefix(err, status, "%s/%s/%s/%s/%s on %s", dataset->exchange, dataset->market, dataset->symbol,
                            dataset->type, dataset->period, text);
}

/* Between its bars; takes them off the slots that are present. */
static lake_status add_holes(struct gap_walk *walk, const struct manifest_content *day, int64_t *n_present,
                             struct lake_error *err)
{
    const struct bar_slots grid = {walk->period, day->time_from_ms};
    struct holes_reader holes;
    struct hole hole;
    bool has_hole = true;
    holes_begin(&holes, walk->period, day->time_from_ms, day->holes, day->n_holes_bytes);
    while (has_hole) {
        lake_status status = holes_next(&holes, &hole, &has_hole, err);
        if (status != LAKE_OK)
            return fail_holes(walk, day, status, err);
        if (!has_hole)
            break;
        int64_t first = bar_slots_find(&grid, hole.start_ms), end = bar_slots_find(&grid, hole.end_ms);
        TRY(add_gap(walk, &grid, first, end, err));
        *n_present -= count_slots(walk, &grid, first, end);
    }
    return LAKE_OK;
}

static lake_status add_day(struct gap_walk *walk, const struct manifest_content *day, struct lake_error *err)
{
    const struct gap_sink *sink = walk->sink;
    const struct bar_slots grid = {walk->period, day->time_from_ms};
    int64_t n_present = count_slots(walk, &grid, 0, bar_slots_find(&grid, day->time_to_ms) + 1);
    TRY(add_gap_before(walk, day->time_from_ms, err));
    TRY(add_holes(walk, day, &n_present, err));
    walk->has_bar = true;
    walk->last_ms = day->time_to_ms;
    if (is_inside(walk, day->time_from_ms) && is_inside(walk, day->time_to_ms))
        n_present = day->n_rows; /* off the grid several may share a slot */
    return n_present > 0 ? sink->bars(sink->context, &walk->at->dataset, day->time_from_ms, n_present, err) : LAKE_OK;
}

/* ---- a dataset ---- */

/* Without a bar in the range the grid is that of bars elsewhere, else that of 1970, where weeks begin on Mondays. */
static struct bar_slots grid_without_bars(const struct gap_walk *walk)
{
    int64_t monday = calendar_day_from_date((struct calendar_date){1970, 1, 5}) * MS_PER_DAY;
    bool is_week = walk->period->length_ms == 7 * MS_PER_DAY;
    bool has_rows = walk->at->n_rows > 0;
    return (struct bar_slots){walk->period, has_rows ? walk->at->time_from_ms : is_week ? monday : 0};
}

static lake_status read_page(struct gap_walk *walk, int64_t from_day, int64_t to_day, struct lake_error *err)
{
    const struct gap_question question = {walk->list.lake, &walk->at->dataset, walk->period, walk->list.as_of};
    struct gap_span span = {from_day, to_day, from_day * MS_PER_DAY};
    if (walk->has_bar)
        span.since_ms = least(walk->last_ms, span.since_ms);
    else if (walk->has_start)
        span.since_ms = least(walk->start_ms, span.since_ms);
    walk->next_absence = 0;
    return gap_days_read(&question, span, &walk->page, err);
}

/* Behind its last bar, where the range goes on. */
static lake_status finish_dataset(struct gap_walk *walk, struct lake_error *err)
{
    lake_status status = LAKE_OK;
    if (walk->has_end) {
        struct bar_slots grid =
            walk->has_bar ? (struct bar_slots){walk->period, walk->last_ms} : grid_without_bars(walk);
        bool is_known = walk->has_bar || walk->has_start;
        int64_t end_day = calendar_day_of_ms(walk->end_ms - 1) + 1;
        int64_t first = walk->has_bar ? 1 : bar_slots_from(&grid, walk->start_ms);
        status = read_page(walk, end_day, end_day, err);
        if (status == LAKE_OK && is_known)
            status = add_gap(walk, &grid, first, bar_slots_from(&grid, walk->end_ms), err);
    }
    walk->at = NULL;
    return status;
}

/* All its days are walked over, so a manifest that gives it more than there are is not believed. Derived bars may begin before their rows. */
static lake_status check_times(const struct manifest_totals *totals, struct lake_error *err)
{
    const int64_t least_ms = BUCKET_FIRST_MS - LONGEST_BAR_DAYS * MS_PER_DAY;
    const struct manifest_dataset *dataset = &totals->dataset;
    bool is_ordered = totals->time_from_ms <= totals->time_to_ms;
    if (totals->n_rows == 0 || (is_ordered && totals->time_from_ms >= least_ms && totals->time_to_ms < BUCKET_END_MS))
        return LAKE_OK;
    return lake_fail(err, LAKE_CORRUPT,
                     "%s/%s/%s/%s/%s: the manifest has its rows from %" PRId64 " ms to %" PRId64
                     " ms, outside the years 1 to 9999",
                     dataset->exchange, dataset->market, dataset->symbol, dataset->type, dataset->period,
                     totals->time_from_ms, totals->time_to_ms);
}

static lake_status enter(struct gap_walk *walk, const struct manifest_totals *totals, struct lake_error *err)
{
    TRY(check_times(totals, err));
    TRY(period_find(totals->dataset.period, &walk->period, err));
    walk->at = totals;
    walk->has_bar = false;
    walk->n_datasets++;
    walk->next_day = calendar_day_of_ms(totals->time_from_ms);
    walk->end_day = totals->n_rows == 0 ? walk->next_day : calendar_day_of_ms(totals->time_to_ms) + 1;
    if (walk->has_start && calendar_day_of_ms(walk->start_ms) > walk->next_day)
        walk->next_day = calendar_day_of_ms(walk->start_ms);
    if (walk->has_end)
        walk->end_day = least(walk->end_day, calendar_day_of_ms(walk->end_ms - 1) + 1);
    return LAKE_OK;
}

static lake_status add_page(struct gap_walk *walk, struct lake_error *err)
{
    int64_t from_day = walk->next_day, to_day = least(from_day + PAGE_DAYS, walk->end_day);
    walk->next_day = to_day;
    TRY(read_page(walk, from_day, to_day, err));
    for (size_t i = 0; i < walk->page.n; i++)
        TRY(add_day(walk, &walk->page.days[i], err));
    return LAKE_OK;
}

/* ---- datasets ---- */

/* As of a snapshot all come at once. */
static lake_status find_totals(struct gap_walk *walk, struct lake_error *err)
{
    struct list *list = &walk->list;
    struct manifest *manifest = list->lake->manifest;
    const struct manifest_filter *filter = &list->canonical.filter;
    const struct manifest_page page = {list->has_after ? &list->after : NULL, PAGE_ROWS};
    arena_reset(&walk->arena);
    walk->next = 0;
    mutex_lock(list->lake->mutex);
    lake_status status =
        list->as_of == 0
            ? manifest_list_totals(manifest, filter, &page, &walk->arena, &walk->totals, &walk->n_totals, err)
            : manifest_list_totals_at(manifest, filter, list->as_of, &walk->arena, &walk->totals, &walk->n_totals, err);
    mutex_unlock(list->lake->mutex);
    TRY(status);
    walk->is_last_page = list->as_of != 0 || walk->n_totals < PAGE_ROWS;
    if (walk->n_totals > 0)
        TRY(list_move_after(list, &walk->totals[walk->n_totals - 1].dataset, err));
    return LAKE_OK;
}

lake_status gap_walk_step(struct gap_walk *walk, const struct gap_sink *sink, bool *more, struct lake_error *err)
{
    walk->sink = sink;
    *more = true;
    if (walk->at != NULL)
        return walk->next_day < walk->end_day ? add_page(walk, err) : finish_dataset(walk, err);
    if (walk->next < walk->n_totals)
        return enter(walk, &walk->totals[walk->next++], err);
    *more = !walk->is_last_page;
    return *more ? find_totals(walk, err) : LAKE_OK;
}

/* ---- the question ---- */

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static lake_status check_bars(struct lake *lake, const struct manifest_filter *filter, struct lake_error *err)
{
    const struct data_type *type = NULL;
    const struct period *period = NULL;
    TRY(lake_type_find(lake, filter->type, &type, err));
    if (!type->has_period)
        return lake_fail(
            err, LAKE_INVALID_ARGUMENT,
            "'%s' has no grid of times, so no row of it can be missing: gaps are of bars, raw or agg, and of types with a "
            "period",
            type->name);
    if (filter->period == NULL)
        return LAKE_OK;
    TRY(period_find(filter->period, &period, err));
    if (!bar_slots_has(period))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "'%s' is no period of bars; they are 1m to 1mo", period->name);
    return LAKE_OK;
}

static lake_status init_range(struct gap_walk *walk, const struct lake_gaps_options *options, struct lake_error *err)
{
    if (options->has_start && options->has_end && options->end_ms <= options->start_ms)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the end of the range is not after its start");
    walk->has_start = options->has_start;
    walk->has_end = options->has_end;
    walk->start_ms = clamp(options->start_ms);
    walk->end_ms = clamp(options->end_ms);
    return LAKE_OK;
}

static bool names_something(const struct lake_selection *selection)
{
    return is_given(selection->exchange) || is_given(selection->market) || is_given(selection->symbol) ||
           is_given(selection->type) || is_given(selection->period);
}

static lake_status find_first(struct gap_walk *walk, const struct lake_gaps_options *options, struct lake_error *err)
{
    struct lake *lake = walk->list.lake;
    struct lake_list_options list = {.size = sizeof list, .selection = options->selection, .as_of = options->as_of};
    if (!is_given(list.selection.type))
        list.selection.type = "raw";
    TRY(list_init(&walk->list, lake, &list, err));
    TRY(check_bars(lake, &walk->list.canonical.filter, err));
    TRY(find_totals(walk, err));
    if (walk->n_totals == 0 && names_something(&options->selection))
        return select_fail_not_found(lake, &walk->list.canonical.filter, err);
    return LAKE_OK;
}

lake_status gap_walk_init(struct gap_walk *walk, struct lake *lake, const struct lake_gaps_options *options,
                          struct lake_error *err)
{
    *walk = (struct gap_walk){.list = {.lake = lake}, .now_ms = lake->io.ops->now_ms(lake->io.context)};
    arena_init(&walk->arena, LIMIT_ENGINE_BYTES);
    gap_days_init(&walk->page);
    lake_status status = init_range(walk, options, err);
    if (status == LAKE_OK)
        status = find_first(walk, options, err);
    if (status != LAKE_OK)
        gap_walk_release(walk);
    return status;
}

void gap_walk_release(struct gap_walk *walk)
{
    gap_days_release(&walk->page);
    arena_release(&walk->arena);
}
