/* Opening and closing a lake. */
#include "lake/handle.h"

#include <errno.h>
#include <string.h>

#include "base/block_cache.h"
#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "io/tree.h"
#include "lake/config.h"
#include "lake/layout.h"
#include "lake/readers.h"
#include "lake/recover.h"
#include "lake/staging.h"

/* Share of the engine's memory that released results may keep for the next. */
enum { CACHE_SHARE = 4 };

static const char default_data_root[] = "data";
static const char default_db_path[] = "manifest.db";

const char *lake_version(void)
{
    return LAKE_VERSION;
}

struct io lake_io(const struct lake *lake)
{
    return lake->io;
}

struct pool *lake_pool(struct lake *lake)
{
    return lake->pool;
}

size_t lake_memory_bytes(const struct lake *lake)
{
    return lake->memory_bytes;
}

bool lake_was_created(const struct lake *lake)
{
    return lake->was_created;
}

const char *lake_recovery_report(const struct lake *lake)
{
    return lake->recovery_report;
}

lake_status lake_keep_text(struct lake *lake, const char *text, const char **out, struct lake_error *err)
{
    mutex_lock(lake->mutex);
    lake_status status = arena_copy_text(&lake->texts, text, strlen(text), out, err);
    mutex_unlock(lake->mutex);
    return status;
}

lake_status lake_keep_new(struct lake *lake, size_t n, size_t size, void *out, struct lake_error *err)
{
    mutex_lock(lake->mutex);
    lake_status status = arena_new(&lake->texts, n, size, out, err);
    mutex_unlock(lake->mutex);
    return status;
}

/* Durable once and for all: a commit makes only the names in staging durable. The parent holds the data root as well. */
static lake_status sync_state(struct lake *lake, struct lake_error *err)
{
    char *parent = NULL;
    TRY(file_sync_directory(lake->io, lake->state_root, err));
    TRY(path_parent(lake->state_root, &parent, err));
    lake_status status = file_sync_directory(lake->io, parent, err);
    memory_free(parent);
    return status;
}

static lake_status make_state(struct lake *lake, struct lake_error *err)
{
    static const char *const inside[] = {"staging", "history"};
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
        char *path = NULL;
        TRY(layout_state_path(lake, inside[i], &path, err));
        lake_status status = file_make_directories(lake->io, path, NULL, err);
        memory_free(path);
        TRY(status);
    }
    return sync_state(lake, err);
}

lake_status lake_lock(struct lake *lake, struct file_lock *lock, int64_t wait_ms, const char *purpose,
                      struct lake_error *err)
{
    char *path = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(layout_state_path(lake, "lake.lock", &path, err));
    status = file_lock_acquire(lock, lake->io, path, IO_LOCK_EXCLUSIVE, wait_ms, purpose, err);
    if (status != LAKE_NOT_FOUND)
        goto out;
    /* A lake that was copied without its state directory. */
    TRY_OUT(make_state(lake, err));
    status = file_lock_acquire(lock, lake->io, path, IO_LOCK_EXCLUSIVE, wait_ms, purpose, err);
out:
    memory_free(path);
    return status;
}

/* Whatever way leads to the data, its state is beside it: a link to a data root has no state of its own. */
static lake_status find_state_root(struct lake *lake, struct lake_error *err)
{
    char resolved[LIMIT_PATH_BYTES];
    int result = lake->io.ops->real_path(lake->io.context, lake->data_root, resolved, sizeof resolved);
    if (result == -ENOENT || result == -ENOTDIR) /* to be made, as a plain directory */
        return layout_state_root(lake->data_root, &lake->state_root, err);
    if (result != 0)
        return lake_fail_errno(err, -result, "cannot find the data", lake->data_root);
    return layout_state_root(resolved, &lake->state_root, err);
}

static lake_status take_paths(struct lake *lake, const struct lake_options *options, struct lake_error *err)
{
    bool has_root = options->data_root != NULL && options->data_root[0] != '\0';
    bool has_db = options->db_path != NULL && options->db_path[0] != '\0';
    TRY(memory_copy_string(has_root ? options->data_root : default_data_root, &lake->data_root, err));
    TRY(memory_copy_string(has_db ? options->db_path : default_db_path, &lake->db_path, err));
    return find_state_root(lake, err);
}

/* Before anything is made: a lake whose settings are not understood is not touched. */
static lake_status take_config(struct lake *lake, const char *given, struct lake_error *err)
{
    struct config config;
    char *directory = NULL, *path = NULL;
    lake_status status = LAKE_OK;
    config_init(&config);
    if (given == NULL) {
        TRY_OUT(path_parent(lake->db_path, &directory, err));
        TRY_OUT(config_find(lake->io, directory, &path, err));
    } else if (given[0] != '\0') {
        TRY_OUT(memory_copy_string(given, &path, err));
    }
    if (path != NULL)
        TRY_OUT(config_read(&config, lake->io, path, err));
    lake->policy = config.policy;
    lake->aggregate = config.aggregate;
    memcpy(lake->default_market, config.market, sizeof lake->default_market);
out:
    memory_free(directory);
    memory_free(path);
    return status;
}

lake_status lake_get_policy(const struct lake *lake, struct lake_policy *out, struct lake_error *err)
{
    if (out == NULL || out->size != sizeof *out)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the policy has an unknown size");
    *out = lake->policy;
    return LAKE_OK;
}

lake_status lake_refuse_network(const struct lake *lake, struct lake_error *err)
{
    char *directory = NULL;
    TRY(path_parent(lake->db_path, &directory, err));
    bool is_network = lake->io.ops->is_network(lake->io.context, directory) == 1;
    memory_free(directory);
    if (is_network)
        return lake_fail(
            err, LAKE_UNSUPPORTED,
            "%s: lies on a network filesystem, where SQLite cannot lock safely; put it on a local disk (--db-path)",
            lake->db_path);
    return LAKE_OK;
}

static lake_status make_directories(struct lake *lake, struct lake_error *err)
{
    char *parent = NULL;
    TRY(file_make_directories(lake->io, lake->data_root, NULL, err));
    TRY(path_parent(lake->db_path, &parent, err));
    lake_status status = file_make_directories(lake->io, parent, NULL, err);
    memory_free(parent);
    return status == LAKE_OK ? make_state(lake, err) : status;
}

/* A new manifest over files that another one lists would have every row twice (I3). */
static lake_status refuse_foreign_data(struct lake *lake, struct lake_error *err)
{
    bool is_empty = true, any = false; /* what another lake's writer staged lies outside the data root */
    TRY(tree_is_empty(lake->io, lake->data_root, &is_empty, err));
    TRY(staging_any(lake, &any, err));
    if (!is_empty || any)
        return lake_fail(
            err, LAKE_EXISTS,
            "%s: holds data already, and %s is not its manifest: name the right one with --db-path, make it "
            "anew with 'dl init --rebuild', or give an empty directory with --data-root",
            lake->data_root, lake->db_path);
    return LAKE_OK;
}

static lake_status create(struct lake *lake, struct lake_error *err)
{
    struct file_lock lock = {0};
    lake_status status = LAKE_OK;
    TRY(refuse_foreign_data(lake, err));
    TRY(make_directories(lake, err));
    TRY(lake_refuse_network(lake, err));
    TRY(lake_lock(lake, &lock, LAKE_LOCK_WAIT_MS, "making the lake", err));
    status = manifest_open(lake->db_path, MANIFEST_CREATE, &lake->was_created, &lake->manifest, err);
    file_lock_release(&lock);
    return status;
}

static lake_status fail_no_lake(const struct lake *lake, struct lake_error *err)
{
    bool is_empty = true;
    TRY(tree_is_empty(lake->io, lake->data_root, &is_empty, err));
    if (is_empty)
        return lake_fail(err, LAKE_NOT_FOUND,
                         "%s: there is no lake here; make one with 'dl init' or name it with --db-path", lake->db_path);
    return lake_fail(err, LAKE_NOT_FOUND,
                     "%s: is not there, but %s holds data: name its manifest with --db-path, or make it anew with "
                     "'dl init --rebuild'",
                     lake->db_path, lake->data_root);
}

/* A manifest that another process is making at this moment looks like none, and one that another version left is brought up
 * to date: both when nobody else is at it. */
static lake_status open_under_lock(struct lake *lake, enum manifest_mode mode, struct lake_error *err)
{
    struct file_lock lock = {0};
    TRY(lake_lock(lake, &lock, LAKE_LOCK_WAIT_MS, mode == MANIFEST_MIGRATE ? "migration" : "opening", err));
    lake_status status = manifest_open(lake->db_path, mode, &lake->was_created, &lake->manifest, err);
    file_lock_release(&lock);
    return status;
}

static lake_status open_existing(struct lake *lake, struct lake_error *err)
{
    struct lake_error first = {LAKE_OK, ""};
    lake_status status = manifest_open(lake->db_path, MANIFEST_READ_WRITE, &lake->was_created, &lake->manifest, &first);
    if (status == LAKE_CORRUPT)
        status = open_under_lock(lake, MANIFEST_READ_WRITE, err);
    else if (status == LAKE_INVALID_STATE)
        status = open_under_lock(lake, MANIFEST_MIGRATE, err);
    else if (status != LAKE_OK)
        return lake_fail(err, status, "%s", first.message);
    /* Without permission to lock there is nobody to wait for. */
    return status == LAKE_PERMISSION ? lake_fail(err, first.status, "%s", first.message) : status;
}

static lake_status require_data_root(const struct lake *lake, struct lake_error *err)
{
    bool exists = false;
    TRY(file_exists(lake->io, lake->data_root, &exists, err));
    if (!exists)
        return lake_fail(err, LAKE_NOT_FOUND, "%s: the data of %s is not here; name its directory with --data-root",
                         lake->data_root, lake->db_path);
    return LAKE_OK;
}

static lake_status open_manifest(struct lake *lake, bool may_create, struct lake_error *err)
{
    bool exists = false;
    TRY(file_exists(lake->io, lake->db_path, &exists, err));
    if (!exists && may_create)
        return create(lake, err);
    if (!exists)
        return fail_no_lake(lake, err);
    TRY(lake_refuse_network(lake, err));
    TRY(require_data_root(lake, err));
    lake_status status = open_existing(lake, err);
    /* An empty database: its maker was killed before the first commit. */
    if (status == LAKE_NOT_FOUND)
        return may_create ? create(lake, err) : fail_no_lake(lake, err);
    return status;
}

lake_status lake_new(const struct lake_options *options, struct io io, struct lake **out, struct lake_error *err)
{
    struct lake *lake = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    if (options == NULL || options->size != sizeof *options)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "lake options have an unknown size");
    TRY(memory_new(1, sizeof *lake, &lake, err));
    lake->io = io;
    lake->recovery_report = "";
    arena_init(&lake->texts, LIMIT_ENGINE_BYTES);
    TRY_OUT(take_paths(lake, options, err));
    TRY_OUT(take_config(lake, options->config_path, err));
    lake->memory_bytes = options->memory_bytes == 0 ? LIMIT_ENGINE_BYTES : (size_t)options->memory_bytes;
    TRY_OUT(mutex_new(&lake->mutex, err));
    TRY_OUT(block_cache_new(lake->memory_bytes / CACHE_SHARE, &lake->blocks, err));
    TRY_OUT(pool_new(options->n_threads, &lake->pool, err));
    *out = lake;
    lake = NULL;
out:
    lake_close(lake);
    return status;
}

lake_status lake_open_with(const struct lake_options *options, struct io io, struct lake **out, struct lake_error *err)
{
    struct lake *lake = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY_OUT(lake_new(options, io, &lake, err));
    TRY_OUT(open_manifest(lake, options->create, err));
    TRY_OUT(lake_recover(lake, err));
    *out = lake;
    lake = NULL;
out:
    lake_close(lake);
    return status;
}

lake_status lake_open(const struct lake_options *options, struct lake **out, struct lake_error *err)
{
    return lake_open_with(options, io_system(), out, err);
}

/* Moving the WAL waits for the disk twice, so a writer does it only where the WAL has grown, and where it made the lake: then all
 * there is of it stands in manifest.db. Not where another holds the lock, who will. */
static void flush_manifest(struct lake *lake)
{
    struct file_lock lock = {0};
    if (!lake->has_committed && !lake->was_created)
        return;
    if (lake_lock(lake, &lock, 0, "closing", NULL) == LAKE_OK)
        (lake->was_created ? manifest_flush : manifest_checkpoint)(lake->manifest);
    file_lock_release(&lock);
}

void lake_close(struct lake *lake)
{
    if (lake == NULL)
        return;
    readers_release(lake);
    if (lake->manifest != NULL)
        flush_manifest(lake);
    manifest_close(lake->manifest);
    pool_free(lake->pool);
    block_cache_release(lake->blocks);
    mutex_free(lake->mutex);
    arena_release(&lake->texts);
    memory_free(lake->data_root);
    memory_free(lake->db_path);
    memory_free(lake->state_root);
    memory_free(lake);
}
