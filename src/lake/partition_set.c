#include "lake/partition_set.h"

#include <string.h>

#include "base/memory.h"

enum { FIRST_CAPACITY = 64 };
/* Times that what is stored may be superseded, and removed, while it is being read. */
enum { STAGE_ATTEMPTS = 8 };

struct stage_job {
    struct partition_set *set;
    struct partition **partitions;
    size_t n;
    lake_status (*run)(struct stage_job *job, struct partition *partition, struct partition_tools *tools,
                       struct lake_error *err);
    struct pool_loop *loop; /* in the background; NULL: none */
};

lake_status partition_set_init(struct partition_set *set, struct lake *lake, const char *purpose,
                               struct lake_error *err)
{
    *set = (struct partition_set){.lake = lake, .purpose = purpose};
    return memory_new(pool_threads(lake->pool), sizeof(struct partition_tools *), &set->tools, err);
}

static void free_partition(struct partition *partition)
{
    partition_release(partition);
    memory_free(partition);
}

static void free_job(struct stage_job *job)
{
    if (job == NULL)
        return;
    memory_free(job->partitions);
    memory_free(job);
}

void partition_set_release(struct partition_set *set)
{
    lake_status ignored = LAKE_OK;
    if (set->background != NULL)
        ignored = pool_end(set->lake->pool, &set->background->loop, NULL);
    (void)ignored;
    free_job(set->background);
    for (size_t i = 0; i < set->n; i++)
        free_partition(set->items[i]);
    while (set->absorbed != NULL) {
        struct partition *next = set->absorbed->next;
        free_partition(set->absorbed);
        set->absorbed = next;
    }
    for (size_t i = 0; set->tools != NULL && i < pool_threads(set->lake->pool); i++)
        partition_tools_free(set->tools[i]);
    staging_close(&set->staging);
    memory_free(set->items);
    memory_free(set->tools);
    *set = (struct partition_set){0};
}

/* ---- order ---- */

/* By names: the ids of datasets that are not there yet are filled in while their partitions are in order. */
static int compare_datasets(const struct manifest_dataset *a, const struct manifest_dataset *b)
{
    int order = strcmp(a->exchange, b->exchange);
    order = order != 0 ? order : strcmp(a->market, b->market);
    order = order != 0 ? order : strcmp(a->symbol, b->symbol);
    order = order != 0 ? order : strcmp(a->type, b->type);
    return order != 0 ? order : strcmp(a->period, b->period);
}

/* Whether a partition lies wholly before an instant of a dataset. */
static bool lies_before(const struct partition *partition, const struct manifest_dataset *dataset, int64_t ms)
{
    if (partition->dataset != dataset)
        return compare_datasets(partition->dataset, dataset) < 0;
    return partition->end_ms <= ms;
}

/* The first item that ends after an instant of a dataset. */
static size_t find_place(const struct partition_set *set, const struct manifest_dataset *dataset, int64_t ms)
{
    size_t low = 0, high = set->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (lies_before(set->items[middle], dataset, ms))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void partition_set_overlapping(const struct partition_set *set, const struct manifest_dataset *dataset,
                               struct time_range range, size_t *first, size_t *end)
{
    *first = *end = find_place(set, dataset, range.start_ms);
    while (*end < set->n && set->items[*end]->dataset == dataset && set->items[*end]->start_ms < range.end_ms)
        (*end)++;
}

struct partition *partition_set_find(const struct partition_set *set, const struct manifest_dataset *dataset,
                                     int64_t ts_ms)
{
    size_t at = find_place(set, dataset, ts_ms);
    bool found = at < set->n && set->items[at]->dataset == dataset && set->items[at]->start_ms <= ts_ms;
    return found ? set->items[at] : NULL;
}

/* ---- growing over others ---- */

static lake_status take_rows(struct partition *to, struct partition *from, struct lake_error *err)
{
    struct batch rows = {0};
    if (from->rows == NULL || to->rows == NULL) {
        to->rows = to->rows == NULL ? from->rows : to->rows;
        from->rows = NULL;
        return LAKE_OK;
    }
    TRY(batch_builder_take(from->rows, &rows, err));
    lake_status status = batch_builder_append(to->rows, &rows, 0, rows.n_rows, err);
    batch_release(&rows);
    return status;
}

static lake_status take_incoming(struct partition *to, struct partition *from, struct lake_error *err)
{
    TRY(memory_resize(&to->incoming, to->n_incoming + from->n_incoming, sizeof *to->incoming, err));
    for (size_t i = 0; i < from->n_incoming; i++)
        to->incoming[to->n_incoming++] = from->incoming[i];
    from->n_incoming = 0;
    return LAKE_OK;
}

static lake_status take_ranges(struct range_list *to, const struct range_list *from, struct lake_error *err)
{
    for (size_t i = 0; i < from->n; i++)
        TRY(range_list_add(to, from->items[i], err));
    return LAKE_OK;
}

/* All that one was told to do becomes the other's task. Their times do not meet, so order between them does not matter. What was
 * staged for it stays in staging until the write ends. */
static lake_status absorb(struct partition_set *set, struct partition *to, struct partition *from,
                          struct lake_error *err)
{
    TRY(take_rows(to, from, err));
    TRY(take_incoming(to, from, err));
    TRY(take_ranges(&to->cuts, &from->cuts, err));
    TRY(take_ranges(&to->restores, &from->restores, err));
    if (from->restores.n > 0)
        to->as_of = from->as_of;
    if (from->replacement != NULL)
        to->replacement = from->replacement;
    if (from->kind == PARTITION_ROLL_UP && to->kind == PARTITION_MERGE && to->cuts.n == 0 && to->restores.n == 0)
        to->kind = PARTITION_ROLL_UP;
    to->counts.n_settled += from->counts.n_settled;
    to->was_staged = to->was_staged || from->was_staged;
    partition_release(from);
    to->is_stale = true;
    from->is_absorbed = true;
    from->next = set->absorbed;
    set->absorbed = from;
    return LAKE_OK;
}

/* Absorbs the items that a partition (itself an item, or about to be one) overlaps. They are taken out one by one, so that the
 * set is whole also when this fails in between. */
static lake_status absorb_overlapping(struct partition_set *set, struct partition *partition, struct lake_error *err)
{
    const struct time_range range = {partition->start_ms, partition->end_ms};
    size_t first = 0, end = 0;
    partition_set_overlapping(set, partition->dataset, range, &first, &end);
    for (size_t i = first; i < end;) {
        struct partition *other = set->items[i];
        if (other == partition) {
            i++;
            continue;
        }
        TRY(absorb(set, partition, other, err));
        memmove(set->items + i, set->items + i + 1, (set->n - i - 1) * sizeof *set->items);
        set->n--;
        end--;
    }
    return LAKE_OK;
}

/* A range that is to be one partition reaches as far as those it overlaps. */
static void widen_over(const struct partition_set *set, struct partition *partition)
{
    const struct time_range range = {partition->start_ms, partition->end_ms};
    size_t first = 0, end = 0;
    partition_set_overlapping(set, partition->dataset, range, &first, &end);
    if (first == end)
        return;
    if (set->items[first]->start_ms < partition->start_ms)
        partition->start_ms = set->items[first]->start_ms;
    if (set->items[end - 1]->end_ms > partition->end_ms)
        partition->end_ms = set->items[end - 1]->end_ms;
}

static lake_status insert(struct partition_set *set, struct partition *partition, struct lake_error *err)
{
    if (set->n == set->capacity) {
        size_t capacity = set->capacity == 0 ? FIRST_CAPACITY : set->capacity * 2;
        TRY(memory_resize(&set->items, capacity, sizeof *set->items, err));
        set->capacity = capacity;
    }
    TRY(absorb_overlapping(set, partition, err));
    size_t at = find_place(set, partition->dataset, partition->start_ms);
    memmove(set->items + at + 1, set->items + at, (set->n - at) * sizeof *set->items);
    set->items[at] = partition;
    set->n++;
    return LAKE_OK;
}

static bool overlaps_any(const struct partition_set *set, const struct partition *partition)
{
    const struct time_range range = {partition->start_ms, partition->end_ms};
    size_t first = 0, end = 0;
    partition_set_overlapping(set, partition->dataset, range, &first, &end);
    return first < end;
}

lake_status partition_set_get(struct partition_set *set, const struct partition *like, struct partition **out,
                              struct lake_error *err)
{
    struct partition *partition = partition_set_find(set, like->dataset, like->start_ms);
    *out = partition;
    if (partition != NULL && partition->end_ms >= like->end_ms)
        return LAKE_OK;
    if (overlaps_any(set, like))
        TRY(partition_set_end_stage(set, err)); /* it may be those that are absorbed */
    TRY(memory_new(1, sizeof *partition, &partition, err));
    partition->dataset = like->dataset;
    partition->grain = like->grain;
    partition->is_alone = like->is_alone;
    partition->start_ms = like->start_ms;
    partition->end_ms = like->end_ms;
    widen_over(set, partition);
    lake_status status = insert(set, partition, err);
    if (status != LAKE_OK)
        free_partition(partition);
    *out = status == LAKE_OK ? partition : NULL;
    return status;
}

void partition_set_remove(struct partition_set *set, const struct manifest_dataset *dataset)
{
    size_t n = 0;
    for (size_t i = 0; i < set->n; i++) {
        if (set->items[i]->dataset == dataset)
            free_partition(set->items[i]);
        else
            set->items[n++] = set->items[i];
    }
    set->n = n;
}

/* ---- staging ---- */

static lake_status run_one(void *context, size_t index, size_t worker, struct lake_error *err)
{
    struct stage_job *job = context;
    struct partition_tools **tools = &job->set->tools[worker];
    if (*tools == NULL)
        TRY(partition_tools_new(job->set->lake, tools, err));
    return job->run(job, job->partitions[index], *tools, err);
}

/* What is stored may be superseded, and its files expired, while it is read: then it is not damage, and the partition stays
 * stale. */
static lake_status stage_one(struct stage_job *job, struct partition *partition, struct partition_tools *tools,
                             struct lake_error *err)
{
    struct lake *lake = job->set->lake;
    struct lake_error failure = {LAKE_OK, ""};
    bool is_current = true;
    lake_status status = partition_stage(partition, &job->set->staging, tools, &failure);
    partition->is_stale = false;
    if (status == LAKE_OK)
        return LAKE_OK;
    if (status == LAKE_CORRUPT) {
        mutex_lock(lake->mutex);
        lake_status checked = partition_check_base(partition, lake, &is_current, err);
        mutex_unlock(lake->mutex);
        TRY(checked);
    }
    partition->is_stale = !is_current;
    return is_current ? lake_fail(err, status, "%s", failure.message) : LAKE_OK;
}

static lake_status preview_one(struct stage_job *job, struct partition *partition, struct partition_tools *tools,
                               struct lake_error *err)
{
    (void)job;
    partition->is_stale = false;
    return partition_preview_cuts(partition, tools, err);
}

/* Looks up what is stored for those to be staged. One that grows over others, grown and stale or not, takes them in. */
static lake_status find_bases(struct partition_set *set, struct stage_job *job, size_t most, struct lake_error *err)
{
    for (size_t i = 0; i < set->n && job->n < most; i++) {
        struct partition *partition = set->items[i];
        if (!partition->is_stale)
            continue;
        TRY(partition_find_base(partition, set->lake, err));
        TRY(absorb_overlapping(set, partition, err));
        i = find_place(set, partition->dataset, partition->start_ms);
        job->partitions[job->n++] = partition;
    }
    size_t n = 0;
    for (size_t i = 0; i < job->n; i++)
        if (!job->partitions[i]->is_absorbed)
            job->partitions[n++] = job->partitions[i];
    job->n = n;
    return LAKE_OK;
}

/* *n_left: those whose base was superseded meanwhile. */
static lake_status run_stale(struct partition_set *set, struct stage_job *job, size_t most, size_t *n_left,
                             struct lake_error *err)
{
    lake_status status = LAKE_OK;
    job->n = 0;
    *n_left = 0;
    TRY(memory_new(set->n, sizeof *job->partitions, &job->partitions, err));
    TRY_OUT(find_bases(set, job, most, err));
    if (job->n > 0)
        TRY_OUT(pool_run(set->lake->pool, job->n, run_one, job, err));
    for (size_t i = 0; i < job->n; i++)
        *n_left += job->partitions[i]->is_stale;
out:
    memory_free(job->partitions);
    return status;
}

lake_status partition_set_open_staging(struct partition_set *set, struct lake_error *err)
{
    return set->staging.is_open ? LAKE_OK : staging_open(&set->staging, set->lake, set->purpose, err);
}

lake_status partition_set_stage(struct partition_set *set, size_t most, struct lake_error *err)
{
    struct stage_job job = {.set = set, .run = stage_one};
    size_t n_left = 1;
    TRY(partition_set_open_staging(set, err));
    TRY(partition_set_end_stage(set, err));
    for (int attempt = 0; attempt < STAGE_ATTEMPTS && n_left > 0; attempt++)
        TRY(run_stale(set, &job, most, &n_left, err));
    if (n_left > 0)
        return lake_fail(err, LAKE_CONFLICT, "others keep changing the same files; try again");
    return LAKE_OK;
}

lake_status partition_set_begin_stage(struct partition_set *set, struct lake_error *err)
{
    struct stage_job *job = NULL;
    lake_status status = LAKE_OK;
    TRY(partition_set_open_staging(set, err));
    TRY(partition_set_end_stage(set, err));
    TRY(memory_new(1, sizeof *job, &job, err));
    *job = (struct stage_job){.set = set, .run = stage_one};
    TRY_OUT(memory_new(set->n, sizeof *job->partitions, &job->partitions, err));
    TRY_OUT(find_bases(set, job, SIZE_MAX, err));
    TRY_OUT(pool_begin(set->lake->pool, job->n, run_one, job, &job->loop, err));
    for (size_t i = 0; i < job->n; i++)
        job->partitions[i]->is_under_way = true;
    set->background = job;
    job = NULL;
out:
    free_job(job);
    return status;
}

lake_status partition_set_end_stage(struct partition_set *set, struct lake_error *err)
{
    struct stage_job *job = set->background;
    size_t n_left = 0;
    if (job == NULL)
        return LAKE_OK;
    lake_status status = pool_end(set->lake->pool, &job->loop, err);
    for (size_t i = 0; i < job->n; i++) {
        job->partitions[i]->is_under_way = false;
        n_left += job->partitions[i]->is_stale;
    }
    set->background = NULL;
    free_job(job);
    if (status == LAKE_OK && n_left > 0)
        status = partition_set_stage(set, SIZE_MAX, err);
    return status;
}

lake_status partition_set_preview(struct partition_set *set, size_t most, struct lake_error *err)
{
    struct stage_job job = {.set = set, .run = preview_one};
    size_t n_left = 0;
    return run_stale(set, &job, most, &n_left, err);
}
