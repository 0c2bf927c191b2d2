#include "io/tree.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "io/file.h"

enum { MOST_DEPTH = 32 };
#define NAMES_BYTES (64 * MIB) /* of one directory */

/* ---- walking ---- */

struct walk;
typedef lake_status (*tree_visit)(const struct walk *walk, const char *path, enum io_kind kind);

struct walk {
    struct io io;
    tree_visit visit; /* of everything, a directory after what is in it */
    struct buffer path;
    struct lake_error *err;
};

/* All names are read before the first is touched, so that nothing changes under the listing. */
struct names {
    struct buffer text; /* kind, name, terminator; one after another */
    struct lake_error *err;
};

static int keep_name(void *context, const char *name, enum io_kind kind)
{
    struct names *names = context;
    return buffer_append_byte(&names->text, (uint8_t)kind, names->err) != LAKE_OK ||
           buffer_append(&names->text, name, strlen(name) + 1, names->err) != LAKE_OK;
}

static lake_status list_names(const struct walk *walk, const char *path, struct names *names)
{
    int result = walk->io.ops->list(walk->io.context, path, keep_name, names);
    if (result > 0)
        return LAKE_NO_MEMORY; /* keep_name said what */
    if (result < 0)
        return lake_fail_errno(walk->err, -result, "cannot list", path);
    return LAKE_OK;
}

/* The directory's path with a name behind it; back to `length` bytes it is the directory's again. */
static lake_status enter(struct walk *walk, size_t length, const char *name)
{
    const char *text = NULL;
    walk->path.length = length;
    TRY(buffer_printf(&walk->path, walk->err, "/%s", name));
    return buffer_string(&walk->path, &text, walk->err);
}

static lake_status leave(struct walk *walk, size_t length, const char **path)
{
    walk->path.length = length;
    return buffer_string(&walk->path, path, walk->err);
}

static lake_status walk_on(struct walk *walk, enum io_kind kind, int depth)
{
    struct names names = {BUFFER_INIT(NAMES_BYTES), walk->err};
    const char *path = (const char *)walk->path.data;
    size_t length = walk->path.length;
    lake_status status = LAKE_OK;
    if (depth > MOST_DEPTH)
        TRY_OUT(lake_fail(walk->err, LAKE_UNSUPPORTED, "%s: more than %d directories deep", path, (int)MOST_DEPTH));
    if (kind == IO_KIND_DIRECTORY)
        TRY_OUT(list_names(walk, path, &names));
    for (size_t at = 0; at < names.text.length;) {
        const char *entry = (const char *)names.text.data + at;
        TRY_OUT(enter(walk, length, entry + 1));
        TRY_OUT(walk_on(walk, (enum io_kind)entry[0], depth + 1));
        at += strlen(entry + 1) + 2;
    }
    TRY_OUT(leave(walk, length, &path));
    status = walk->visit(walk, path, kind);
out:
    buffer_release(&names.text);
    return status;
}

static lake_status walk_tree(struct io io, const char *path, tree_visit visit, struct lake_error *err)
{
    struct walk walk = {io, visit, BUFFER_INIT(LIMIT_PATH_BYTES), err};
    const char *text = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(buffer_append_text(&walk.path, path, err));
    TRY_OUT(buffer_string(&walk.path, &text, err));
    status = walk_on(&walk, IO_KIND_DIRECTORY, 0);
out:
    buffer_release(&walk.path);
    return status;
}

/* ---- what is done with it ---- */

static lake_status remove_one(const struct walk *walk, const char *path, enum io_kind kind)
{
    if (kind != IO_KIND_DIRECTORY)
        return file_remove(walk->io, path, walk->err);
    int result = walk->io.ops->remove_directory(walk->io.context, path);
    return result == 0 ? LAKE_OK : lake_fail_errno(walk->err, -result, "cannot remove", path);
}

lake_status tree_remove(struct io io, const char *path, struct lake_error *err)
{
    bool exists = false;
    TRY(file_exists(io, path, &exists, err));
    return exists ? walk_tree(io, path, remove_one, err) : LAKE_OK;
}

static lake_status sync_one(const struct walk *walk, const char *path, enum io_kind kind)
{
    switch (kind) {
    case IO_KIND_FILE: return file_sync(walk->io, path, walk->err);
    case IO_KIND_DIRECTORY: return file_sync_directory(walk->io, path, walk->err);
    case IO_KIND_OTHER: break;
    }
    return LAKE_OK;
}

lake_status tree_sync(struct io io, const char *path, struct lake_error *err)
{
    int file = io.ops->open(io.context, path, IO_OPEN_DIRECTORY);
    if (file < 0)
        return lake_fail_errno(err, -file, "cannot open", path);
    int result = io.ops->sync_filesystem(io.context, file);
    int closed = io.ops->close(io.context, file);
    if (result == -ENOSYS)
        return walk_tree(io, path, sync_one, err);
    if (result != 0 || closed != 0)
        return lake_fail_errno(err, result != 0 ? -result : -closed, "cannot make durable", path);
    return LAKE_OK;
}

static int found_one(void *context, const char *name, enum io_kind kind)
{
    (void)context;
    (void)name;
    (void)kind;
    return 1;
}

lake_status tree_is_empty(struct io io, const char *path, bool *is_empty, struct lake_error *err)
{
    int result = io.ops->list(io.context, path, found_one, NULL);
    *is_empty = result == 0 || result == -ENOENT;
    if (result < 0 && result != -ENOENT && result != -ENOTDIR)
        return lake_fail_errno(err, -result, "cannot list", path);
    return LAKE_OK;
}
