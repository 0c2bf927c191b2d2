/* Making a safe point; going on from one is write_resume.c. */
#include "lake/write_save.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/layout.h"
#include "lake/moves.h"
#include "lake/partition_file.h"
#include "lake/saved_hash.h"
#include "lake/staging_save.h"
#include "lake/write_state.h"

/* One safe point on its way. */
struct saving {
    struct lake_write *write;
    const struct saved_files *before; /* what the last one names; NULL: it is the first */
    struct saved_files *files;        /* what this one will */
    struct arena arena;               /* of `saved` */
    struct saved_write saved;
    struct buffer path;
};

/* ---- the files ---- */

static const char *name_behind_prefix(const struct saving *saving, const char *state_path)
{
    return state_path + strlen(saving->write->partitions.staging.prefix);
}

static lake_status add_file(struct saving *saving, const char *state_path, const struct manifest_file *described,
                            struct lake_error *err)
{
    struct saved_files *files = saving->files;
    struct saved_file *file = &files->items[files->n++];
    const char *name = name_behind_prefix(saving, state_path);
    *file = (struct saved_file){.size_bytes = -1};
    if (described != NULL) {
        file->size_bytes = described->size_bytes;
        file->has_sha256 = true;
        memcpy(file->sha256, described->sha256, SHA256_BYTES);
    }
    return arena_copy_text(&files->arena, name, strlen(name), &file->name, err);
}

/* The staged file itself may be the one that keeps the rows that came in. */
static lake_status add_files_of(struct saving *saving, const struct partition *partition, struct lake_error *err)
{
    const char *staged = NULL;
    if (partition->has_file) {
        TRY(partition_state_path(partition, &saving->write->partitions.staging, &saving->path, err));
        staged = (const char *)saving->path.data;
        TRY(add_file(saving, staged, &partition->file, err));
    }
    for (size_t i = 0; i < partition->n_incoming; i++)
        if (staged == NULL || strcmp(staged, partition->incoming[i].path) != 0)
            TRY(add_file(saving, partition->incoming[i].path, NULL, err));
    return LAKE_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct saved_file *)a)->name, ((const struct saved_file *)b)->name);
}

static lake_status list_files(struct saving *saving, struct lake_error *err)
{
    const struct partition_set *set = &saving->write->partitions;
    const struct spill *spill = &saving->write->spill;
    size_t n = spill->n_runs;
    for (size_t i = 0; i < set->n; i++)
        n += set->items[i]->has_file + set->items[i]->n_incoming;
    TRY(arena_new(&saving->files->arena, n, sizeof *saving->files->items, &saving->files->items, err));
    for (size_t i = 0; i < set->n; i++)
        TRY(add_files_of(saving, set->items[i], err));
    for (size_t i = 0; i < spill->n_runs; i++) {
        TRY(add_file(saving, spill->runs[i].path, NULL, err));
        saving->files->items[saving->files->n - 1].size_bytes = spill->runs[i].size_bytes;
    }
    qsort(saving->files->items, saving->files->n, sizeof *saving->files->items, compare_names);
    return LAKE_OK;
}

static const struct saved_file *find_before(const struct saving *saving, const char *name)
{
    return saving->before == NULL ? NULL : saved_write_find_file(saving->before->items, saving->before->n, name);
}

/* Files whose digest nobody took: rows that are kept beside the staged ones. Runs check themselves. */
static lake_status hash_files(struct saving *saving, struct lake_error *err)
{
    struct saved_files *files = saving->files;
    struct saved_file **unknown = NULL;
    size_t n = 0;
    TRY(memory_new(files->n, sizeof *unknown, &unknown, err));
    for (size_t i = 0; i < files->n; i++) {
        struct saved_file *file = &files->items[i];
        const struct saved_file *before = find_before(saving, file->name);
        const char *name = file->name;
        if (file->size_bytes < 0 && before != NULL) {
            *file = *before;
            file->name = name;
        }
        if (file->size_bytes < 0)
            unknown[n++] = file;
    }
    lake_status status =
        saved_hash_files(saving->write->lake, saving->write->partitions.staging.prefix, unknown, n, err);
    memory_free(unknown);
    return status;
}

static lake_status sync_file(struct saving *saving, const char *name, struct lake_error *err)
{
    struct lake *lake = saving->write->lake;
    const char *below = NULL;
    char *path = NULL;
    buffer_clear(&saving->path);
    TRY(buffer_printf(&saving->path, err, "%s%s", saving->write->partitions.staging.prefix, name));
    TRY(buffer_string(&saving->path, &below, err));
    TRY(layout_state_path(lake, below, &path, err));
    lake_status status = file_sync(lake->io, path, err);
    memory_free(path);
    return status;
}

/* What the last safe point names is durable already. */
static lake_status make_durable(struct saving *saving, struct lake_error *err)
{
    const struct staging *staging = &saving->write->partitions.staging;
    const struct saved_files *files = saving->files;
    size_t n_new = 0;
    for (size_t i = 0; i < files->n; i++)
        n_new += find_before(saving, files->items[i].name) == NULL;
    if (n_new >= SYNC_FILESYSTEM_FILES) {
        lake_status status = staging_sync_filesystem(staging, err);
        if (status != LAKE_UNSUPPORTED)
            return status;
    }
    for (size_t i = 0; i < files->n; i++)
        if (find_before(saving, files->items[i].name) == NULL)
            TRY(sync_file(saving, files->items[i].name, err));
    return n_new == 0 ? LAKE_OK : staging_sync_names(staging, err);
}

/* ---- the record ---- */

static size_t index_of(const struct saving *saving, const char *state_path)
{
    const struct saved_files *files = saving->files;
    return (size_t)(saved_write_find_file(files->items, files->n, name_behind_prefix(saving, state_path)) -
                    files->items);
}

static lake_status describe_staged(struct saving *saving, const struct partition *partition,
                                   struct saved_partition *out, struct lake_error *err)
{
    out->path = "";
    if (!partition->has_file)
        return LAKE_OK;
    TRY(partition_state_path(partition, &saving->write->partitions.staging, &saving->path, err));
    out->has_file = true;
    out->file = index_of(saving, (const char *)saving->path.data);
    out->path = partition->path;
    out->time_from_ms = partition->file.time_from_ms;
    out->time_to_ms = partition->file.time_to_ms;
    out->n_rows = partition->file.n_rows;
    return LAKE_OK;
}

static lake_status describe_partition(struct saving *saving, const struct partition *partition,
                                      struct saved_partition *out, struct lake_error *err)
{
    out->start_ms = partition->start_ms;
    out->end_ms = partition->end_ms;
    out->is_changed = partition->is_changed;
    out->counts = partition->counts;
    out->n_incoming = partition->n_incoming;
    out->n_base = partition->n_base;
    out->days = partition->days;
    out->n_days = partition->n_days;
    out->holes = partition->holes.data;
    out->n_holes_bytes = partition->holes.length;
    TRY(describe_staged(saving, partition, out, err));
    TRY(arena_new(&saving->arena, out->n_incoming, sizeof *out->incoming, &out->incoming, err));
    for (size_t i = 0; i < out->n_incoming; i++)
        out->incoming[i] =
            (struct saved_kept){index_of(saving, partition->incoming[i].path), partition->incoming[i].source};
    TRY(arena_new(&saving->arena, out->n_base, sizeof *out->base, &out->base, err));
    for (size_t i = 0; i < out->n_base; i++)
        out->base[i] = (struct saved_base){partition->base[i].id, partition->base[i].path};
    return LAKE_OK;
}

static lake_status describe_partitions(struct saving *saving, struct lake_error *err)
{
    const struct partition_set *set = &saving->write->partitions;
    struct saved_write *saved = &saving->saved;
    saved->n_partitions = set->n;
    TRY(arena_new(&saving->arena, set->n, sizeof *saved->partitions, &saved->partitions, err));
    for (size_t i = 0; i < set->n; i++)
        TRY(describe_partition(saving, set->items[i], &saved->partitions[i], err));
    return LAKE_OK;
}

static lake_status describe_sources(struct saving *saving, struct lake_error *err)
{
    const struct lake_write *write = saving->write;
    struct saved_write *saved = &saving->saved;
    saved->n_sources = write->n_sources;
    TRY(arena_new(&saving->arena, write->n_sources, sizeof *saved->sources, &saved->sources, err));
    for (size_t i = 0; i < write->n_sources; i++) {
        const struct write_source *source = &write->sources[i];
        saved->sources[i] = (struct saved_source){
            .path = source->path, .size_bytes = source->size_bytes, .has_sha256 = source->has_sha256};
        memcpy(saved->sources[i].sha256, source->sha256, SHA256_BYTES);
    }
    return LAKE_OK;
}

static lake_status describe_runs(struct saving *saving, struct lake_error *err)
{
    const struct spill *spill = &saving->write->spill;
    struct saved_write *saved = &saving->saved;
    saved->is_spilling = spill->is_on;
    saved->n_runs = spill->n_runs;
    TRY(arena_new(&saving->arena, spill->n_runs, sizeof *saved->runs, &saved->runs, err));
    for (size_t i = 0; i < spill->n_runs; i++)
        saved->runs[i] = (struct saved_run){index_of(saving, spill->runs[i].path), spill->runs[i].n_rows};
    return LAKE_OK;
}

static lake_status describe_notes(struct saving *saving, struct lake_error *err)
{
    const struct write_notes *notes = &saving->write->notes;
    struct saved_write *saved = &saving->saved;
    TRY(arena_new(&saving->arena, notes->n_members, sizeof *saved->members, &saved->members, err));
    for (; saved->n_members < notes->n_members; saved->n_members++) {
        const struct note_member *member = &notes->members[saved->n_members];
        saved->members[saved->n_members] = (struct saved_member){member->source, member->name};
    }
    TRY(arena_new(&saving->arena, notes->n_origins, sizeof *saved->origins, &saved->origins, err));
    for (; saved->n_origins < notes->n_origins; saved->n_origins++) {
        const struct note_origin *origin = &notes->origins[saved->n_origins];
        saved->origins[saved->n_origins] = (struct saved_origin){origin->member, origin->run};
    }
    saved->last_origin = notes->last;
    saved->absences = notes->absences;
    saved->n_absences = notes->n_absences;
    return LAKE_OK;
}

static lake_status describe(struct saving *saving, const uint8_t job[SHA256_BYTES], const struct buffer *note,
                            struct lake_error *err)
{
    const struct lake_write *write = saving->write;
    struct saved_write *saved = &saving->saved;
    *saved = (struct saved_write){
        .saved_ms = write->lake->io.ops->now_ms(write->lake->io.context),
        .kind = write->kind,
        .exchange = write->exchange,
        .market = write->market,
        .symbol = write->symbol,
        .type = write->type->name,
        .period = write->period->name,
        .detail = write->detail == NULL ? "" : write->detail,
        .started_ms = write->started_ms,
        .rows_read = write->rows_read,
        .first_ms = write->first_ms,
        .last_ms = write->last_ms,
        .rows_rejected = write->rows_rejected,
        .source = write->source,
        .note = note->data,
        .n_note = note->length,
        .columns = write->columns == NULL ? NULL : write->columns->fields,
        .n_columns = write->columns == NULL ? 0 : write->columns->n_fields,
        .files = saving->files->items,
        .n_files = saving->files->n,
    };
    memcpy(saved->job, job, SHA256_BYTES);
    TRY(describe_sources(saving, err));
    TRY(describe_partitions(saving, err));
    TRY(describe_notes(saving, err));
    return describe_runs(saving, err);
}

/* ---- the safe point ---- */

/* From now on these files stay where they are until another safe point does not name them. */
static void take_files(struct saving *saving)
{
    struct lake_write *write = saving->write;
    struct staging *staging = &write->partitions.staging;
    for (size_t i = 0; i < write->partitions.n; i++)
        write->partitions.items[i]->is_saved = true;
    for (size_t i = 0; i < write->spill.n_runs; i++)
        write->spill.runs[i].is_saved = true;
    if (staging->saved != NULL)
        staging_remove_unnamed(staging, staging->saved, saving->files);
    saved_files_free(staging->saved);
    staging->saved = saving->files;
    saving->files = NULL;
}

static lake_status save(struct lake_write *write, const uint8_t job[SHA256_BYTES], const struct buffer *note,
                        struct lake_error *err)
{
    struct saving saving = {.write = write,
                            .before = write->partitions.staging.saved,
                            .arena = ARENA_INIT(SAVED_WRITE_BYTES),
                            .path = BUFFER_INIT(LIMIT_PATH_BYTES)};
    struct buffer record = BUFFER_INIT(SAVED_WRITE_BYTES);
    lake_status status = LAKE_OK;
    TRY_OUT(memory_new(1, sizeof *saving.files, &saving.files, err));
    arena_init(&saving.files->arena, SAVED_WRITE_BYTES);
    TRY_OUT(list_files(&saving, err));
    TRY_OUT(hash_files(&saving, err));
    TRY_OUT(describe(&saving, job, note, err));
    TRY_OUT(saved_write_encode(&saving.saved, &record, err));
    TRY_OUT(make_durable(&saving, err));
    TRY_OUT(staging_save(&write->partitions.staging, &record, err));
    take_files(&saving);
out:
    saved_files_free(saving.files);
    arena_release(&saving.arena);
    buffer_release(&saving.path);
    buffer_release(&record);
    return status;
}

/* A failed sync is never tried again: what it was for may be lost though a later one says nothing. So the write ends here; the safe point
 * before this one stays what it was. */
lake_status lake_write_save(struct lake_write *write, const uint8_t job[SHA256_BYTES], const struct buffer *note,
                            struct lake_error *err)
{
    if (write->has_failed)
        return lake_fail(err, LAKE_INVALID_STATE, "this write has failed before: begin another");
    write->has_failed = true;
    TRY(write_settle(write, err));
    TRY(partition_set_open_staging(&write->partitions, err));
    TRY(save(write, job, note, err));
    write->has_failed = false;
    return LAKE_OK;
}

void lake_write_keep(struct lake_write *write)
{
    write->partitions.staging.is_kept = lake_write_is_saved(write);
}

bool lake_write_is_saved(const struct lake_write *write)
{
    return write->partitions.staging.saved != NULL;
}
