/* Maintenance: the tasks one after another, and of them expiry and SQLite's upkeep. */
#include "lake/maintain.h"

#include <inttypes.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "lake/compact.h"
#include "lake/expiry.h"
#include "lake/gc.h"
#include "lake/moves.h"
#include "lake/table_stream.h"

/* Files that one step of expiry forgets; operations that it prunes from the log. */
enum { EXPIRED_A_STEP = 512, PRUNED_A_STEP = 4096 };

/* ---- the plan ---- */

static lake_status new_plan(struct batch_builder **out, struct lake_error *err)
{
    static const struct column_field fields[] = {{"task", COLUMN_UTF8, 0, false},
                                                 {"what", COLUMN_UTF8, 0, false},
                                                 {"files", COLUMN_INT64, 0, false},
                                                 {"bytes", COLUMN_INT64, 0, false},
                                                 {"bytes_after", COLUMN_INT64, 0, true}};
    struct schema *schema = NULL;
    TRY(schema_new(fields, sizeof fields / sizeof *fields, &schema, err));
    lake_status status = batch_builder_new(schema, out, err);
    schema_free(schema);
    return status;
}

lake_status maintain_add_step(struct maintenance *maintenance, const struct maintain_step *step, struct lake_error *err)
{
    const struct cell cells[] = {cell_text(step->task), cell_text(step->what), cell_int64(step->n_files),
                                 cell_int64(step->n_bytes),
                                 step->bytes_after == BYTES_NOT_KNOWN ? cell_null() : cell_int64(step->bytes_after)};
    return batch_builder_append_cells(maintenance->plan, cells, err);
}

lake_status maintain_report(const struct maintenance *maintenance, struct lake_error *err)
{
    const struct lake_progress *progress = &maintenance->options->progress;
    const struct lake_maintain_result *result = maintenance->result;
    int64_t n_bytes = result->bytes_compacted + result->bytes_expired + result->orphan_bytes;
    if (progress->report == NULL || progress->report(progress->context, 0, n_bytes, 0) == 0)
        return LAKE_OK;
    return lake_fail(err, LAKE_CANCELLED, "maintenance was stopped; what it has done stays done");
}

/* ---- moves ---- */

static lake_status clear_moves(struct lake *lake, const struct moves_done *done, struct lake_error *err)
{
    lake_status status = LAKE_OK;
    mutex_lock(lake->mutex);
    TRY_OUT(manifest_begin(lake->manifest, err));
    TRY_OUT(moves_clear(lake, done, err));
    lake->has_committed = true;
    TRY_OUT(manifest_commit(lake->manifest, err));
out:
    manifest_rollback(lake->manifest);
    mutex_unlock(lake->mutex);
    return status;
}

lake_status maintain_settle(struct lake *lake, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct file_lock lock = {0};
    struct moves_done done = {NULL, 0};
    lake_status status = LAKE_OK;
    TRY_OUT(lake_lock(lake, &lock, LAKE_LOCK_WAIT_MS, "maintenance", err));
    TRY_OUT(moves_finish(lake, true, &arena, &done, NULL, err));
    if (done.n > 0)
        TRY_OUT(clear_moves(lake, &done, err));
out:
    file_lock_release(&lock);
    arena_release(&arena);
    return status;
}

/* ---- expiry ---- */

/* In one write transaction, which a dry run takes back: forgets files, and operations of the log. */
static lake_status forget(struct maintenance *maintenance, const struct manifest_file *files, size_t n, bool clear,
                          struct expiry_counts *counts, struct lake_error *err)
{
    struct lake *lake = maintenance->lake;
    lake_status status = LAKE_OK;
    int64_t n_pruned = 0;
    mutex_lock(lake->mutex);
    TRY_OUT(manifest_begin(lake->manifest, err));
    if (clear)
        TRY_OUT(expiry_clear_removals(lake, err));
    TRY_OUT(expiry_record(lake, files, n, counts, err));
    TRY_OUT(manifest_prune_log(lake->manifest, lake->policy.keep_log,
                               maintenance->options->dry_run ? INT64_MAX : PRUNED_A_STEP, &n_pruned, err));
    counts->n_operations += n_pruned;
    if (!maintenance->options->dry_run) {
        lake->has_committed = true;
        TRY_OUT(manifest_commit(lake->manifest, err));
    }
out:
    manifest_rollback(lake->manifest);
    manifest_checkpoint(lake->manifest);
    mutex_unlock(lake->mutex);
    return status;
}

/* One step, under the lake's lock; *any tells whether it found anything to do. */
static lake_status expire_some(struct maintenance *maintenance, struct expiry_counts *counts, bool *any,
                               struct lake_error *err)
{
    struct lake *lake = maintenance->lake;
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    bool is_dry = maintenance->options->dry_run;
    struct expiry_counts before = *counts;
    struct manifest_file *files = NULL;
    size_t n = 0;
    bool clear = false;
    lake_status status = LAKE_OK;
    TRY_OUT(expiry_find(lake, is_dry ? INT64_MAX : EXPIRED_A_STEP, &arena, &files, &n, err));
    if (!is_dry)
        TRY_OUT(expiry_make_durable(lake, n == 0, &clear, err));
    TRY_OUT(forget(maintenance, files, n, clear, counts, err));
    if (!is_dry)
        status = expiry_remove_files(lake, err);
    *any = counts->n_files > before.n_files || counts->n_operations > before.n_operations;
out:
    arena_release(&arena);
    return status;
}

static lake_status expire_step(struct maintenance *maintenance, struct expiry_counts *counts, bool *any,
                               struct lake_error *err)
{
    struct file_lock lock = {0};
    TRY(lake_lock(maintenance->lake, &lock, LAKE_LOCK_WAIT_MS, "maintenance", err));
    lake_status status = expire_some(maintenance, counts, any, err);
    file_lock_release(&lock);
    return status;
}

static lake_status plan_expiry(struct maintenance *maintenance, const struct expiry_counts *counts,
                               struct lake_error *err)
{
    struct maintain_step files = {"expire", "superseded files past their time", counts->n_files, counts->n_bytes, 0};
    struct buffer text = BUFFER_INIT(LIMIT_NAME_BYTES * 2);
    struct maintain_step log = {"expire", "", 0, 0, 0};
    lake_status status = LAKE_OK;
    if (counts->n_files > 0)
        TRY(maintain_add_step(maintenance, &files, err));
    if (counts->n_operations == 0)
        return LAKE_OK;
    TRY_OUT(buffer_printf(&text, err, "%" PRId64 " operations of the log without effect", counts->n_operations));
    TRY_OUT(buffer_string(&text, &log.what, err));
    status = maintain_add_step(maintenance, &log, err);
out:
    buffer_release(&text);
    return status;
}

static lake_status expire_run(struct maintenance *maintenance, struct lake_error *err)
{
    struct lake_maintain_result *result = maintenance->result;
    struct expiry_counts counts = {0, 0, 0};
    bool any = true;
    TRY(maintain_settle(maintenance->lake, err));
    while (any) {
        TRY(expire_step(maintenance, &counts, &any, err));
        result->files_expired = counts.n_files;
        result->bytes_expired = counts.n_bytes;
        result->operations_pruned = counts.n_operations;
        TRY(maintain_report(maintenance, err));
        any = any && !maintenance->options->dry_run;
    }
    return plan_expiry(maintenance, &counts, err);
}

/* ---- SQLite ---- */

static lake_status optimize(struct maintenance *maintenance, struct lake_error *err)
{
    struct lake *lake = maintenance->lake;
    struct lake_maintain_result *result = maintenance->result;
    int64_t free_bytes = 0;
    TRY(manifest_size_bytes(lake->manifest, &result->manifest_bytes_before, &free_bytes, err));
    result->manifest_bytes_after = result->manifest_bytes_before;
    if (maintenance->options->dry_run)
        return LAKE_OK;
    TRY(manifest_optimize(lake->manifest, err));
    manifest_flush(lake->manifest);
    return manifest_size_bytes(lake->manifest, &result->manifest_bytes_after, &free_bytes, err);
}

static lake_status optimize_run(struct maintenance *maintenance, struct lake_error *err)
{
    struct lake *lake = maintenance->lake;
    struct file_lock lock = {0};
    TRY(lake_lock(lake, &lock, LAKE_LOCK_WAIT_MS, "maintenance", err));
    mutex_lock(lake->mutex);
    lake_status status = optimize(maintenance, err);
    mutex_unlock(lake->mutex);
    file_lock_release(&lock);
    TRY(status);
    struct maintain_step step = {"optimize", "manifest.db", 1, maintenance->result->manifest_bytes_before,
                                 maintenance->options->dry_run ? BYTES_NOT_KNOWN
                                                               : maintenance->result->manifest_bytes_after};
    return maintain_add_step(maintenance, &step, err);
}

/* ---- all ---- */

static lake_status check_arguments(const struct lake *lake, const struct lake_maintain_options *options,
                                   const struct lake_maintain_result *result, struct lake_error *err)
{
    if (options == NULL || options->size != sizeof *options)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "maintain options have an unknown size");
    if (result == NULL || result->size != sizeof *result)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the maintain result has an unknown size");
    if (manifest_is_read_only(lake->manifest))
        return lake_fail(err, LAKE_PERMISSION, "%s: this user may read the lake, not maintain it", lake->db_path);
    return LAKE_OK;
}

static lake_status run_tasks(struct maintenance *maintenance, struct lake_error *err)
{
    const struct lake_maintain_options *options = maintenance->options;
    bool all = !options->compact && !options->expire && !options->gc && !options->optimize;
    if (all || options->compact)
        TRY(compact_run(maintenance, err));
    if (all || options->expire)
        TRY(expire_run(maintenance, err));
    if (all || options->gc)
        TRY(gc_run(maintenance, err));
    return all || options->optimize ? optimize_run(maintenance, err) : LAKE_OK;
}

lake_status lake_maintain(struct lake *lake, const struct lake_maintain_options *options,
                          struct lake_maintain_result *result, struct ArrowArrayStream *plan, struct lake_error *err)
{
    struct maintenance maintenance = {.lake = lake, .options = options, .result = result};
    lake_status status = LAKE_OK;
    TRY(check_arguments(lake, options, result, err));
    *result = (struct lake_maintain_result){.size = sizeof *result};
    TRY_OUT(new_plan(&maintenance.plan, err));
    TRY_OUT(run_tasks(&maintenance, err));
    status = table_stream(maintenance.plan, plan, err);
out:
    batch_builder_free(maintenance.plan);
    return status;
}
