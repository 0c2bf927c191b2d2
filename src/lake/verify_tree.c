#include "lake/verify_tree.h"

#include <string.h>

#include "base/buffer.h"
#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/data_tree.h"
#include "lake/layout.h"

/* Suspects are looked into when their directory is left, or so many bytes of paths have come together. */
enum { SUSPECT_BYTES = 64 * 1024 };

struct search {
    struct lake *lake;
    verify_stranger found;
    void *context;
    /* The live files last looked up: those of one dataset in one month or year. */
    struct arena arena;
    char dataset[LIMIT_PATH_BYTES]; /* the path's part that names it */
    int64_t start_ms, end_ms;
    const struct manifest_file *files;
    size_t n_files;
    struct buffer suspects; /* paths, each terminated */
};

/* ---- looking up ---- */

static lake_status find_dataset_id(struct lake *lake, const struct layout_path *path, struct arena *arena, int64_t *id,
                                   struct lake_error *err)
{
    const struct manifest_filter filter = {path->exchange, path->market, path->symbol, path->type, path->period};
    struct manifest_dataset *found = NULL;
    size_t n = 0;
    TRY(manifest_find_datasets(lake->manifest, &filter, arena, &found, &n, err));
    *id = n == 0 ? 0 : found[0].id;
    return LAKE_OK;
}

static lake_status find_live(struct lake *lake, const struct layout_path *path, struct arena *arena,
                             struct manifest_file **files, size_t *n, struct lake_error *err)
{
    int64_t id = 0, snapshot = 0;
    lake_status status = LAKE_OK;
    *n = 0;
    mutex_lock(lake->mutex);
    TRY_OUT(find_dataset_id(lake, path, arena, &id, err));
    if (id != 0)
        TRY_OUT(manifest_find_files(lake->manifest, id, path->start_ms, path->end_ms, arena, files, n, &snapshot, err));
out:
    mutex_unlock(lake->mutex);
    return status;
}

static bool is_among(const struct manifest_file *files, size_t n, const char *path)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(files[i].path, path) == 0)
            return true;
    return false;
}

static bool is_cached(const struct search *search, const char *path, const struct layout_path *parsed)
{
    size_t n = layout_dataset_length(path);
    return strlen(search->dataset) == n && memcmp(search->dataset, path, n) == 0 &&
           parsed->start_ms >= search->start_ms && parsed->end_ms <= search->end_ms;
}

/* A whole month at once: its days come one after another. */
static lake_status fill_cache(struct search *search, const char *path, const struct layout_path *parsed,
                              struct lake_error *err)
{
    struct layout_path wide = *parsed;
    struct manifest_file *files = NULL;
    size_t n = layout_dataset_length(path);
    if (parsed->grain == GRAIN_DAY)
        partition_bounds(GRAIN_MONTH, parsed->start_ms, &wide.start_ms, &wide.end_ms);
    search->dataset[0] = '\0';
    arena_reset(&search->arena);
    TRY(find_live(search->lake, &wide, &search->arena, &files, &search->n_files, err));
    search->files = files;
    search->start_ms = wide.start_ms;
    search->end_ms = wide.end_ms;
    if (n < sizeof search->dataset) {
        memcpy(search->dataset, path, n);
        search->dataset[n] = '\0';
    }
    return LAKE_OK;
}

/* ---- suspects ---- */

static lake_status is_moving(struct lake *lake, const char *path, bool *is, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_outstanding *moves = NULL;
    size_t n = 0;
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_outstanding(lake->manifest, &arena, &moves, &n, err);
    mutex_unlock(lake->mutex);
    *is = false;
    for (size_t i = 0; i < n; i++)
        *is = *is || strcmp(moves[i].path, path) == 0;
    arena_release(&arena);
    return status;
}

static lake_status is_live(struct lake *lake, const char *path, bool *is, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct layout_path parsed;
    struct manifest_file *files = NULL;
    size_t n = 0;
    lake_status status = layout_parse_path(path, &parsed, err);
    *is = false;
    if (status == LAKE_OK)
        status = find_live(lake, &parsed, &arena, &files, &n, err);
    if (status == LAKE_OK)
        *is = is_among(files, n, path);
    arena_release(&arena);
    return status == LAKE_INVALID_ARGUMENT ? LAKE_OK : status;
}

/* A file may have been published since the live ones were looked up, or retired since the walk passed it: in this order, whatever a
 * commit does at this moment is seen by one of the three. */
static lake_status judge(const struct search *search, const char *path, struct lake_error *err)
{
    bool belongs = false, exists = false;
    char *full = NULL;
    TRY(is_live(search->lake, path, &belongs, err));
    if (!belongs)
        TRY(is_moving(search->lake, path, &belongs, err));
    if (belongs)
        return LAKE_OK;
    TRY(layout_data_path(search->lake, path, &full, err));
    lake_status status = file_exists(search->lake->io, full, &exists, err);
    memory_free(full);
    TRY(status);
    return exists ? search->found(search->context, path, err) : LAKE_OK;
}

static lake_status judge_suspects(struct search *search, struct lake_error *err)
{
    lake_status status = LAKE_OK;
    for (size_t at = 0; status == LAKE_OK && at < search->suspects.length;) {
        const char *path = (const char *)search->suspects.data + at;
        status = judge(search, path, err);
        at += strlen(path) + 1;
    }
    buffer_clear(&search->suspects);
    return status;
}

static lake_status visit(void *context, const char *path, struct lake_error *err)
{
    struct search *search = context;
    struct layout_path parsed;
    lake_status status = layout_parse_path(path, &parsed, err);
    if (status == LAKE_OK) {
        if (!is_cached(search, path, &parsed))
            TRY(fill_cache(search, path, &parsed, err));
        if (is_among(search->files, search->n_files, path))
            return LAKE_OK;
    } else if (status != LAKE_INVALID_ARGUMENT) {
        return status;
    }
    TRY(buffer_append(&search->suspects, path, strlen(path) + 1, err));
    return search->suspects.length > SUSPECT_BYTES ? judge_suspects(search, err) : LAKE_OK;
}

static lake_status leave(void *context, const char *directory, struct lake_error *err)
{
    (void)directory;
    return judge_suspects(context, err);
}

lake_status verify_tree(struct lake *lake, verify_stranger found, void *context, struct lake_error *err)
{
    struct search search = {.lake = lake, .found = found, .context = context};
    const struct data_tree_visitor visitor = {visit, leave, &search};
    arena_init(&search.arena, LIMIT_ENGINE_BYTES);
    buffer_init(&search.suspects, 2 * SUSPECT_BYTES);
    lake_status status = data_tree_walk(lake, &visitor, err);
    arena_release(&search.arena);
    buffer_release(&search.suspects);
    return status;
}
