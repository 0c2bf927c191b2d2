#include "lake/data_tree.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/memory.h"
#include "lake/layout.h"

/* A lake's own files lie nine directories deep; whatever is deeper is a stranger. */
enum { MOST_DEPTH = 16 };

struct walk {
    struct lake *lake;
    const struct data_tree_visitor *visitor;
    struct buffer path; /* of where it is, below the data root */
    int depth;
    lake_status status; /* of the visitor, from inside a listing */
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
    if (kind == IO_KIND_FILE && !is_parquet(path))
        return LAKE_OK;
    return walk->visitor->visit(walk->visitor->context, path, walk->err);
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

static lake_status list_directory(struct walk *walk, struct lake_error *err)
{
    const char *path = NULL;
    char *full = NULL;
    TRY(buffer_string(&walk->path, &path, err));
    TRY(layout_data_path(walk->lake, path, &full, err));
    walk->depth++;
    int result = walk->lake->io.ops->list(walk->lake->io.context, full, walk_entry, walk);
    walk->depth--;
    lake_status status = LAKE_OK;
    if (result > 0)
        status = walk->status;
    else if (result < 0 && result != -ENOENT) /* removed meanwhile */
        status = lake_fail_errno(err, -result, "cannot list", full);
    memory_free(full);
    return status;
}

static lake_status walk_directory(struct walk *walk)
{
    const char *path = NULL;
    TRY(list_directory(walk, walk->err));
    TRY(buffer_string(&walk->path, &path, walk->err));
    return walk->visitor->leave(walk->visitor->context, path, walk->err);
}

lake_status data_tree_walk(struct lake *lake, const struct data_tree_visitor *visitor, struct lake_error *err)
{
    struct walk walk = {lake, visitor, BUFFER_INIT(LIMIT_PATH_BYTES * 4), 0, LAKE_OK, err};
    lake_status status = walk_directory(&walk);
    buffer_release(&walk.path);
    return status;
}
