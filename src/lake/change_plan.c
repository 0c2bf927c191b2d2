#include "lake/change_plan.h"

#include "base/limits.h"
#include "base/memory.h"
#include "column/time_unit.h"
#include "manifest/history.h"

struct files {
    struct manifest_file *items;
    size_t n;
};

/* ---- look-ups ---- */

static lake_status find_live(const struct change_target *target, struct lake *lake, struct time_range range,
                             struct arena *arena, struct files *out, struct lake_error *err)
{
    int64_t snapshot = 0;
    if (target->dataset.id == 0) /* 0 would stand for all datasets */
        return LAKE_OK;
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_files(lake->manifest, target->dataset.id, range.start_ms, range.end_ms, arena,
                                             &out->items, &out->n, &snapshot, err);
    mutex_unlock(lake->mutex);
    return status;
}

static lake_status find_former(const struct change_target *target, struct lake *lake, const struct change *change,
                               struct arena *arena, struct files *out, struct lake_error *err)
{
    *out = (struct files){NULL, 0};
    if (change->as_of <= 0) /* before there was anything */
        return LAKE_OK;
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_files_at(lake->manifest, target->dataset.id, change->range.start_ms,
                                                change->range.end_ms, change->as_of, arena, &out->items, &out->n, err);
    mutex_unlock(lake->mutex);
    return status;
}

/* ---- places ---- */

/* The range of a file as a partition: its own, or the grain's where it is a piece of one. */
static struct time_range place_of(const struct change_target *target, const struct manifest_file *file)
{
    struct time_range place = {file->partition_start_ms, file->partition_end_ms};
    int64_t start_ms = 0, end_ms = 0;
    partition_bounds(target->grain, place.start_ms, &start_ms, &end_ms);
    place.start_ms = start_ms < place.start_ms ? start_ms : place.start_ms;
    partition_bounds(target->grain, place.end_ms - 1, &start_ms, &end_ms);
    place.end_ms = end_ms > place.end_ms ? end_ms : place.end_ms;
    return place;
}

static lake_status get_place(struct change_target *target, struct partition_set *set, struct time_range place,
                             struct partition **out, struct lake_error *err)
{
    const struct partition like = {
        .dataset = &target->dataset, .grain = target->grain, .start_ms = place.start_ms, .end_ms = place.end_ms};
    return partition_set_get(set, &like, out, err);
}

static bool holds(struct time_range outer, struct time_range inner)
{
    return outer.start_ms <= inner.start_ms && outer.end_ms >= inner.end_ms;
}

/* ---- kinds of change ---- */

static struct time_range whole_range(const struct partition *partition)
{
    return (struct time_range){partition->start_ms, partition->end_ms};
}

static lake_status add_cuts(struct change_target *target, struct partition_set *set, struct time_range range,
                            struct lake_error *err)
{
    size_t first = 0, end = 0;
    partition_set_overlapping(set, &target->dataset, range, &first, &end);
    for (size_t i = first; i < end; i++) {
        struct partition *partition = set->items[i];
        TRY(range_list_add(&partition->cuts, range_intersect(range, whole_range(partition)), err));
    }
    return LAKE_OK;
}

/* All files that go as a whole make one partition, of which nothing is read or written, however many they are. */
static lake_status plan_cut(struct change_target *target, struct partition_set *set, const struct change *change,
                            struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct partition *partition = NULL;
    struct files live = {NULL, 0};
    struct time_range whole = {INT64_MAX, INT64_MIN};
    lake_status status = LAKE_OK;
    TRY_OUT(find_live(target, set->lake, change->range, &arena, &live, err));
    for (size_t i = 0; i < live.n; i++) {
        struct time_range place = place_of(target, &live.items[i]);
        if (!holds(change->range, place)) {
            TRY_OUT(get_place(target, set, place, &partition, err));
            continue;
        }
        whole.start_ms = place.start_ms < whole.start_ms ? place.start_ms : whole.start_ms;
        whole.end_ms = place.end_ms > whole.end_ms ? place.end_ms : whole.end_ms;
    }
    if (whole.start_ms < whole.end_ms)
        TRY_OUT(get_place(target, set, whole, &partition, err));
    status = add_cuts(target, set, change->range, err);
out:
    arena_release(&arena);
    return status;
}

static lake_status get_places(struct change_target *target, struct partition_set *set, const struct files *files,
                              struct lake_error *err)
{
    struct partition *partition = NULL;
    for (size_t i = 0; i < files->n; i++)
        TRY(get_place(target, set, place_of(target, &files->items[i]), &partition, err));
    return LAKE_OK;
}

static lake_status add_restores(struct change_target *target, struct partition_set *set, const struct change *change,
                                struct lake_error *err)
{
    size_t first = 0, end = 0;
    partition_set_overlapping(set, &target->dataset, change->range, &first, &end);
    for (size_t i = first; i < end; i++) {
        struct partition *partition = set->items[i];
        if (partition->restores.n > 0 && (partition->as_of != change->as_of || partition->replacement != change->rows))
            return lake_fail(err, LAKE_INVALID_ARGUMENT, "rows of one file cannot be put back as of two snapshots");
        partition->as_of = change->as_of;
        partition->replacement = change->rows;
        TRY(range_list_add(&partition->restores, range_intersect(change->range, whole_range(partition)), err));
    }
    return LAKE_OK;
}

/* Where there was nothing before, what there is now is cut. */
static lake_status plan_restore(struct change_target *target, struct partition_set *set, const struct change *change,
                                struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct files live = {NULL, 0}, former = {NULL, 0};
    lake_status status = LAKE_OK;
    TRY_OUT(find_former(target, set->lake, change, &arena, &former, err));
    if (former.n == 0) {
        status = plan_cut(target, set, change, err);
        goto out;
    }
    TRY_OUT(find_live(target, set->lake, change->range, &arena, &live, err));
    TRY_OUT(get_places(target, set, &live, err));
    TRY_OUT(get_places(target, set, &former, err));
    status = add_restores(target, set, change, err);
out:
    arena_release(&arena);
    return status;
}

/* The partitions of the grain that rows within the range are to come into. */
static lake_status get_row_places(struct change_target *target, struct partition_set *set, const struct change *change,
                                  struct lake_error *err)
{
    const struct time_values times = {batch_values(change->rows, 0), change->rows->n_rows,
                                      time_unit_per_ms(change->rows->schema->fields[0].type)};
    const int64_t end = time_values_find(&times, change->range.end_ms);
    int64_t row = time_values_find(&times, change->range.start_ms);
    while (row < end) {
        struct partition *partition = NULL;
        struct time_range place = {0, 0};
        partition_bounds(target->grain, time_unit_to_ms(times.values[row], times.per_ms), &place.start_ms,
                         &place.end_ms);
        TRY(get_place(target, set, place, &partition, err));
        row = time_values_find(&times, place.end_ms);
    }
    return LAKE_OK;
}

static lake_status plan_replace(struct change_target *target, struct partition_set *set, const struct change *change,
                                struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct files live = {NULL, 0};
    lake_status status = LAKE_OK;
    if (change->rows == NULL)
        return plan_cut(target, set, change, err);
    TRY_OUT(find_live(target, set->lake, change->range, &arena, &live, err));
    TRY_OUT(get_places(target, set, &live, err));
    TRY_OUT(get_row_places(target, set, change, err));
    status = add_restores(target, set, change, err);
out:
    arena_release(&arena);
    return status;
}

static lake_status plan_roll_up(struct change_target *target, struct partition_set *set, const struct change *change,
                                struct lake_error *err)
{
    struct partition *partition = NULL;
    TRY(get_place(target, set, change->range, &partition, err));
    partition->kind = PARTITION_ROLL_UP;
    return LAKE_OK;
}

lake_status change_plan(struct change_target *target, struct partition_set *set, struct lake_error *err)
{
    static lake_status (*const plans[])(struct change_target *, struct partition_set *, const struct change *,
                                        struct lake_error *) = {
        [CHANGE_CUT] = plan_cut,
        [CHANGE_RESTORE] = plan_restore,
        [CHANGE_REPLACE] = plan_replace,
        [CHANGE_ROLL_UP] = plan_roll_up,
    };
    size_t first = 0, end = 0;
    target->is_planned = false;
    partition_set_remove(set, &target->dataset);
    for (size_t i = 0; i < target->n; i++)
        TRY(plans[target->changes[i].kind](target, set, &target->changes[i], err));
    partition_set_overlapping(set, &target->dataset, (struct time_range){INT64_MIN, INT64_MAX}, &first, &end);
    for (size_t i = first; i < end; i++)
        set->items[i]->is_stale = true;
    target->is_planned = true;
    return LAKE_OK;
}

/* ---- claims ---- */

struct base_walk {
    const struct partition_set *set;
    size_t item, end; /* of the partitions that overlap the range */
    size_t file;      /* of the base of the one at hand */
    struct time_range range;
};

/* The next file that the partitions were made from and that overlaps the range, or NULL. */
static const struct manifest_file *next_base(struct base_walk *walk)
{
    for (; walk->item < walk->end; walk->item++, walk->file = 0) {
        const struct partition *partition = walk->set->items[walk->item];
        while (walk->file < partition->n_base) {
            const struct manifest_file *file = &partition->base[walk->file++];
            if (file->partition_start_ms < walk->range.end_ms && file->partition_end_ms > walk->range.start_ms)
                return file;
        }
    }
    return NULL;
}

static bool are_bases(const struct change_target *target, const struct partition_set *set, struct time_range range,
                      const struct files *live)
{
    struct base_walk walk = {.set = set, .range = range};
    partition_set_overlapping(set, &target->dataset, range, &walk.item, &walk.end);
    for (size_t i = 0; i < live->n; i++) {
        const struct manifest_file *base = next_base(&walk);
        if (base == NULL || base->id != live->items[i].id)
            return false;
    }
    return next_base(&walk) == NULL;
}

lake_status change_plan_check(const struct change_target *target, const struct partition_set *set, bool *is_current,
                              struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    lake_status status = LAKE_OK;
    *is_current = target->is_planned;
    for (size_t i = 0; *is_current && i < target->n; i++) {
        struct files live = {NULL, 0};
        struct time_range range = target->changes[i].range;
        TRY_OUT(find_live(target, set->lake, range, &arena, &live, err));
        *is_current = are_bases(target, set, range, &live);
        arena_reset(&arena);
    }
out:
    arena_release(&arena);
    return status;
}
