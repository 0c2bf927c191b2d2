#include "lake/verify_leftovers.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/layout.h"
#include "manifest/history.h"

static const char directory[] = "history";

struct search {
    struct lake *lake;
    verify_leftover found;
    void *context;
    struct buffer path;
    lake_status status; /* from inside the listing */
    struct lake_error *err;
};

static lake_status is_to_be_removed(struct lake *lake, const char *state_path, bool *is, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    const char **paths = NULL;
    size_t n = 0;
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_removals(lake->manifest, &arena, &paths, &n, err);
    mutex_unlock(lake->mutex);
    *is = false;
    for (size_t i = 0; i < n; i++)
        *is = *is || strcmp(paths[i], state_path) == 0;
    arena_release(&arena);
    return status;
}

/* It may be expired at this moment: known, then to be removed, then gone. Asked in this order, one of the three answers. */
static lake_status judge(const struct search *search, const char *state_path, struct lake_error *err)
{
    struct lake *lake = search->lake;
    bool belongs = false, exists = false;
    char *full = NULL;
    mutex_lock(lake->mutex);
    lake_status status = manifest_knows_state_path(lake->manifest, state_path, &belongs, err);
    mutex_unlock(lake->mutex);
    TRY(status);
    if (!belongs)
        TRY(is_to_be_removed(lake, state_path, &belongs, err));
    if (belongs)
        return LAKE_OK;
    TRY(layout_state_path(lake, state_path, &full, err));
    status = file_exists(lake->io, full, &exists, err);
    memory_free(full);
    TRY(status);
    return exists ? search->found(search->context, state_path, err) : LAKE_OK;
}

static lake_status name_entry(struct search *search, const char *name, const char **path)
{
    buffer_clear(&search->path);
    TRY(buffer_printf(&search->path, search->err, "%s/%s", directory, name));
    return buffer_string(&search->path, path, search->err);
}

static int look_at(void *context, const char *name, enum io_kind kind)
{
    struct search *search = context;
    const char *path = NULL;
    (void)kind;
    search->status = name_entry(search, name, &path);
    if (search->status == LAKE_OK)
        search->status = judge(search, path, search->err);
    return search->status == LAKE_OK ? 0 : 1;
}

lake_status verify_leftovers(struct lake *lake, verify_leftover found, void *context, struct lake_error *err)
{
    struct search search = {lake, found, context, BUFFER_INIT(LIMIT_PATH_BYTES), LAKE_OK, err};
    char *full = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(layout_state_path(lake, directory, &full, err));
    int result = lake->io.ops->list(lake->io.context, full, look_at, &search);
    if (result > 0)
        status = search.status;
    else if (result < 0 && result != -ENOENT)
        status = lake_fail_errno(err, -result, "cannot list", full);
out:
    memory_free(full);
    buffer_release(&search.path);
    return status;
}
