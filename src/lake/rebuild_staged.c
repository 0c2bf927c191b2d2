/* What writers staged and did not live to publish, found without a manifest that would tell what of it was committed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/layout.h"
#include "lake/rebuild.h"
#include "lake/staging.h"

static const char directory[] = "staging";

struct search {
    struct rebuild *rebuild;
    lake_status status; /* from inside the listing */
    struct lake_error *err;
};

/* What has no lock file but a safe point is known not to have been committed (staging_save.h): it is for whoever goes on with it. */
static lake_status is_parked(struct lake *lake, const char *name, bool *is, struct lake_error *err)
{
    char below[STAGING_PATH_BYTES + STAGING_TOKEN_BYTES];
    char *path = NULL;
    (void)snprintf(below, sizeof below, "%s/%.*s-save", directory, STAGING_TOKEN_BYTES - 1, name);
    TRY(layout_state_path(lake, below, &path, err));
    lake_status status = file_exists(lake->io, path, is, err);
    memory_free(path);
    return status;
}

/* A writer that lives holds the lock of its token, which its files begin with (staging.h). */
static lake_status is_kept(struct lake *lake, const char *name, bool *is, struct lake_error *err)
{
    char below[STAGING_PATH_BYTES + STAGING_TOKEN_BYTES];
    struct file_lock lock = {0};
    char *path = NULL;
    bool exists = false;
    lake_status status = LAKE_OK;
    *is = false;
    (void)snprintf(below, sizeof below, "%s/%.*s.lock", directory, STAGING_TOKEN_BYTES - 1, name);
    TRY_OUT(layout_state_path(lake, below, &path, err));
    TRY_OUT(file_exists(lake->io, path, &exists, err));
    if (!exists) {
        status = is_parked(lake, name, is, err);
        goto out;
    }
    status = file_lock_acquire(&lock, lake->io, path, IO_LOCK_EXCLUSIVE, 0, "rebuild", err);
    *is = status == LAKE_BUSY;
    status = *is ? LAKE_OK : status;
out:
    file_lock_release(&lock);
    memory_free(path);
    return status;
}

static lake_status set_aside(struct rebuild *rebuild, const char *name, struct lake_error *err)
{
    struct rebuild_aside aside = {.problem = "staged",
                                  .detail =
                                      "rows that a writer left: they may have been committed and not yet published",
                                  .is_in_state = true};
    char *path = NULL;
    TRY(path_join(directory, name, &path, err));
    aside.path = path;
    lake_status status = rebuild_set_aside(rebuild, &aside, err);
    memory_free(path);
    return status;
}

static lake_status judge(struct rebuild *rebuild, const char *name, struct lake_error *err)
{
    bool is = false;
    TRY(is_kept(rebuild->lake, name, &is, err));
    return is ? LAKE_OK : set_aside(rebuild, name, err);
}

static int look_at(void *context, const char *name, enum io_kind kind)
{
    static const char lock_ending[] = ".lock";
    struct search *search = context;
    size_t n = strlen(name), n_ending = sizeof lock_ending - 1;
    if (kind != IO_KIND_FILE || (n >= n_ending && strcmp(name + n - n_ending, lock_ending) == 0))
        return 0;
    search->status = judge(search->rebuild, name, search->err);
    return search->status == LAKE_OK ? 0 : 1;
}

lake_status rebuild_find_staged(struct rebuild *rebuild, struct lake_error *err)
{
    struct search search = {rebuild, LAKE_OK, err};
    struct lake *lake = rebuild->lake;
    char *full = NULL;
    TRY(layout_state_path(lake, directory, &full, err));
    int result = lake->io.ops->list(lake->io.context, full, look_at, &search);
    lake_status status = LAKE_OK;
    if (result > 0)
        status = search.status;
    else if (result < 0 && result != -ENOENT)
        status = lake_fail_errno(err, -result, "cannot list", full);
    memory_free(full);
    return status;
}
