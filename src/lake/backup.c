/* Backups: a lake of its own in another directory, as of one snapshot, while readers and writers go on.
 *
 * The order matters: first the pin, so that nothing which is live from now on expires; then the manifest's copy, which is of one
 * snapshot; then the files it lists, wherever writers have moved them meanwhile; then all is made durable, and only then
 * it gets its name. */
#include "lake/backup.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "io/tree.h"
#include "lake/duplicate.h"
#include "lake/partial.h"
#include "lake/readers.h"
#include "manifest/history.h"

lake_status backup_check_options(const struct lake_backup_options *options, struct lake_backup_result *result,
                                 struct lake_error *err)
{
    if (options == NULL || options->size != sizeof *options)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the backup options have an unknown size");
    if (result == NULL || result->size != sizeof *result)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the backup result has an unknown size");
    *result = (struct lake_backup_result){.size = sizeof *result};
    if (options->directory == NULL || options->directory[0] == '\0')
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "a backup needs the name of its directory");
    if (options->copy != LAKE_COPY_AUTO && options->copy != LAKE_COPY_BYTES)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "there is no way of copying number %d", (int)options->copy);
    return LAKE_OK;
}

/* ---- where it goes ---- */

/* Without slashes at the end: other names are made of it. */
static lake_status trim(const char *directory, char **out, struct lake_error *err)
{
    TRY(memory_copy_string(directory, out, err));
    for (size_t n = strlen(*out); n > 1 && (*out)[n - 1] == '/'; n--)
        (*out)[n - 1] = '\0';
    const char *name = path_name(*out);
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "'%s' has no name of its own: give a directory such as 'backup'",
                         directory);
    return LAKE_OK;
}

static bool is_within(const char *path, const char *directory)
{
    size_t n = strlen(directory);
    return strncmp(path, directory, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

/* The parent's absolute path, and the name behind it: the directory need not be there yet. */
static lake_status resolve(struct io io, const char *target, char **out, struct lake_error *err)
{
    char resolved[LIMIT_PATH_BYTES];
    char *parent = NULL;
    TRY(path_parent(target, &parent, err));
    int result = io.ops->real_path(io.context, parent, resolved, sizeof resolved);
    lake_status status = LAKE_OK;
    if (result == -ENOENT || result == -ENOTDIR)
        status = lake_fail(err, LAKE_NOT_FOUND, "%s: there is no directory %s to put it in", target, parent);
    else if (result != 0)
        status = lake_fail_errno(err, -result, "cannot find", parent);
    else
        status = path_join(resolved, path_name(target), out, err);
    memory_free(parent);
    return status;
}

/* A backup inside the lake would be data of the lake to every tool that looks there (I3). */
static lake_status refuse_inside(const struct lake *lake, const char *target, struct lake_error *err)
{
    const char *const places[] = {lake->data_root, lake->state_root};
    char resolved[LIMIT_PATH_BYTES];
    char *absolute = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(resolve(lake->io, target, &absolute, err));
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int result = lake->io.ops->real_path(lake->io.context, places[i], resolved, sizeof resolved);
        if (result == -ENOENT)
            continue; /* a lake that was only read so far has no state directory */
        if (result != 0)
            TRY_OUT(lake_fail_errno(err, -result, "cannot find", places[i]));
        if (is_within(absolute, resolved))
            TRY_OUT(lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: lies inside the lake (%s); name a directory outside it",
                              target, places[i]));
    }
out:
    memory_free(absolute);
    return status;
}

static lake_status prepare_target(const struct lake *lake, const char *directory, char **target, struct lake_error *err)
{
    TRY(trim(directory, target, err));
    TRY(refuse_inside(lake, *target, err));
    TRY(partial_remove_dead(lake->io, *target, NULL, NULL, err));
    return partial_check_target(lake->io, *target, "the backup", err);
}

/* ---- what goes there ---- */

struct backup {
    struct lake *lake;
    const struct lake_backup_options *options;
    struct lake_backup_result *result;
    struct partial partial;
    struct manifest *copy;
    char *manifest_path, *data_root; /* in the partial directory */
};

static lake_status copy_files(struct backup *backup, struct lake_error *err)
{
    bool may_share = backup->options->copy == LAKE_COPY_AUTO;
    const struct duplication duplication = {
        .source = backup->lake,
        .manifest = backup->copy,
        .data_root = backup->data_root,
        .may_clone = may_share,
        .may_link = may_share,
        .progress = &backup->options->progress,
        .result = backup->result,
    };
    TRY(file_make_directories(backup->lake->io, backup->data_root, NULL, err));
    return duplicate_files(&duplication, err);
}

static lake_status fill(struct backup *backup, struct lake_error *err)
{
    struct io io = backup->lake->io;
    TRY(path_join(backup->partial.path, BACKUP_MANIFEST, &backup->manifest_path, err));
    TRY(path_join(backup->partial.path, BACKUP_DATA, &backup->data_root, err));
    TRY(backup_copy_manifest(backup->lake->db_path, backup->manifest_path, &backup->copy, err));
    TRY(manifest_snapshot(backup->copy, &backup->result->snapshot, err));
    TRY(copy_files(backup, err));
    struct manifest *copy = backup->copy;
    backup->copy = NULL;
    TRY(backup_finish_manifest(copy, io, backup->manifest_path, err));
    return tree_sync(io, backup->partial.path, err);
}

static lake_status make(struct backup *backup, const char *target, struct lake_error *err)
{
    lake_status status = LAKE_OK;
    TRY_OUT(partial_begin(&backup->partial, backup->lake->io, target, "backup", err));
    TRY_OUT(fill(backup, err));
    status = partial_publish(&backup->partial, err);
out:
    manifest_close(backup->copy);
    partial_end(&backup->partial);
    memory_free(backup->manifest_path);
    memory_free(backup->data_root);
    return status;
}

lake_status lake_backup(struct lake *lake, const struct lake_backup_options *options, struct lake_backup_result *result,
                        struct lake_error *err)
{
    struct backup backup = {.lake = lake, .options = options, .result = result};
    struct reader_pin pin = {0};
    char *target = NULL;
    lake_status status = LAKE_OK;
    TRY(backup_check_options(options, result, err));
    TRY_OUT(prepare_target(lake, options->directory, &target, err));
    TRY_OUT(readers_pin(lake, 0, &pin, err));
    status = make(&backup, target, err);
out:
    readers_unpin(lake, &pin);
    memory_free(target);
    return status;
}
