#include "lake/rebuild.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "io/tree.h"
#include "lake/backup.h"
#include "lake/data_tree.h"
#include "lake/quarantine.h"
#include "lake/rebuild_dataset.h"
#include "lake/table_stream.h"

/* The manifest until it is whole, beside its place. Only ever ours: it is made under the lake's lock. */
static const char unfinished_suffix[] = ".rebuild";
/* SQLite's files beside a manifest, and itself. */
static const char *const manifest_suffixes[] = {"", "-wal", "-shm", "-journal"};
enum { N_MANIFEST_SUFFIXES = sizeof manifest_suffixes / sizeof *manifest_suffixes };

static lake_status append(const char *path, const char *suffix, char **out, struct lake_error *err)
{
    size_t n = strlen(path) + strlen(suffix) + 1;
    TRY(memory_new(n, 1, out, err));
    (void)snprintf(*out, n, "%s%s", path, suffix);
    return LAKE_OK;
}

/* ---- what is set aside ---- */

lake_status rebuild_set_aside(struct rebuild *rebuild, const struct rebuild_aside *aside, struct lake_error *err)
{
    struct rebuild_aside *kept = NULL;
    TRY(arena_new(&rebuild->arena, 1, sizeof *kept, &kept, err));
    *kept = *aside;
    kept->next = NULL;
    TRY(arena_copy_text(&rebuild->arena, aside->path, strlen(aside->path), &kept->path, err));
    TRY(arena_copy_text(&rebuild->arena, aside->detail, strlen(aside->detail), &kept->detail, err));
    *rebuild->last_aside = kept;
    rebuild->last_aside = &kept->next;
    rebuild->result->n_set_aside++;
    return LAKE_OK;
}

static lake_status move_aside(const struct rebuild *rebuild, const struct rebuild_aside *aside,
                              struct batch_builder *report, struct lake_error *err)
{
    const struct lake *lake = rebuild->lake;
    struct buffer to = BUFFER_INIT(LIMIT_PATH_BYTES);
    char *full = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(path_join(aside->is_in_state ? lake->state_root : lake->data_root, aside->path, &full, err));
    if (!aside->stays)
        TRY_OUT(quarantine_move(rebuild->lake, full, &to, err));
    const struct cell cells[] = {cell_text(aside->path), cell_text(aside->problem), cell_text(aside->detail),
                                 cell_text(aside->stays ? NULL : (const char *)to.data)};
    status = batch_builder_append_cells(report, cells, err);
out:
    memory_free(full);
    buffer_release(&to);
    return status;
}

static lake_status new_report(struct batch_builder **out, struct lake_error *err)
{
    static const struct column_field fields[] = {{"path", COLUMN_UTF8, 0, false},
                                                 {"problem", COLUMN_UTF8, 0, false},
                                                 {"detail", COLUMN_UTF8, 0, false},
                                                 {"moved_to", COLUMN_UTF8, 0, true}};
    struct schema *schema = NULL;
    TRY(schema_new(fields, sizeof fields / sizeof *fields, &schema, err));
    lake_status status = batch_builder_new(schema, out, err);
    schema_free(schema);
    return status;
}

lake_status rebuild_report_progress(const struct rebuild *rebuild, struct lake_error *err)
{
    const struct lake_progress *progress = rebuild->progress;
    if (progress == NULL || progress->report == NULL)
        return LAKE_OK;
    if (progress->report(progress->context, rebuild->result->n_rows, rebuild->result->n_bytes, 0) != 0)
        return lake_fail(err, LAKE_CANCELLED, "the rebuild was stopped; nothing was changed");
    return LAKE_OK;
}

/* ---- the tree ---- */

struct tree_walk {
    struct rebuild *rebuild;
    struct rebuild_dataset dataset; /* the one that is being walked through */
};

static bool same_dataset(const struct layout_path *a, const struct layout_path *b)
{
    return strcmp(a->exchange, b->exchange) == 0 && strcmp(a->market, b->market) == 0 &&
           strcmp(a->symbol, b->symbol) == 0 && strcmp(a->type, b->type) == 0 && strcmp(a->period, b->period) == 0;
}

static lake_status visit(void *context, const char *path, struct lake_error *err)
{
    static const struct rebuild_aside stranger = {.problem = "stranger",
                                                  .detail = "its path is not one of a lake's files"};
    struct tree_walk *walk = context;
    struct rebuild_aside aside = stranger;
    struct layout_path place;
    lake_status status = layout_parse_path(path, &place, err);
    if (status == LAKE_INVALID_ARGUMENT) {
        aside.path = path;
        return rebuild_set_aside(walk->rebuild, &aside, err);
    }
    TRY(status);
    if (walk->dataset.n > 0 && !same_dataset(&walk->dataset.files[0]->place, &place))
        TRY(rebuild_dataset_finish(&walk->dataset, walk->rebuild, err));
    return rebuild_dataset_add(&walk->dataset, path, &place, err);
}

static lake_status leave(void *context, const char *directory, struct lake_error *err)
{
    (void)context;
    (void)directory;
    (void)err;
    return LAKE_OK;
}

static lake_status walk_tree(struct rebuild *rebuild, struct lake_error *err)
{
    struct tree_walk walk = {.rebuild = rebuild};
    const struct data_tree_visitor visitor = {visit, leave, &walk};
    rebuild_dataset_init(&walk.dataset);
    lake_status status = data_tree_walk(rebuild->lake, &visitor, err);
    if (status == LAKE_OK)
        status = rebuild_dataset_finish(&walk.dataset, rebuild, err);
    rebuild_dataset_release(&walk.dataset);
    return status;
}

/* ---- the manifest ---- */

static lake_status begin_manifest(struct rebuild *rebuild, const char *path, struct lake_error *err)
{
    struct io io = rebuild->lake->io;
    int64_t now_ms = io.ops->now_ms(io.context);
    struct manifest_operation operation = {.kind = "rebuild",
                                           .source = "",
                                           .started_ms = now_ms,
                                           .finished_ms = now_ms,
                                           .software = LAKE_SOFTWARE,
                                           .detail = "the manifest was made anew from the files"};
    bool created = false;
    TRY(manifest_open(path, MANIFEST_CREATE, &created, &rebuild->manifest, err));
    TRY(manifest_begin(rebuild->manifest, err));
    TRY(manifest_add_operation(rebuild->manifest, &operation, &rebuild->snapshot, err));
    rebuild->operation_id = operation.id;
    return LAKE_OK;
}

static lake_status end_manifest(struct rebuild *rebuild, const char *path, struct lake_error *err)
{
    int64_t n_rows = rebuild->result->n_rows;
    struct manifest *manifest = rebuild->manifest;
    TRY(manifest_set_rows(manifest, rebuild->operation_id, n_rows, n_rows, err));
    TRY(manifest_commit(manifest, err));
    rebuild->manifest = NULL;
    return backup_finish_manifest(manifest, rebuild->lake->io, path, err);
}

static lake_status remove_manifest(const struct lake *lake, const char *path, struct lake_error *err)
{
    lake_status first = LAKE_OK;
    for (size_t i = 0; i < N_MANIFEST_SUFFIXES; i++) {
        char *name = NULL;
        lake_status status = append(path, manifest_suffixes[i], &name, first == LAKE_OK ? err : NULL);
        if (status == LAKE_OK)
            status = file_remove(lake->io, name, first == LAKE_OK ? err : NULL);
        memory_free(name);
        first = first == LAKE_OK ? status : first;
    }
    return first;
}

/* ---- the place ---- */

/* A log that an old manifest left would be taken for the new one's. */
static lake_status refuse_existing(const struct lake *lake, struct lake_error *err)
{
    for (size_t i = 0; i < N_MANIFEST_SUFFIXES; i++) {
        char *path = NULL;
        bool exists = false;
        TRY(append(lake->db_path, manifest_suffixes[i], &path, err));
        lake_status status = file_exists(lake->io, path, &exists, err);
        memory_free(path);
        TRY(status);
        if (exists)
            return lake_fail(err, LAKE_EXISTS,
                             "%s%s: is there already; where it is damaged, move it with its -wal and -shm away first",
                             lake->db_path, manifest_suffixes[i]);
    }
    return LAKE_OK;
}

static lake_status check_place(const struct lake *lake, struct lake_error *err)
{
    bool exists = false;
    TRY(refuse_existing(lake, err));
    TRY(file_exists(lake->io, lake->data_root, &exists, err));
    if (!exists)
        return lake_fail(err, LAKE_NOT_FOUND, "%s: there is no data to make a manifest of; name it with --data-root",
                         lake->data_root);
    return lake_refuse_network(lake, err);
}

static lake_status sync_parent(const struct lake *lake, const char *path, struct lake_error *err)
{
    char *parent = NULL;
    TRY(path_parent(path, &parent, err));
    lake_status status = file_sync_directory(lake->io, parent, err);
    memory_free(parent);
    return status;
}

static lake_status move_all_aside(struct rebuild *rebuild, struct batch_builder *report, struct lake_error *err)
{
    for (const struct rebuild_aside *aside = rebuild->asides; aside != NULL; aside = aside->next)
        TRY(move_aside(rebuild, aside, report, err));
    return LAKE_OK;
}

static lake_status put_in_place(struct rebuild *rebuild, const char *unfinished, struct batch_builder *report,
                                struct lake_error *err)
{
    const struct lake *lake = rebuild->lake;
    TRY(move_all_aside(rebuild, report, err));
    /* Files that a dead writer had just put in place: the manifest must not survive a power cut that they do not. */
    TRY(tree_sync(lake->io, lake->data_root, err));
    TRY(refuse_existing(lake, err));
    TRY(file_rename(lake->io, unfinished, lake->db_path, err));
    return sync_parent(lake, lake->db_path, err);
}

static lake_status make_all(struct rebuild *rebuild, const char *unfinished, struct lake_error *err)
{
    TRY(begin_manifest(rebuild, unfinished, err));
    TRY(walk_tree(rebuild, err));
    TRY(rebuild_find_staged(rebuild, err));
    return end_manifest(rebuild, unfinished, err);
}

static lake_status run_locked(struct rebuild *rebuild, struct batch_builder *report, struct lake_error *err)
{
    const struct lake *lake = rebuild->lake;
    char *unfinished = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(check_place(lake, err)); /* again: another may have made one while we waited */
    TRY_OUT(append(lake->db_path, unfinished_suffix, &unfinished, err));
    TRY_OUT(remove_manifest(lake, unfinished, err)); /* of a rebuild that died */
    TRY_OUT(make_all(rebuild, unfinished, err));
    status = put_in_place(rebuild, unfinished, report, err);
out:
    manifest_close(rebuild->manifest);
    rebuild->manifest = NULL;
    if (status != LAKE_OK && unfinished != NULL && remove_manifest(lake, unfinished, NULL) != LAKE_OK)
        (void)status; /* the next rebuild removes it */
    memory_free(unfinished);
    return status;
}

static void release(struct rebuild *rebuild)
{
    for (size_t i = 0; rebuild->examiners != NULL && i < pool_threads(rebuild->lake->pool); i++)
        examiner_free(rebuild->examiners[i]);
    memory_free(rebuild->examiners);
    arena_release(&rebuild->arena);
}

lake_status lake_rebuild_with(struct lake *lake, const struct lake_progress *progress,
                              struct lake_rebuild_result *result, struct ArrowArrayStream *report,
                              struct lake_error *err)
{
    struct rebuild rebuild = {.lake = lake, .progress = progress, .result = result};
    struct batch_builder *rows = NULL;
    struct file_lock lock = {0};
    lake_status status = LAKE_OK;
    if (result == NULL || result->size != sizeof *result)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the rebuild result has an unknown size");
    *result = (struct lake_rebuild_result){.size = sizeof *result};
    rebuild.last_aside = &rebuild.asides;
    arena_init(&rebuild.arena, LIMIT_ENGINE_BYTES);
    TRY_OUT(new_report(&rows, err));
    TRY_OUT(memory_new(pool_threads(lake->pool), sizeof(struct examiner *), &rebuild.examiners, err));
    TRY_OUT(check_place(lake, err));
    TRY_OUT(lake_lock(lake, &lock, LAKE_LOCK_WAIT_MS, "rebuild", err));
    TRY_OUT(run_locked(&rebuild, rows, err));
    status = table_stream(rows, report, err);
out:
    file_lock_release(&lock);
    batch_builder_free(rows);
    release(&rebuild);
    return status;
}

lake_status lake_rebuild(const struct lake_options *options, const struct lake_progress *progress,
                         struct lake_rebuild_result *result, struct ArrowArrayStream *report, struct lake_error *err)
{
    struct lake *lake = NULL;
    lake_status status = lake_new(options, io_system(), &lake, err);
    if (status == LAKE_OK)
        status = lake_rebuild_with(lake, progress, result, report, err);
    lake_close(lake);
    return status;
}
