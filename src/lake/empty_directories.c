#include "lake/empty_directories.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "lake/layout.h"

/* What is found is removed in portions of that many bytes of paths; what is deeper than any lake's tree is left alone. */
enum { PORTION_BYTES = 64 << 10, MOST_DEPTH = 16 };

struct search {
    struct maintenance *maintenance;
    struct buffer path;  /* of where it is, below the data root */
    struct buffer found; /* paths, each terminated, those within before those around them */
    int depth;
    int64_t n_removed;
    lake_status status;
    struct lake_error *err;
};

/* ---- removing ---- */

static bool is_awaited(const char *directory, const struct manifest_outstanding *moves, size_t n_moves)
{
    size_t n = strlen(directory);
    for (size_t i = 0; i < n_moves; i++)
        if (strncmp(moves[i].path, directory, n) == 0 && moves[i].path[n] == '/')
            return true;
    return false;
}

/* One that has been filled, or removed, since it was found is fine. */
static lake_status remove_one(struct search *search, const char *directory, struct lake_error *err)
{
    struct lake *lake = search->maintenance->lake;
    char *path = NULL;
    TRY(layout_data_path(lake, directory, &path, err));
    int result = lake->io.ops->remove_directory(lake->io.context, path);
    lake_status status = LAKE_OK;
    search->n_removed += result == 0;
    if (result != 0 && result != -ENOTEMPTY && result != -EEXIST && result != -ENOENT)
        status = lake_fail_errno(err, -result, "cannot remove", path);
    memory_free(path);
    return status;
}

static lake_status remove_locked(struct search *search, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_outstanding *moves = NULL;
    size_t n_moves = 0;
    bool is_dry = search->maintenance->options->dry_run;
    struct lake *lake = search->maintenance->lake;
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_outstanding(lake->manifest, &arena, &moves, &n_moves, err);
    mutex_unlock(lake->mutex);
    for (size_t at = 0; at < search->found.length && status == LAKE_OK;) {
        const char *directory = (const char *)search->found.data + at;
        at += strlen(directory) + 1;
        if (is_awaited(directory, moves, n_moves))
            continue;
        if (is_dry)
            search->n_removed++;
        else
            status = remove_one(search, directory, err);
    }
    arena_release(&arena);
    buffer_clear(&search->found);
    return status;
}

static lake_status remove_found(struct search *search, struct lake_error *err)
{
    struct file_lock lock = {0};
    if (search->found.length == 0)
        return LAKE_OK;
    if (!search->maintenance->options->dry_run)
        TRY(lake_lock(search->maintenance->lake, &lock, LAKE_LOCK_WAIT_MS, "maintenance", err));
    lake_status status = remove_locked(search, err);
    file_lock_release(&lock);
    return status == LAKE_OK ? maintain_report(search->maintenance, err) : status;
}

/* ---- finding ---- */

static lake_status search_directory(struct search *search, bool *is_empty);

/* A directory while it is listed. */
struct listing {
    struct search *search;
    bool is_empty;
};

static lake_status enter(struct search *search, const char *name, bool *is_empty)
{
    size_t length = search->path.length;
    lake_status status = LAKE_OK;
    if (length > 0)
        status = buffer_append_byte(&search->path, '/', search->err);
    if (status == LAKE_OK)
        status = buffer_append_text(&search->path, name, search->err);
    if (status == LAKE_OK)
        status = search_directory(search, is_empty);
    search->path.length = length;
    return status;
}

static int meet_entry(void *context, const char *name, enum io_kind kind)
{
    struct listing *listing = context;
    struct search *search = listing->search;
    bool is_empty = false;
    if (kind == IO_KIND_DIRECTORY && search->depth < MOST_DEPTH)
        search->status = enter(search, name, &is_empty);
    listing->is_empty = listing->is_empty && is_empty;
    return search->status == LAKE_OK ? 0 : 1;
}

static lake_status add_found(struct search *search, const char *directory)
{
    TRY(buffer_append(&search->found, directory, strlen(directory) + 1, search->err));
    return search->found.length < PORTION_BYTES ? LAKE_OK : remove_found(search, search->err);
}

static lake_status search_directory(struct search *search, bool *is_empty)
{
    struct lake *lake = search->maintenance->lake;
    struct listing listing = {search, true};
    const char *directory = NULL;
    char *full = NULL;
    TRY(buffer_string(&search->path, &directory, search->err));
    TRY(layout_data_path(lake, directory, &full, search->err));
    search->depth++;
    int result = lake->io.ops->list(lake->io.context, full, meet_entry, &listing);
    search->depth--;
    lake_status status = LAKE_OK;
    if (result > 0)
        status = search->status;
    else if (result < 0 && result != -ENOENT) /* removed meanwhile */
        status = lake_fail_errno(search->err, -result, "cannot list", full);
    memory_free(full);
    TRY(status);
    *is_empty = listing.is_empty && result == 0;
    if (!*is_empty || search->depth == 0)
        return LAKE_OK;
    TRY(buffer_string(&search->path, &directory, search->err));
    return add_found(search, directory);
}

lake_status empty_directories_remove(struct maintenance *maintenance, struct lake_error *err)
{
    struct search search = {.maintenance = maintenance,
                            .path = BUFFER_INIT(LIMIT_PATH_BYTES * 4),
                            .found = BUFFER_INIT(PORTION_BYTES + LIMIT_PATH_BYTES * 4),
                            .err = err};
    bool is_empty = false;
    lake_status status = LAKE_OK;
    TRY_OUT(search_directory(&search, &is_empty));
    TRY_OUT(remove_found(&search, err));
    struct maintain_step step = {"gc", "empty directories", search.n_removed, 0, 0};
    if (search.n_removed > 0)
        status = maintain_add_step(maintenance, &step, err);
out:
    buffer_release(&search.path);
    buffer_release(&search.found);
    return status;
}
