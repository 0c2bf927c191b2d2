/* Staging: what is stored, changed as the partition says, becomes the rows that are to be. */
#include "lake/partition.h"

#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "lake/file_rows.h"
#include "lake/partition_incoming.h"
#include "lake/types.h"
#include "manifest/history.h"

/* One partition on its way. */
struct work {
    struct partition *partition;
    const struct data_type *type;
    const struct staging *staging;
    struct partition_tools *tools;
    struct batch stored;   /* what the base has, where it has to be read */
    struct batch dropped;  /* of that, what is replaced by what is put back */
    struct batch restored; /* what is put back */
    struct incoming incoming;
    struct batch result;
    int64_t n_settled; /* before */
};

static void release(struct work *work)
{
    batch_release(&work->stored);
    batch_release(&work->dropped);
    batch_release(&work->restored);
    incoming_release(&work->incoming);
    batch_release(&work->result);
}

/* ---- what is stored ---- */

/* The base but for the files of which nothing is kept: a delete of years reads two days. */
static lake_status read_base(struct work *work, struct lake_error *err)
{
    struct partition *partition = work->partition;
    const struct manifest_file **files = NULL;
    size_t n = 0;
    TRY(memory_new(partition->n_base, sizeof *files, &files, err));
    for (size_t i = 0; i < partition->n_base; i++) {
        if (partition_drops_file(partition, &partition->base[i]))
            partition->counts.n_removed += partition->base[i].n_rows;
        else
            files[n++] = &partition->base[i];
    }
    lake_status status = file_rows_read(work->tools->assembler, files, n, &work->stored, err);
    memory_free(files);
    return status;
}

static lake_status read_stored(struct work *work, struct lake_error *err)
{
    struct partition *partition = work->partition;
    partition->counts = (struct partition_counts){.n_settled = work->n_settled};
    return partition->is_alone ? LAKE_OK : read_base(work, err);
}

static lake_status cut(struct work *work, struct lake_error *err)
{
    struct partition *partition = work->partition;
    struct batch kept = {0};
    if (partition->cuts.n == 0 || work->stored.schema == NULL)
        return LAKE_OK;
    TRY(file_rows_select(&work->stored, &partition->cuts, false, &kept, err));
    int64_t n_cut = work->stored.n_rows - kept.n_rows;
    partition->counts.n_removed += n_cut;
    partition->counts.n_lost += n_cut;
    batch_release(&work->stored);
    batch_move(&work->stored, &kept);
    return LAKE_OK;
}

/* ---- what is put back ---- */

struct former {
    struct arena arena;
    const struct manifest_file **files; /* by time, each once */
    size_t n;
};

static lake_status add_former_files(struct work *work, struct time_range range, struct former *former,
                                    struct lake_error *err)
{
    const struct partition *partition = work->partition;
    struct lake *lake = work->tools->lake;
    struct manifest_file *found = NULL;
    size_t n = 0;
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_files_at(lake->manifest, partition->dataset->id, range.start_ms, range.end_ms,
                                                partition->as_of, &former->arena, &found, &n, err);
    mutex_unlock(lake->mutex);
    TRY(status);
    TRY(memory_resize(&former->files, former->n + n, sizeof *former->files, err));
    for (size_t i = 0; i < n; i++)
        if (former->n == 0 || former->files[former->n - 1]->id != found[i].id)
            former->files[former->n++] = &found[i];
    return LAKE_OK;
}

static lake_status read_former(struct work *work, struct lake_error *err)
{
    const struct range_list *restores = &work->partition->restores;
    const struct batch *replacement = work->partition->replacement;
    struct former former = {.arena = ARENA_INIT(LIMIT_ENGINE_BYTES)};
    struct batch whole = {0};
    lake_status status = LAKE_OK;
    if (replacement != NULL)
        return file_rows_select(replacement, restores, true, &work->restored, err);
    for (size_t i = 0; i < restores->n; i++)
        TRY_OUT(add_former_files(work, restores->items[i], &former, err));
    TRY_OUT(file_rows_read(work->tools->assembler, former.files, former.n, &whole, err));
    TRY_OUT(file_rows_select(&whole, restores, true, &work->restored, err));
out:
    batch_release(&whole);
    memory_free(former.files);
    arena_release(&former.arena);
    return status;
}

/* Merging the two over one another tells which rows are the same in both: a null hides a difference only one way round. */
static lake_status count_restored(struct work *work, struct lake_error *err)
{
    struct partition_counts *counts = &work->partition->counts;
    struct merge_counts gone = {0}, back = {0};
    struct batch ignored = {0};
    if (work->dropped.schema != NULL && work->restored.schema != NULL) {
        const struct merge_sides away = {work->type, &work->restored, &work->dropped};
        const struct merge_sides home = {work->type, &work->dropped, &work->restored};
        TRY(merge_batches(&away, &ignored, &gone, err));
        batch_release(&ignored);
        TRY(merge_batches(&home, &ignored, &back, err));
        batch_release(&ignored);
    } else {
        gone.n_new = work->dropped.schema == NULL ? 0 : work->dropped.n_rows;
        back.n_new = work->restored.schema == NULL ? 0 : work->restored.n_rows;
    }
    counts->n_removed += gone.n_new;
    counts->n_restored += back.n_new + (back.n_changed > gone.n_changed ? back.n_changed : gone.n_changed);
    counts->n_lost += gone.n_new + gone.n_changed;
    return LAKE_OK;
}

static lake_status put_back(struct work *work, struct lake_error *err)
{
    const struct range_list *restores = &work->partition->restores;
    struct batch kept = {0}, both = {0};
    lake_status status = LAKE_OK;
    if (restores->n == 0)
        return LAKE_OK;
    TRY_OUT(read_former(work, err));
    TRY_OUT(file_rows_select(&work->stored, restores, true, &work->dropped, err));
    TRY_OUT(file_rows_select(&work->stored, restores, false, &kept, err));
    TRY_OUT(count_restored(work, err));
    batch_release(&work->stored);
    TRY_OUT(file_rows_merge(&(struct merge_sides){work->type, &kept, &work->restored}, &both, NULL, err));
    batch_move(&work->stored, &both);
out:
    batch_release(&kept);
    batch_release(&both);
    return status;
}

/* ---- what came in ---- */

static lake_status sort_incoming(struct work *work, struct lake_error *err)
{
    struct batch sorted = {0};
    if (work->incoming.rows.schema == NULL)
        return LAKE_OK;
    TRY(merge_sort(work->type, &work->incoming.rows, &sorted, err));
    batch_move(&work->incoming.rows, &sorted);
    return LAKE_OK;
}

/* Merges what came in over what is stored, as changed so far. Where nothing is, what came in is the result itself. */
static lake_status merge_incoming(struct work *work, struct lake_error *err)
{
    struct merge_counts *counts = &work->partition->counts.rows;
    if (work->incoming.rows.schema == NULL) {
        batch_move(&work->result, &work->stored);
        return LAKE_OK;
    }
    if (work->stored.schema == NULL) {
        counts->n_new = work->incoming.rows.n_rows;
        batch_move(&work->result, &work->incoming.rows);
        return LAKE_OK;
    }
    const struct merge_sides sides = {work->type, &work->stored, &work->incoming.rows};
    TRY(merge_batches(&sides, &work->result, counts, err));
    work->partition->counts.n_lost += counts->n_changed;
    batch_release(&work->stored);
    return LAKE_OK;
}

/* ---- the days ---- */

static bool is_stored(const struct partition *partition, const struct content_day *day)
{
    const struct manifest_content *base = manifest_content_of(partition->base_days, partition->n_base_days, day->day);
    return base != NULL && memcmp(base->sha256, day->sha256, SHA256_BYTES) == 0;
}

static bool has_day(const struct content_day *days, size_t n, int64_t day)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (days[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && days[low].day == day;
}

/* Days of the base that have no rows any more, behind those that have. */
static lake_status add_emptied_days(struct work *work, struct lake_error *err)
{
    struct partition *partition = work->partition;
    size_t n = partition->n_days;
    TRY(memory_resize(&partition->days, n + partition->n_base_days, sizeof *partition->days, err));
    for (size_t i = 0; i < partition->n_base_days; i++) {
        const struct manifest_content *base = &partition->base_days[i];
        if (base->n_rows == 0 || has_day(partition->days, n, base->day))
            continue;
        TRY(content_empty_day(base->day, work->tools->hash, &partition->days[partition->n_days++], err));
    }
    return LAKE_OK;
}

static lake_status find_holes(struct work *work, const struct batch *rows, struct lake_error *err)
{
    struct partition *partition = work->partition;
    const struct period *period = NULL;
    TRY(period_find(partition->dataset->period, &period, err));
    buffer_release(&partition->holes);
    buffer_init(&partition->holes, LIMIT_ENGINE_BYTES);
    return content_find_holes(rows, period, partition->days, partition->n_days, &partition->holes, err);
}

static lake_status find_days(struct work *work, const struct batch *rows, struct lake_error *err)
{
    struct partition *partition = work->partition;
    partition->n_days = 0;
    if (rows->schema != NULL) {
        TRY(content_find_days(rows, work->tools->hash, &partition->days, &partition->n_days, err));
        TRY(find_holes(work, rows, err));
    }
    return add_emptied_days(work, err);
}

/* Of the days found only those that are not stored like that already. */
static void keep_changed_days(struct partition *partition)
{
    size_t n = 0;
    for (size_t i = 0; i < partition->n_days; i++)
        if (!is_stored(partition, &partition->days[i]))
            partition->days[n++] = partition->days[i];
    partition->n_days = n;
}

/* ---- the same rows in another file ---- */

static lake_status require_same_days(struct work *work, const struct batch *rows, struct lake_error *err)
{
    struct partition *partition = work->partition;
    const struct manifest_dataset *dataset = partition->dataset;
    char day[CALENDAR_TEXT_BYTES];
    TRY(find_days(work, rows, err));
    keep_changed_days(partition);
    if (partition->n_days == 0)
        return LAKE_OK;
    calendar_format_day(partition->days[0].day, day);
    return lake_fail(
        err, LAKE_CORRUPT,
        "%s/%s/%s/%s/%s: the rows of %s are not those that were committed; nothing was changed, run dl verify",
        dataset->exchange, dataset->market, dataset->symbol, dataset->type, dataset->period, day);
}

static bool is_one_file_already(const struct partition *partition)
{
    const struct manifest_file *file = partition->base;
    return partition->n_base == 0 || (partition->n_base == 1 && file->partition_start_ms == partition->start_ms &&
                                      file->partition_end_ms == partition->end_ms);
}

/* The hashes are taken from the file as it was written, so that what is committed is what was checked. */
static lake_status stage_same(struct work *work, struct lake_error *err)
{
    struct partition *partition = work->partition;
    partition->is_changed = false;
    if (partition->kind == PARTITION_ROLL_UP && is_one_file_already(partition))
        return LAKE_OK;
    TRY(read_stored(work, err));
    TRY(partition_file_forget(partition, work->staging, work->tools, err));
    TRY(partition_file_name(partition, work->tools, err));
    TRY(partition_file_write(partition, work->staging, &work->stored, work->tools, err));
    TRY(partition_file_read_back(partition, work->staging, work->tools, &work->result, err));
    TRY(require_same_days(work, &work->result, err));
    partition->is_changed = true;
    return LAKE_OK;
}

/* ---- other rows ---- */

static lake_status stage_result(struct work *work, struct lake_error *err)
{
    struct partition *partition = work->partition;
    const struct batch *result = &work->result;
    TRY(find_days(work, result, err));
    keep_changed_days(partition);
    partition->is_changed = partition->n_days > 0;
    if (!partition->is_changed || result->schema == NULL || result->n_rows == 0)
        return LAKE_OK;
    TRY(partition_file_name(partition, work->tools, err));
    return partition_file_write(partition, work->staging, result, work->tools, err);
}

/* What came in is kept for another staging. Rows with keys need not be where nothing was staged: all of them are stored. */
static lake_status settle_incoming(struct work *work, bool has_come, struct lake_error *err)
{
    struct partition *partition = work->partition;
    struct partition_counts *counts = &partition->counts;
    if (!has_come)
        return LAKE_OK;
    if (partition->is_alone && !partition->is_changed) { /* more may come, which they have to stand with */
        counts->rows = (struct merge_counts){.n_equal = work->result.n_rows};
        batch_move(&work->incoming.rows, &work->result);
    }
    if (partition->is_changed || partition->is_alone || work->incoming.sources != INCOMING_KEYED)
        return incoming_keep_sorted(&work->incoming, partition, work->staging, work->tools, err);
    counts->n_settled += counts->rows.n_equal;
    counts->rows = (struct merge_counts){0};
    return LAKE_OK;
}

static lake_status stage_merged(struct work *work, struct lake_error *err)
{
    struct partition *partition = work->partition;
    TRY(read_stored(work, err));
    TRY(cut(work, err));
    TRY(put_back(work, err));
    TRY(incoming_gather(&work->incoming, partition, work->type, work->tools, err));
    TRY(partition_file_forget(partition, work->staging, work->tools, err));
    TRY(incoming_keep_arrived(&work->incoming, partition, work->staging, work->tools, err));
    bool has_come = work->incoming.rows.schema != NULL;
    TRY(sort_incoming(work, err));
    TRY(merge_incoming(work, err));
    TRY(stage_result(work, err));
    return settle_incoming(work, has_come, err);
}

lake_status partition_stage(struct partition *partition, const struct staging *staging, struct partition_tools *tools,
                            struct lake_error *err)
{
    struct work work = {
        .partition = partition, .staging = staging, .tools = tools, .n_settled = partition->counts.n_settled};
    TRY(lake_type_find(tools->lake, partition->dataset->type, &work.type, err));
    lake_status status = partition->kind == PARTITION_MERGE ? stage_merged(&work, err) : stage_same(&work, err);
    release(&work);
    return status;
}

/* ---- without staging ---- */

/* `values` has room for all of the file. */
static lake_status read_times(struct partition_tools *tools, const struct manifest_file *file, int64_t *values,
                              struct time_values *out, struct lake_error *err)
{
    struct stored_file *opened = NULL;
    struct parquet_target target = {.values = values};
    lake_status status = LAKE_OK;
    TRY(assembler_get_file(tools->assembler, &opened, err));
    TRY_OUT(stored_file_open(opened, file, err));
    const struct parquet_file *parquet = parquet_reader_file(stored_file_parquet(opened));
    int64_t per_ms = parquet->n_columns == 0 ? 0 : time_unit_per_ms(parquet->columns[0].field.type);
    if (per_ms == 0) {
        status = lake_fail(err, LAKE_CORRUPT, "%s: the first column is not a timestamp", file->path);
        goto out;
    }
    TRY_OUT(parquet_reader_read(stored_file_parquet(opened), 0, 0, file->n_rows, &target, err));
    *out = (struct time_values){values, file->n_rows, per_ms};
out:
    stored_file_close(opened);
    return status;
}

/* Days of sorted times inside the ranges. */
static size_t count_days_cut(const struct time_values *times, const struct range_list *cuts)
{
    int64_t last = INT64_MIN;
    size_t n = 0;
    for (int64_t row = 0; row < times->n_rows; row++) {
        const struct time_values one = {times->values + row, 1, times->per_ms};
        int64_t day = calendar_day_of_ms(time_unit_to_ms(one.values[0], one.per_ms));
        if (day == last || file_rows_count(&one, cuts) == 0)
            continue;
        last = day;
        n++;
    }
    return n;
}

static lake_status preview_file(struct partition *partition, const struct manifest_file *file,
                                struct partition_tools *tools, struct lake_error *err)
{
    int64_t *values = NULL;
    struct time_values times = {NULL, 0, 1};
    lake_status status = LAKE_OK;
    TRY(memory_new((size_t)file->n_rows, sizeof *values, &values, err));
    TRY_OUT(read_times(tools, file, values, &times, err));
    int64_t n_cut = file_rows_count(&times, &partition->cuts);
    partition->counts.n_removed += n_cut;
    partition->n_days += count_days_cut(&times, &partition->cuts);
    partition->counts.n_kept += file->n_rows - n_cut;
    partition->is_changed = partition->is_changed || n_cut > 0;
out:
    memory_free(values);
    return status;
}

static size_t count_days_of_file(const struct partition *partition, const struct manifest_file *file)
{
    size_t n = 0;
    for (size_t i = 0; i < partition->n_base_days; i++) {
        const struct manifest_content *day = &partition->base_days[i];
        n += day->n_rows > 0 && day->day >= calendar_day_of_ms(file->time_from_ms) &&
             day->day <= calendar_day_of_ms(file->time_to_ms);
    }
    return n;
}

lake_status partition_preview_cuts(struct partition *partition, struct partition_tools *tools, struct lake_error *err)
{
    partition->counts = (struct partition_counts){0};
    partition->n_days = 0;
    partition->is_changed = false;
    for (size_t i = 0; i < partition->n_base; i++) {
        const struct manifest_file *file = &partition->base[i];
        if (!partition_drops_file(partition, file)) {
            TRY(preview_file(partition, file, tools, err));
            continue;
        }
        partition->counts.n_removed += file->n_rows;
        partition->n_days += count_days_of_file(partition, file);
        partition->is_changed = true;
    }
    return LAKE_OK;
}
