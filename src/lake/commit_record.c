#include "lake/commit_record.h"

#include "base/limits.h"
#include "base/memory.h"
#include "base/thread.h"
#include "lake/expiry.h"
#include "lake/layout.h"
#include "lake/moves.h"
#include "lake/staging_save.h"

/* Files of history that a commit expires besides as many as it adds itself. */
enum { EXPIRE_FILES = 32 };

/* ---- what is recorded ---- */

static lake_status add_target(struct manifest *manifest, const struct commit_target *target, int64_t snapshot,
                              struct lake_error *err)
{
    TRY(manifest_add_dataset(manifest, target->dataset, err));
    for (size_t i = 0; target->schema != NULL && i < target->schema->n_fields; i++) {
        const struct column_field *field = &target->schema->fields[i];
        struct manifest_column column = {field->name, (int32_t)field->type, field->width};
        TRY(manifest_add_column(manifest, target->dataset->id, &column, snapshot, err));
    }
    return LAKE_OK;
}

static lake_status record_operation(struct commit *commit, struct lake_error *err)
{
    struct lake *lake = commit->set->lake;
    commit->operation->finished_ms = lake->io.ops->now_ms(lake->io.context);
    TRY(manifest_add_operation(lake->manifest, commit->operation, &commit->snapshot, err));
    for (size_t i = 0; i < commit->n_sources; i++)
        TRY(manifest_add_source(lake->manifest, commit->operation->id, &commit->sources[i], err));
    for (size_t i = 0; i < commit->n_targets; i++)
        TRY(add_target(lake->manifest, &commit->targets[i], commit->snapshot, err));
    return LAKE_OK;
}

/* Which rows of which file were changed is not told apart where several became one: then each counts as having lost them all. */
static int64_t rows_lost(const struct partition *partition, const struct manifest_file *file)
{
    return partition_drops_file(partition, file) ? file->n_rows : partition->counts.n_lost;
}

static lake_status retire_base(struct commit *commit, const struct partition *partition, struct buffer *scratch,
                               struct lake_error *err)
{
    for (size_t i = 0; i < partition->n_base; i++) {
        const struct manifest_file *file = &partition->base[i];
        TRY(layout_history_path(file->path, scratch, err));
        const struct manifest_retirement retirement = {
            .file_id = file->id,
            .snapshot = commit->snapshot,
            .retired_ms = commit->operation->finished_ms,
            .rows_lost = rows_lost(partition, file),
            .state_path = (const char *)scratch->data,
        };
        TRY(manifest_retire_file(commit->set->lake->manifest, &retirement, err));
    }
    return LAKE_OK;
}

static lake_status record_days(struct commit *commit, const struct partition *partition, struct lake_error *err)
{
    for (size_t i = 0; i < partition->n_days; i++) {
        struct manifest_content content = content_describe(&partition->days[i], &partition->holes);
        content.dataset_id = partition->dataset->id;
        content.operation_id = commit->operation->id;
        TRY(manifest_put_content(commit->set->lake->manifest, &content, commit->snapshot, err));
    }
    return LAKE_OK;
}

static lake_status record_partition(struct commit *commit, struct partition *partition, struct buffer *scratch,
                                    struct lake_error *err)
{
    struct manifest_file *file = &partition->file;
    TRY(retire_base(commit, partition, scratch, err));
    if (partition->has_file) {
        TRY(partition_state_path(partition, &commit->set->staging, scratch, err));
        file->dataset_id = partition->dataset->id;
        file->operation_id = commit->operation->id;
        file->added = commit->snapshot;
        TRY(manifest_add_file(commit->set->lake->manifest, file, (const char *)scratch->data, err));
    }
    return record_days(commit, partition, err);
}

static lake_status record_all(struct commit *commit, struct buffer *scratch, struct lake_error *err)
{
    TRY(record_operation(commit, err));
    for (size_t i = 0; i < commit->set->n; i++)
        if (commit->set->items[i]->is_changed)
            TRY(record_partition(commit, commit->set->items[i], scratch, err));
    return LAKE_OK;
}

/* ---- the transaction ---- */

/* What a commit does besides, for the lake's upkeep. */
struct upkeep {
    struct arena arena;
    struct moves_done moves;       /* of former commits */
    bool removals_are_durable;     /* of former expiries */
    struct manifest_file *expired; /* of history */
    size_t n_expired;
};

static int64_t count_retired(const struct commit *commit)
{
    int64_t n = 0;
    for (size_t i = 0; i < commit->set->n; i++)
        n += commit->set->items[i]->is_changed ? (int64_t)commit->set->items[i]->n_base : 0;
    return n;
}

/* History that cannot be looked at now is for the next commit. */
static lake_status find_upkeep(struct commit *commit, struct upkeep *upkeep, struct lake_error *err)
{
    struct lake *lake = commit->set->lake;
    int64_t most = EXPIRE_FILES + count_retired(commit);
    arena_init(&upkeep->arena, LIMIT_ENGINE_BYTES);
    TRY(moves_finish(lake, false, &upkeep->arena, &upkeep->moves, NULL, err));
    if (expiry_make_durable(lake, false, &upkeep->removals_are_durable, NULL) != LAKE_OK)
        upkeep->removals_are_durable = false;
    if (expiry_find(lake, most, &upkeep->arena, &upkeep->expired, &upkeep->n_expired, NULL) != LAKE_OK)
        upkeep->n_expired = 0;
    return LAKE_OK;
}

static lake_status record_upkeep(struct lake *lake, const struct upkeep *upkeep, struct lake_error *err)
{
    struct expiry_counts counts = {0};
    TRY(moves_clear(lake, &upkeep->moves, err));
    if (upkeep->removals_are_durable)
        TRY(expiry_clear_removals(lake, err));
    return expiry_record(lake, upkeep->expired, upkeep->n_expired, &counts, err);
}

/* A safe point of the write is over when one file of this commit is published: which one, it says from here on. */
static lake_status seal(const struct commit *commit, struct lake_error *err)
{
    const struct partition_set *set = commit->set;
    struct buffer scratch = BUFFER_INIT(LIMIT_PATH_BYTES);
    lake_status status = LAKE_OK;
    for (size_t i = 0; i < set->n; i++) {
        if (!set->items[i]->is_changed || !set->items[i]->has_file)
            continue;
        TRY_OUT(partition_state_path(set->items[i], &set->staging, &scratch, err));
        status = staging_seal(&set->staging, (const char *)scratch.data, err);
        break;
    }
out:
    buffer_release(&scratch);
    return status;
}

static lake_status record_owned(const struct commit *commit, const struct commit_owner *owner, struct lake_error *err)
{
    return owner->record == NULL ? LAKE_OK : owner->record(owner->context, commit, err);
}

static lake_status transact(struct commit *commit, const struct commit_owner *owner, const struct upkeep *upkeep,
                            struct lake_error *err)
{
    struct lake *lake = commit->set->lake;
    struct buffer scratch = BUFFER_INIT(LIMIT_PATH_BYTES);
    lake_status status = LAKE_OK;
    mutex_lock(lake->mutex);
    TRY_OUT(manifest_begin(lake->manifest, err));
    TRY_OUT(record_upkeep(lake, upkeep, err));
    TRY_OUT(record_all(commit, &scratch, err));
    TRY_OUT(record_owned(commit, owner, err));
    commit->set->staging.is_committed = true; /* also when this fails: what reached the disk only recovery knows */
    TRY_OUT(manifest_commit(lake->manifest, err));
    lake->has_committed = true;
out:
    if (status != LAKE_OK) {
        manifest_rollback(lake->manifest);
        commit->snapshot = 0;
    }
    mutex_unlock(lake->mutex);
    buffer_release(&scratch);
    return status;
}

lake_status commit_record_knowledge(struct commit *commit, const struct commit_owner *owner, struct lake_error *err)
{
    struct lake *lake = commit->set->lake;
    lake_status status = LAKE_OK;
    mutex_lock(lake->mutex);
    TRY_OUT(manifest_begin(lake->manifest, err));
    TRY_OUT(record_owned(commit, owner, err));
    TRY_OUT(manifest_commit(lake->manifest, err));
    lake->has_committed = true;
out:
    if (status != LAKE_OK)
        manifest_rollback(lake->manifest);
    mutex_unlock(lake->mutex);
    return status;
}

/* ---- afterwards ---- */

static lake_status publish_partition(struct commit *commit, const struct partition *partition, struct buffer *scratch,
                                     struct lake_error *err)
{
    struct lake *lake = commit->set->lake;
    lake_status status = LAKE_OK;
    if (partition->has_file) {
        if (partition->n_base == 0) /* most likely it is the first file there */
            TRY(moves_make_place(lake, partition->path, err));
        TRY(partition_state_path(partition, &commit->set->staging, scratch, err));
        const struct manifest_outstanding move = {partition->file.id, MANIFEST_PUBLISH, partition->path,
                                                  (const char *)scratch->data};
        status = moves_carry_out(lake, &move, err);
    }
    for (size_t i = 0; i < partition->n_base; i++) {
        TRY(layout_history_path(partition->base[i].path, scratch, err));
        const struct manifest_outstanding move = {partition->base[i].id, MANIFEST_RETIRE, partition->base[i].path,
                                                  (const char *)scratch->data};
        lake_status retired = moves_carry_out(lake, &move, status == LAKE_OK ? err : NULL);
        status = status == LAKE_OK ? retired : status;
    }
    return status;
}

/* The files of a commit on their way to their places, by several threads. */
struct publication {
    struct commit *commit;
    struct publisher {
        struct lake_error failure; /* of the first that failed; status LAKE_OK: none */
        size_t failed_index;
    } * publishers; /* one a thread */
};

/* One that cannot be done stops no other. */
static lake_status publish_one(void *context, size_t index, size_t worker, struct lake_error *err)
{
    struct publication *publication = context;
    struct publisher *publisher = &publication->publishers[worker];
    const struct partition *partition = publication->commit->set->items[index];
    struct buffer scratch = BUFFER_INIT(LIMIT_PATH_BYTES);
    struct lake_error failure = {LAKE_OK, ""};
    (void)err;
    if (!partition->is_changed)
        return LAKE_OK;
    failure.status = publish_partition(publication->commit, partition, &scratch, &failure);
    buffer_release(&scratch);
    if (failure.status == LAKE_OK || (publisher->failure.status != LAKE_OK && publisher->failed_index < index))
        return LAKE_OK;
    publisher->failure = failure;
    publisher->failed_index = index;
    return LAKE_OK;
}

static lake_status first_failure(const struct publication *publication, size_t n_threads, struct lake_error *err)
{
    const struct publisher *first = NULL;
    for (size_t i = 0; i < n_threads; i++) {
        const struct publisher *publisher = &publication->publishers[i];
        bool has_failed = publisher->failure.status != LAKE_OK;
        if (has_failed && (first == NULL || publisher->failed_index < first->failed_index))
            first = publisher;
    }
    return first == NULL ? LAKE_OK : lake_fail(err, first->failure.status, "%s", first->failure.message);
}

static lake_status publish(struct commit *commit, struct lake_error *err)
{
    struct lake *lake = commit->set->lake;
    struct publication publication = {.commit = commit};
    size_t n_threads = pool_threads(lake->pool);
    lake_status status = LAKE_OK;
    TRY_OUT(memory_new(n_threads, sizeof *publication.publishers, &publication.publishers, err));
    TRY_OUT(pool_run(lake->pool, commit->set->n, publish_one, &publication, err));
    status = first_failure(&publication, n_threads, err);
out:
    memory_free(publication.publishers);
    mutex_lock(lake->mutex);
    manifest_checkpoint(lake->manifest);
    mutex_unlock(lake->mutex);
    return status;
}

/* What is not removed now stays to be removed. */
static void remove_expired(struct lake *lake)
{
    lake_status ignored = expiry_remove_files(lake, NULL);
    (void)ignored;
}

lake_status commit_record(struct commit *commit, const struct commit_owner *owner, struct lake_error *err)
{
    struct lake *lake = commit->set->lake;
    struct upkeep upkeep = {.n_expired = 0};
    lake_status status = LAKE_OK;
    TRY_OUT(find_upkeep(commit, &upkeep, err));
    TRY_OUT(seal(commit, err));
    TRY_OUT(transact(commit, owner, &upkeep, err));
    status = publish(commit, err);
    if (status == LAKE_OK)
        commit->set->staging.is_committed = false;
    else
        (void)lake_fail_prefix(err, status, "the rows are committed, the next command puts their files in place");
    if (upkeep.n_expired > 0)
        remove_expired(lake);
out:
    arena_release(&upkeep.arena);
    return status;
}
