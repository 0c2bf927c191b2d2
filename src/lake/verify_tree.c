#include "lake/verify_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/layout.h"
#include "manifest/manifest.h"

/* A lake's own files lie eight directories deep; whatever is deeper is a stranger. */
enum { MOST_DEPTH = 16 };

/* ---- the files that belong ---- */

struct paths {
    struct arena arena;
    const char **sorted;
    size_t n;
};

static int compare_texts(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;
    return strcmp(*x, *y);
}

static lake_status collect_paths(struct lake *lake, struct paths *paths, struct lake_error *err)
{
    struct manifest_file *files = NULL;
    int64_t snapshot = 0;
    arena_init(&paths->arena, LIMIT_ENGINE_BYTES);
    mutex_lock(lake->mutex);
    lake_status status =
        manifest_find_files(lake->manifest, 0, INT64_MIN, INT64_MAX, &paths->arena, &files, &paths->n, &snapshot, err);
    mutex_unlock(lake->mutex);
    if (status != LAKE_OK)
        return status;
    TRY(arena_new(&paths->arena, paths->n, sizeof *paths->sorted, &paths->sorted, err));
    for (size_t i = 0; i < paths->n; i++)
        paths->sorted[i] = files[i].path;
    qsort(paths->sorted, paths->n, sizeof *paths->sorted, compare_texts);
    return LAKE_OK;
}

static bool is_known(const struct paths *paths, const char *path)
{
    return paths->n > 0 && bsearch(&path, paths->sorted, paths->n, sizeof path, compare_texts) != NULL;
}

/* ---- the tree ---- */

struct walk {
    struct lake *lake;
    const struct paths *known;
    struct buffer *strangers;
    struct buffer path; /* of where it is, below the data root */
    int depth;
    lake_status status;
    struct lake_error *err;
};

static bool is_parquet(const char *path)
{
    static const char end[] = ".parquet";
    size_t n = strlen(path);
    return n >= sizeof end - 1 && strcmp(path + n - (sizeof end - 1), end) == 0;
}

static lake_status walk_directory(struct walk *walk);

static lake_status look_at(struct walk *walk, enum io_kind kind)
{
    const char *path = NULL;
    if (kind == IO_KIND_DIRECTORY && walk->depth < MOST_DEPTH)
        return walk_directory(walk);
    TRY(buffer_string(&walk->path, &path, walk->err));
    if (kind == IO_KIND_FILE && (!is_parquet(path) || is_known(walk->known, path)))
        return LAKE_OK;
    return buffer_append(walk->strangers, path, strlen(path) + 1, walk->err);
}

static int walk_entry(void *context, const char *name, enum io_kind kind)
{
    struct walk *walk = context;
    size_t length = walk->path.length;
    walk->status = LAKE_OK;
    if (length > 0)
        walk->status = buffer_append_byte(&walk->path, '/', walk->err);
    if (walk->status == LAKE_OK)
        walk->status = buffer_append_text(&walk->path, name, walk->err);
    if (walk->status == LAKE_OK)
        walk->status = look_at(walk, kind);
    walk->path.length = length;
    return walk->status == LAKE_OK ? 0 : 1;
}

static lake_status walk_directory(struct walk *walk)
{
    const char *path = NULL;
    char *full = NULL;
    TRY(buffer_string(&walk->path, &path, walk->err));
    TRY(layout_data_path(walk->lake, path, &full, walk->err));
    walk->depth++;
    int result = walk->lake->io.ops->list(walk->lake->io.context, full, walk_entry, walk);
    walk->depth--;
    lake_status status = LAKE_OK;
    if (result > 0)
        status = walk->status;
    else if (result < 0 && result != -ENOENT) /* removed meanwhile */
        status = lake_fail_errno(walk->err, -result, "cannot list", full);
    memory_free(full);
    return status;
}

/* ---- strangers ---- */

/* A file may have been published since the list of files was taken, or retired since the walk passed it: a stranger is one that
 * neither list has and that is still there. */
static lake_status keep_strangers(struct lake *lake, const struct paths *now, struct buffer *strangers,
                                  struct lake_error *err)
{
    size_t n_kept = 0;
    for (size_t at = 0, n = 0; at < strangers->length; at += n) {
        const char *path = (const char *)strangers->data + at;
        char *full = NULL;
        bool exists = false;
        n = strlen(path) + 1;
        if (is_known(now, path))
            continue;
        TRY(layout_data_path(lake, path, &full, err));
        lake_status status = file_exists(lake->io, full, &exists, err);
        memory_free(full);
        if (status != LAKE_OK)
            return status;
        if (exists) {
            memmove(strangers->data + n_kept, path, n);
            n_kept += n;
        }
    }
    strangers->length = n_kept;
    return LAKE_OK;
}

lake_status verify_tree(struct lake *lake, struct buffer *strangers, struct lake_error *err)
{
    struct paths before = {0}, after = {0};
    struct walk walk = {.lake = lake, .known = &before, .strangers = strangers, .err = err};
    lake_status status = LAKE_OK;
    buffer_init(&walk.path, LIMIT_PATH_BYTES * 4);
    buffer_clear(strangers);
    TRY_OUT(collect_paths(lake, &before, err));
    TRY_OUT(walk_directory(&walk));
    if (strangers->length == 0)
        goto out;
    TRY_OUT(collect_paths(lake, &after, err));
    status = keep_strangers(lake, &after, strangers, err);
out:
    buffer_release(&walk.path);
    arena_release(&before.arena);
    arena_release(&after.arena);
    return status;
}
