/* Restoring: a backup's files and manifest to where a lake shall be.
 *
 * Everything is made beside its place, <data root>.partial-{token} and <manifest>.restoring-{token}, checked and made durable. Then
 * the manifest is renamed to <manifest>.restored-{token}, which says so; then, under the lake's lock, the data gets its name, and
 * last the manifest: until then there is no lake. Whoever restores there next finishes from "restored" on, and removes what stopped
 * before it. The backup is only read. */
#include "lake/backup.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "io/tree.h"
#include "lake/duplicate.h"
#include "lake/partial.h"
#include "manifest/history.h"

static const char what_restoring[] = "restoring", what_restored[] = "restored";

struct restore {
    const struct lake_backup_options *options;
    struct lake_backup_result *result;
    struct lake *lake;   /* to be: its paths and its lock */
    struct lake *backup; /* where the bytes are */
    char *target;        /* the data root as a plain path */
    struct partial partial;
    struct manifest *copy;
    char *restoring, *restored;      /* paths of the manifest on its way */
    bool was_finished;               /* what a dead restore left was whole */
    bool is_restored, has_data_name; /* how far this one came */
};

/* ---- the place ---- */

static lake_status refuse_existing(const char *path, struct io io, struct lake_error *err)
{
    bool exists = false;
    TRY(file_exists(io, path, &exists, err));
    return exists
               ? lake_fail(err, LAKE_EXISTS,
                           "%s: is there already; restore to another place (--data-root, --db-path), or move it away",
                           path)
               : LAKE_OK;
}

/* A log that an old manifest left would be taken for the restored one's. */
static lake_status refuse_log(const struct lake *lake, struct lake_error *err)
{
    static const char *const suffixes[] = {"-wal", "-journal"};
    struct buffer path = BUFFER_INIT(LIMIT_PATH_BYTES + KIB);
    const char *text = NULL;
    lake_status status = LAKE_OK;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        buffer_clear(&path);
        TRY_OUT(buffer_printf(&path, err, "%s%s", lake->db_path, suffixes[i]));
        TRY_OUT(buffer_string(&path, &text, err));
        TRY_OUT(refuse_existing(text, lake->io, err));
    }
out:
    buffer_release(&path);
    return status;
}

static lake_status refuse_lake(const struct restore *restore, struct lake_error *err)
{
    struct io io = restore->lake->io;
    bool is_empty = true;
    TRY(refuse_existing(restore->lake->db_path, io, err));
    TRY(refuse_log(restore->lake, err));
    TRY(tree_is_empty(io, restore->target, &is_empty, err));
    return is_empty ? LAKE_OK
                    : lake_fail(err, LAKE_EXISTS, "%s: holds data already; restore to another place (--data-root)",
                                restore->lake->data_root);
}

/* A link to the data's directory stays a link: what it names is filled. */
static lake_status find_target(struct restore *restore, struct lake_error *err)
{
    char resolved[LIMIT_PATH_BYTES];
    struct io io = restore->lake->io;
    const char *path = restore->lake->data_root;
    int result = io.ops->real_path(io.context, path, resolved, sizeof resolved);
    if (result != 0 && result != -ENOENT && result != -ENOTDIR)
        return lake_fail_errno(err, -result, "cannot find", path);
    TRY(memory_copy_string(result == 0 ? resolved : path, &restore->target, err));
    for (size_t n = strlen(restore->target); n > 1 && restore->target[n - 1] == '/'; n--)
        restore->target[n - 1] = '\0';
    return LAKE_OK;
}

static lake_status make_parent(struct io io, const char *path, struct lake_error *err)
{
    char *parent = NULL;
    TRY(path_parent(path, &parent, err));
    lake_status status = file_make_directories(io, parent, NULL, err);
    memory_free(parent);
    return status;
}

static lake_status sync_parent(struct io io, const char *path, struct lake_error *err)
{
    char *parent = NULL;
    TRY(path_parent(path, &parent, err));
    lake_status status = file_sync_directory(io, parent, err);
    memory_free(parent);
    return status;
}

/* ---- the last steps, which a later restore can finish ---- */

/* Under the lake's lock. */
static lake_status name_all(struct restore *restore, const char *data, const char *manifest, struct lake_error *err)
{
    struct io io = restore->lake->io;
    bool exists = false;
    TRY(refuse_existing(restore->lake->db_path, io, err));
    TRY(file_exists(io, data, &exists, err));
    if (exists) {
        TRY(partial_check_target(io, restore->target, "the restored data", err));
        TRY(file_rename(io, data, restore->target, err));
    }
    restore->has_data_name = true;
    TRY(sync_parent(io, restore->target, err));
    TRY(file_rename(io, manifest, restore->lake->db_path, err));
    lake_status status = sync_parent(io, restore->lake->db_path, err);
    if (status != LAKE_OK) /* not known to stay: then it shall not seem so */
        (void)(file_rename(io, restore->lake->db_path, manifest, NULL) == LAKE_OK);
    return status;
}

/* Nobody can make a lake here meanwhile: that needs the same lock. */
static lake_status put_in_place(struct restore *restore, const char *data, const char *manifest, struct lake_error *err)
{
    struct file_lock lock = {0};
    TRY(lake_lock(restore->lake, &lock, LAKE_LOCK_WAIT_MS, "restore", err));
    lake_status status = name_all(restore, data, manifest, err);
    file_lock_release(&lock);
    return status;
}

static lake_status remove_manifest(struct io io, const char *path, struct lake_error *err)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    struct buffer name = BUFFER_INIT(LIMIT_PATH_BYTES + KIB);
    const char *text = NULL;
    lake_status status = LAKE_OK;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        buffer_clear(&name);
        TRY_OUT(buffer_printf(&name, err, "%s%s", path, suffixes[i]));
        TRY_OUT(buffer_string(&name, &text, err));
        TRY_OUT(file_remove(io, text, err));
    }
out:
    buffer_release(&name);
    return status;
}

/* What a dead restore left: finished where it was whole, else removed. Its lock is held. */
static lake_status finish_dead(void *context, uint64_t token, struct lake_error *err)
{
    struct restore *restore = context;
    struct io io = restore->lake->io;
    char *restoring = NULL, *restored = NULL, *data = NULL;
    bool is_whole = false;
    lake_status status = LAKE_OK;
    TRY_OUT(partial_name(restore->lake->db_path, what_restoring, token, &restoring, err));
    TRY_OUT(partial_name(restore->lake->db_path, what_restored, token, &restored, err));
    TRY_OUT(partial_name(restore->target, "partial", token, &data, err));
    TRY_OUT(file_exists(io, restored, &is_whole, err));
    if (is_whole)
        TRY_OUT(put_in_place(restore, data, restored, err));
    restore->was_finished = restore->was_finished || is_whole;
    status = remove_manifest(io, restoring, err);
out:
    memory_free(restoring);
    memory_free(restored);
    memory_free(data);
    return status;
}

/* ---- the work ---- */

static lake_status open_backup(struct restore *restore, const struct lake_options *lake_options, struct lake_error *err)
{
    const char *directory = restore->options->directory;
    struct lake_options options = *lake_options;
    char *data_root = NULL, *db_path = NULL;
    bool has_manifest = false, has_data = false;
    lake_status status = LAKE_OK;
    TRY_OUT(path_join(directory, BACKUP_DATA, &data_root, err));
    TRY_OUT(path_join(directory, BACKUP_MANIFEST, &db_path, err));
    TRY_OUT(file_exists(restore->lake->io, db_path, &has_manifest, err));
    TRY_OUT(file_exists(restore->lake->io, data_root, &has_data, err));
    if (!has_manifest || !has_data)
        TRY_OUT(lake_fail(err, LAKE_NOT_FOUND, "%s: there is no backup here (a directory with %s and %s)", directory,
                          BACKUP_MANIFEST, BACKUP_DATA));
    options.data_root = data_root;
    options.db_path = db_path;
    options.config_path = "";
    status = lake_new(&options, restore->lake->io, &restore->backup, err);
out:
    memory_free(data_root);
    memory_free(db_path);
    return status;
}

/* The backup's files are found by the copy of its manifest, which still says where its own unfinished moves have them. */
static lake_status copy_files(struct restore *restore, struct lake_error *err)
{
    const struct duplication duplication = {
        .source = restore->backup,
        .manifest = restore->copy,
        .data_root = restore->partial.path,
        .may_clone = restore->options->copy == LAKE_COPY_AUTO,
        .may_link = false, /* the backup shall not share its files with what it is a backup of */
        .progress = &restore->options->progress,
        .result = restore->result,
    };
    restore->backup->manifest = restore->copy;
    lake_status status = duplicate_files(&duplication, err);
    restore->backup->manifest = NULL;
    return status;
}

static lake_status fill(struct restore *restore, struct lake_error *err)
{
    struct io io = restore->lake->io;
    TRY(backup_copy_manifest(restore->backup->db_path, restore->restoring, &restore->copy, err));
    TRY(manifest_snapshot(restore->copy, &restore->result->snapshot, err));
    TRY(copy_files(restore, err));
    struct manifest *copy = restore->copy;
    restore->copy = NULL;
    TRY(backup_finish_manifest(copy, io, restore->restoring, err));
    TRY(tree_sync(io, restore->partial.path, err));
    TRY(file_sync(io, restore->restoring, err));
    TRY(file_rename(io, restore->restoring, restore->restored, err));
    restore->is_restored = true;
    return sync_parent(io, restore->restored, err);
}

/* After a failure: what cannot be undone here stays for the next restore, with its lock file to be found by. */
static void clean_up(struct restore *restore)
{
    struct io io = restore->lake->io;
    manifest_close(restore->copy);
    restore->copy = NULL;
    bool is_gone = !restore->has_data_name;
    if (is_gone && restore->restoring != NULL)
        is_gone = remove_manifest(io, restore->restoring, NULL) == LAKE_OK;
    if (is_gone && restore->is_restored)
        is_gone = file_remove(io, restore->restored, NULL) == LAKE_OK;
    if (!is_gone)
        partial_leave(&restore->partial);
}

static lake_status make(struct restore *restore, struct lake_error *err)
{
    const char *db_path = restore->lake->db_path;
    lake_status status = LAKE_OK;
    TRY_OUT(partial_begin(&restore->partial, restore->lake->io, restore->target, "restore", err));
    TRY_OUT(partial_name(db_path, what_restoring, restore->partial.token, &restore->restoring, err));
    TRY_OUT(partial_name(db_path, what_restored, restore->partial.token, &restore->restored, err));
    TRY_OUT(fill(restore, err));
    TRY_OUT(put_in_place(restore, restore->partial.path, restore->restored, err));
    restore->partial.is_published = true;
out:
    if (status != LAKE_OK)
        clean_up(restore);
    partial_end(&restore->partial);
    return status;
}

/* The lake that stands here now is what a dead restore had checked: the one that was asked for, or not. */
static lake_status check_finished(struct restore *restore, struct lake_error *err)
{
    struct manifest *found = NULL, *wanted = NULL;
    struct manifest_sizes sizes = {0}, wanted_sizes = {0};
    int64_t snapshot = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(manifest_open(restore->backup->db_path, MANIFEST_READ_ONLY, NULL, &wanted, err));
    TRY_OUT(manifest_open(restore->lake->db_path, MANIFEST_READ_ONLY, NULL, &found, err));
    TRY_OUT(manifest_snapshot(found, &restore->result->snapshot, err));
    TRY_OUT(manifest_find_sizes(found, &sizes, err));
    TRY_OUT(manifest_snapshot(wanted, &snapshot, err));
    TRY_OUT(manifest_find_sizes(wanted, &wanted_sizes, err));
    restore->result->n_files = sizes.live_files;
    restore->result->n_bytes = sizes.live_bytes;
    if (snapshot != restore->result->snapshot || wanted_sizes.live_bytes != sizes.live_bytes)
        status = lake_fail(err, LAKE_EXISTS,
                           "%s: an interrupted restore of another backup was finished, as it was whole; restore to "
                           "another place, or move it away",
                           restore->lake->db_path);
out:
    manifest_close(wanted);
    manifest_close(found);
    return status;
}

static lake_status restore_all(struct restore *restore, const struct lake_options *lake_options, struct lake_error *err)
{
    struct io io = restore->lake->io;
    TRY(open_backup(restore, lake_options, err));
    TRY(find_target(restore, err));
    TRY(partial_remove_dead(io, restore->target, finish_dead, restore, err));
    if (restore->was_finished)
        return check_finished(restore, err);
    TRY(refuse_lake(restore, err));
    TRY(make_parent(io, restore->target, err));
    TRY(make_parent(io, restore->lake->db_path, err));
    TRY(lake_refuse_network(restore->lake, err));
    TRY(partial_check_target(io, restore->target, "the restored data", err));
    restore->has_data_name = false;
    return make(restore, err);
}

lake_status lake_restore_with(const struct lake_options *lake_options, const struct lake_backup_options *options,
                              struct io io, struct lake_backup_result *result, struct lake_error *err)
{
    struct restore restore = {.options = options, .result = result};
    lake_status status = LAKE_OK;
    TRY(backup_check_options(options, result, err));
    TRY_OUT(lake_new(lake_options, io, &restore.lake, err));
    status = restore_all(&restore, lake_options, err);
out:
    memory_free(restore.target);
    memory_free(restore.restoring);
    memory_free(restore.restored);
    lake_close(restore.backup);
    lake_close(restore.lake);
    return status;
}

lake_status lake_restore(const struct lake_options *lake_options, const struct lake_backup_options *options,
                         struct lake_backup_result *result, struct lake_error *err)
{
    return lake_restore_with(lake_options, options, io_system(), result, err);
}
