#include "lake/partition.h"

#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"

void partition_release(struct partition *partition)
{
    batch_builder_free(partition->rows);
    for (size_t i = 0; i < partition->n_incoming; i++)
        memory_free(partition->incoming[i].path);
    memory_free(partition->incoming);
    memory_free(partition->cuts.items);
    memory_free(partition->restores.items);
    arena_release(&partition->base_arena);
    memory_free(partition->path);
    memory_free(partition->days);
    buffer_release(&partition->holes);
    *partition = (struct partition){0};
}

/* ---- what is stored ---- */

/* Live files nest: days in months in years. One that reaches out holds the whole partition, or lies at an edge of a range that is
 * no partition of its own; either way the next look-up sees more. */
static bool widen(struct partition *partition)
{
    bool is_wider = false;
    for (size_t i = 0; i < partition->n_base; i++) {
        const struct manifest_file *file = &partition->base[i];
        if (file->partition_start_ms >= partition->start_ms && file->partition_end_ms <= partition->end_ms)
            continue;
        if (file->partition_start_ms < partition->start_ms)
            partition->start_ms = file->partition_start_ms;
        if (file->partition_end_ms > partition->end_ms)
            partition->end_ms = file->partition_end_ms;
        is_wider = true;
    }
    return is_wider;
}

static lake_status look_up(struct partition *partition, struct lake *lake, struct lake_error *err)
{
    int64_t snapshot = 0;
    int64_t dataset_id = partition->dataset->id;
    do {
        arena_release(&partition->base_arena);
        arena_init(&partition->base_arena, LIMIT_ENGINE_BYTES);
        TRY(manifest_find_files(lake->manifest, dataset_id, partition->start_ms, partition->end_ms,
                                &partition->base_arena, &partition->base, &partition->n_base, &snapshot, err));
    } while (widen(partition));
    if (partition->n_base == 0)
        return LAKE_OK;
    return manifest_find_contents(lake->manifest, dataset_id, calendar_day_of_ms(partition->start_ms),
                                  calendar_day_of_ms(partition->end_ms - 1) + 1, &partition->base_arena,
                                  &partition->base_days, &partition->n_base_days, err);
}

lake_status partition_find_base(struct partition *partition, struct lake *lake, struct lake_error *err)
{
    bool begun = false;
    lake_status status = LAKE_OK;
    partition->n_base = 0;
    partition->n_base_days = 0;
    if (partition->dataset->id == 0)
        return LAKE_OK;
    mutex_lock(lake->mutex);
    status = manifest_read_begin(lake->manifest, &begun, err);
    if (status == LAKE_OK)
        status = manifest_read_end(lake->manifest, begun, look_up(partition, lake, err), err);
    mutex_unlock(lake->mutex);
    if (status != LAKE_OK)
        partition->n_base = partition->n_base_days = 0;
    return status;
}

lake_status partition_check_base(const struct partition *partition, struct lake *lake, bool *is_current,
                                 struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_file *live = NULL;
    size_t n_live = 0;
    int64_t snapshot = 0;
    lake_status status = LAKE_OK;
    *is_current = partition->n_base == 0;
    if (partition->dataset->id == 0)
        return LAKE_OK;
    status = manifest_find_files(lake->manifest, partition->dataset->id, partition->start_ms, partition->end_ms, &arena,
                                 &live, &n_live, &snapshot, err);
    *is_current = n_live == partition->n_base;
    for (size_t i = 0; *is_current && i < n_live; i++)
        *is_current = live[i].id == partition->base[i].id;
    arena_release(&arena);
    return status;
}

bool partition_drops_file(const struct partition *partition, const struct manifest_file *file)
{
    for (size_t i = 0; i < partition->cuts.n; i++)
        if (partition->cuts.items[i].start_ms <= file->time_from_ms &&
            partition->cuts.items[i].end_ms > file->time_to_ms)
            return true;
    return false;
}

/* ---- ranges ---- */

struct time_range range_intersect(struct time_range a, struct time_range b)
{
    return (struct time_range){a.start_ms > b.start_ms ? a.start_ms : b.start_ms,
                               a.end_ms < b.end_ms ? a.end_ms : b.end_ms};
}

/* Joins item i with those after it that it touches. */
static void join_following(struct range_list *list, size_t i)
{
    struct time_range *item = &list->items[i];
    size_t next = i + 1;
    for (; next < list->n && list->items[next].start_ms <= item->end_ms; next++)
        if (list->items[next].end_ms > item->end_ms)
            item->end_ms = list->items[next].end_ms;
    memmove(item + 1, list->items + next, (list->n - next) * sizeof *item);
    list->n -= next - (i + 1);
}

lake_status range_list_add(struct range_list *list, struct time_range range, struct lake_error *err)
{
    size_t at = 0;
    if (range.end_ms <= range.start_ms)
        return LAKE_OK;
    TRY(memory_resize(&list->items, list->n + 1, sizeof *list->items, err));
    while (at < list->n && list->items[at].start_ms <= range.start_ms)
        at++;
    memmove(list->items + at + 1, list->items + at, (list->n - at) * sizeof *list->items);
    list->items[at] = range;
    list->n++;
    join_following(list, at == 0 ? 0 : at - 1);
    if (at < list->n)
        join_following(list, at);
    return LAKE_OK;
}
