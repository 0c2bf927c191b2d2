#include "lake/partial.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "io/tree.h"
#include "lake/layout.h"

enum { ATTEMPTS = 8, TOKEN_DIGITS = 16 };

static const char what_partial[] = "partial";
static const char infix[] = ".partial-";
static const char lock_suffix[] = ".lock";

lake_status partial_name(const char *target, const char *what, uint64_t token, char **out, struct lake_error *err)
{
    size_t n = strlen(target) + strlen(what) + TOKEN_DIGITS + 3;
    TRY(memory_new(n, 1, out, err));
    (void)snprintf(*out, n, "%s.%s-%016" PRIx64, target, what, token);
    return LAKE_OK;
}

static lake_status name_lock(const char *path, char **out, struct lake_error *err)
{
    size_t n = strlen(path) + sizeof lock_suffix;
    TRY(memory_new(n, 1, out, err));
    (void)snprintf(*out, n, "%s%s", path, lock_suffix);
    return LAKE_OK;
}

/* ---- making one ---- */

static void forget_paths(struct partial *partial)
{
    memory_free(partial->path);
    memory_free(partial->lock_path);
    partial->path = NULL;
    partial->lock_path = NULL;
}

/* Who removes the dead may have taken the lock file between its making and its locking, and removed it. */
static bool is_still_ours(const struct partial *partial)
{
    struct io_status held, named;
    struct io io = partial->io;
    return io.ops->file_status(io.context, partial->lock.file, &held) == 0 &&
           io.ops->status(io.context, partial->lock_path, &named) == 0 && held.inode == named.inode &&
           held.device == named.device;
}

static lake_status try_lock(struct partial *partial, const char *purpose, bool *is_locked, struct lake_error *err)
{
    forget_paths(partial);
    TRY(layout_random(partial->io, &partial->token, err));
    TRY(partial_name(partial->target, what_partial, partial->token, &partial->path, err));
    TRY(name_lock(partial->path, &partial->lock_path, err));
    lake_status status =
        file_lock_acquire(&partial->lock, partial->io, partial->lock_path, IO_LOCK_EXCLUSIVE, 0, purpose, err);
    if (status == LAKE_BUSY)
        return LAKE_OK;
    TRY(status);
    *is_locked = is_still_ours(partial);
    if (!*is_locked)
        file_lock_release(&partial->lock);
    return LAKE_OK;
}

lake_status partial_begin(struct partial *partial, struct io io, const char *target, const char *purpose,
                          struct lake_error *err)
{
    bool is_locked = false;
    lake_status status = LAKE_OK;
    *partial = (struct partial){.io = io};
    TRY_OUT(memory_copy_string(target, &partial->target, err));
    for (int i = 0; i < ATTEMPTS && !is_locked; i++)
        TRY_OUT(try_lock(partial, purpose, &is_locked, err));
    if (!is_locked)
        TRY_OUT(lake_fail(err, LAKE_BUSY, "%s: cannot get a place of its own beside it; try again", target));
    status = file_make_directories(io, partial->path, NULL, err);
out:
    if (status != LAKE_OK)
        partial_end(partial);
    return status;
}

static lake_status sync_parent(const struct partial *partial, struct lake_error *err)
{
    char *parent = NULL;
    TRY(path_parent(partial->target, &parent, err));
    lake_status status = file_sync_directory(partial->io, parent, err);
    memory_free(parent);
    return status;
}

lake_status partial_publish(struct partial *partial, struct lake_error *err)
{
    int result = partial->io.ops->rename(partial->io.context, partial->path, partial->target);
    if (result == -ENOTEMPTY || result == -EEXIST)
        return lake_fail(err, LAKE_EXISTS, "%s: somebody else put something there meanwhile", partial->target);
    if (result != 0)
        return lake_fail_errno(err, -result, "cannot put it in place", partial->target);
    lake_status status = sync_parent(partial, err);
    /* Not known to stay: then it shall not seem so. */
    partial->is_published =
        status == LAKE_OK || file_rename(partial->io, partial->target, partial->path, NULL) != LAKE_OK;
    return status;
}

void partial_leave(struct partial *partial)
{
    file_lock_release(&partial->lock);
    forget_paths(partial);
    memory_free(partial->target);
    partial->target = NULL;
}

void partial_end(struct partial *partial)
{
    /* What cannot be removed now is removed by the next one for this target, who finds the lock free. */
    if (partial->lock.is_held && (partial->is_published || tree_remove(partial->io, partial->path, NULL) == LAKE_OK))
        (void)partial->io.ops->remove(partial->io.context, partial->lock_path);
    partial_leave(partial);
}

/* ---- the dead ---- */

struct search {
    const char *prefix; /* of the names looked for */
    size_t n_prefix;
    struct buffer tokens; /* uint64_t each */
    struct lake_error *err;
};

static bool parse_token(const char *text, uint64_t *out)
{
    static const char digits[] = "0123456789abcdef";
    *out = 0;
    for (size_t i = 0; i < TOKEN_DIGITS; i++) {
        const char *digit = text[i] == '\0' ? NULL : strchr(digits, text[i]);
        if (digit == NULL)
            return false;
        *out = *out << 4 | (uint64_t)(digit - digits);
    }
    return strcmp(text + TOKEN_DIGITS, lock_suffix) == 0;
}

static int keep_token(void *context, const char *name, enum io_kind kind)
{
    struct search *search = context;
    uint64_t token = 0;
    if (kind != IO_KIND_FILE || strncmp(name, search->prefix, search->n_prefix) != 0 ||
        !parse_token(name + search->n_prefix, &token))
        return 0;
    return buffer_append(&search->tokens, &token, sizeof token, search->err) != LAKE_OK;
}

static lake_status find_tokens(struct io io, const char *target, struct search *search, struct lake_error *err)
{
    struct buffer prefix = BUFFER_INIT(LIMIT_PATH_BYTES);
    const char *text = NULL;
    char *parent = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(path_parent(target, &parent, err));
    TRY_OUT(buffer_printf(&prefix, err, "%s%s", path_name(target), infix));
    TRY_OUT(buffer_string(&prefix, &text, err));
    search->prefix = text;
    search->n_prefix = prefix.length;
    int result = io.ops->list(io.context, parent, keep_token, search);
    if (result > 0)
        status = LAKE_NO_MEMORY; /* keep_token said what */
    else if (result != 0 && result != -ENOENT && result != -ENOTDIR)
        status = lake_fail_errno(err, -result, "cannot list", parent);
out:
    buffer_release(&prefix);
    memory_free(parent);
    return status;
}

struct burial {
    struct io io;
    const char *target;
    partial_found found;
    void *context;
};

static lake_status bury(const struct burial *burial, uint64_t token, struct lake_error *err)
{
    struct file_lock lock = {0};
    char *path = NULL, *lock_path = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(partial_name(burial->target, what_partial, token, &path, err));
    TRY_OUT(name_lock(path, &lock_path, err));
    status = file_lock_acquire(&lock, burial->io, lock_path, IO_LOCK_EXCLUSIVE, 0, "recovery", err);
    if (status == LAKE_BUSY || status == LAKE_PERMISSION) {
        status = LAKE_OK; /* alive, or another user's to remove */
        goto out;
    }
    if (status != LAKE_OK)
        goto out;
    if (burial->found != NULL)
        TRY_OUT(burial->found(burial->context, token, err));
    TRY_OUT(tree_remove(burial->io, path, err));
    status = file_remove(burial->io, lock_path, err);
out:
    file_lock_release(&lock);
    memory_free(path);
    memory_free(lock_path);
    return status;
}

lake_status partial_remove_dead(struct io io, const char *target, partial_found found, void *context,
                                struct lake_error *err)
{
    struct search search = {.tokens = BUFFER_INIT(MIB), .err = err};
    struct burial burial = {io, target, found, context};
    lake_status status = LAKE_OK;
    TRY_OUT(find_tokens(io, target, &search, err));
    for (size_t at = 0; at < search.tokens.length; at += sizeof(uint64_t)) {
        uint64_t token = 0;
        memcpy(&token, search.tokens.data + at, sizeof token);
        TRY_OUT(bury(&burial, token, err));
    }
out:
    buffer_release(&search.tokens);
    return status;
}

/* ---- where ---- */

static lake_status examine_parent(struct io io, const char *target, struct io_status *out, struct lake_error *err)
{
    char *parent = NULL;
    TRY(path_parent(target, &parent, err));
    int result = io.ops->status(io.context, parent, out);
    lake_status status = LAKE_OK;
    if (result == -ENOENT || result == -ENOTDIR || (result == 0 && out->kind != IO_KIND_DIRECTORY))
        status = lake_fail(err, LAKE_NOT_FOUND, "%s: there is no directory %s to put it in", target, parent);
    else if (result != 0)
        status = lake_fail_errno(err, -result, "cannot examine", parent);
    memory_free(parent);
    return status;
}

lake_status partial_check_target(struct io io, const char *target, const char *what, struct lake_error *err)
{
    struct io_status parent, found;
    bool is_empty = false;
    TRY(examine_parent(io, target, &parent, err));
    int result = io.ops->status(io.context, target, &found);
    if (result == -ENOENT)
        return LAKE_OK;
    if (result != 0)
        return lake_fail_errno(err, -result, "cannot examine", target);
    if (found.kind != IO_KIND_DIRECTORY)
        return lake_fail(err, LAKE_EXISTS, "%s: is there already, and no directory; name another for %s", target, what);
    TRY(tree_is_empty(io, target, &is_empty, err));
    if (!is_empty)
        return lake_fail(err, LAKE_EXISTS, "%s: is not empty; name another directory for %s", target, what);
    if (found.device != parent.device)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: is a mount point; name a directory inside it for %s", target,
                         what);
    return LAKE_OK;
}
