#include "io/file.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/memory.h"

lake_status file_writer_open(struct file_writer *writer, struct io io, const char *path, struct lake_error *err)
{
    *writer = (struct file_writer){.io = io, .file = -1};
    TRY(memory_copy_string(path, &writer->path, err));
    int file = io.ops->open(io.context, path, IO_CREATE_NEW);
    if (file < 0) {
        memory_free(writer->path);
        writer->path = NULL;
        return lake_fail_errno(err, -file, "cannot create", path);
    }
    writer->file = file;
    writer->is_open = true;
    return LAKE_OK;
}

lake_status file_writer_append(struct file_writer *writer, const void *bytes, size_t n, struct lake_error *err)
{
    const uint8_t *p = bytes;
    while (n > 0) {
        int64_t put = writer->io.ops->write(writer->io.context, writer->file, p, n);
        if (put < 0)
            return lake_fail_errno(err, (int)-put, "cannot write", writer->path);
        if (put == 0)
            return lake_fail(err, LAKE_IO, "%s: cannot write: the system took no bytes", writer->path);
        p += put;
        n -= (size_t)put;
        writer->size_bytes += put;
    }
    return LAKE_OK;
}

lake_status file_writer_close(struct file_writer *writer, bool durable, struct lake_error *err)
{
    struct io io = writer->io;
    int synced = 0;
    if (durable)
        synced = io.ops->sync(io.context, writer->file);
    int closed = io.ops->close(io.context, writer->file);
    writer->is_open = false;
    if (synced == 0 && closed == 0) {
        memory_free(writer->path);
        writer->path = NULL;
        return LAKE_OK;
    }
    return lake_fail_errno(err, synced != 0 ? -synced : -closed, "cannot make durable", writer->path);
}

void file_writer_release(struct file_writer *writer)
{
    if (writer->path == NULL)
        return;
    if (writer->is_open)
        (void)writer->io.ops->close(writer->io.context, writer->file);
    (void)writer->io.ops->remove(writer->io.context, writer->path);
    memory_free(writer->path);
    *writer = (struct file_writer){.file = -1};
}

static lake_status read_open_file(struct io io, int file, const char *path, size_t max_bytes, struct buffer *out,
                                  struct lake_error *err)
{
    struct io_status status;
    int result = io.ops->file_status(io.context, file, &status);
    if (result != 0)
        return lake_fail_errno(err, -result, "cannot examine", path);
    if (status.kind == IO_KIND_DIRECTORY)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: is a directory, not a file", path);
    if (status.size_bytes < 0 || (uint64_t)status.size_bytes > max_bytes)
        return lake_fail(err, LAKE_NO_MEMORY, "%s: has %" PRId64 " bytes, more than the limit of %zu", path,
                         status.size_bytes, max_bytes);
    buffer_clear(out);
    TRY(buffer_reserve(out, (size_t)status.size_bytes, err));
    TRY(file_read_at(io, file, path, 0, out->data, (size_t)status.size_bytes, err));
    out->length = (size_t)status.size_bytes;
    return LAKE_OK;
}

lake_status file_read_all(struct io io, const char *path, size_t max_bytes, struct buffer *out, struct lake_error *err)
{
    int file = io.ops->open(io.context, path, IO_READ);
    if (file < 0)
        return lake_fail_errno(err, -file, "cannot open", path);
    lake_status status = read_open_file(io, file, path, max_bytes, out, err);
    (void)io.ops->close(io.context, file); /* nothing was written */
    return status;
}

lake_status file_read_at(struct io io, int file, const char *path, int64_t offset, void *bytes, size_t n,
                         struct lake_error *err)
{
    uint8_t *p = bytes;
    while (n > 0) {
        int64_t got = io.ops->read_at(io.context, file, p, n, offset);
        if (got < 0)
            return lake_fail_errno(err, (int)-got, "cannot read", path);
        if (got == 0)
            return lake_fail(err, LAKE_CORRUPT, "%s: ends at byte %" PRId64 ", %zu bytes early", path, offset, n);
        p += got;
        n -= (size_t)got;
        offset += got;
    }
    return LAKE_OK;
}

static lake_status make_directory(struct io io, const char *path, bool *made, struct lake_error *err)
{
    struct io_status status;
    int result = io.ops->make_directory(io.context, path);
    if (result == 0) {
        *made = true;
        return LAKE_OK;
    }
    if (result == -EEXIST && io.ops->status(io.context, path, &status) == 0 && status.kind == IO_KIND_DIRECTORY)
        return LAKE_OK;
    return lake_fail_errno(err, -result, "cannot make the directory", path);
}

lake_status file_make_directories(struct io io, const char *path, bool *made, struct lake_error *err)
{
    bool is_new = false;
    char *partial = NULL;
    lake_status status = LAKE_OK;
    struct io_status found;
    /* Mostly the parent is there: one call instead of a look at every part of the path. */
    status = make_directory(io, path, &is_new, err);
    if (status != LAKE_NOT_FOUND)
        goto out;
    TRY_OUT(memory_copy_string(path, &partial, err));
    for (char *p = partial + 1; status == LAKE_OK && *p != '\0'; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (io.ops->status(io.context, partial, &found) != 0 || found.kind != IO_KIND_DIRECTORY)
            status = make_directory(io, partial, &is_new, err);
        *p = '/';
    }
    if (status == LAKE_OK)
        status = make_directory(io, partial, &is_new, err);
out:
    if (made != NULL)
        *made = is_new;
    memory_free(partial);
    return status;
}

lake_status file_rename(struct io io, const char *from, const char *to, struct lake_error *err)
{
    int result = io.ops->rename(io.context, from, to);
    if (result != 0)
        return lake_fail_errno(err, -result, "cannot rename", from);
    return LAKE_OK;
}

lake_status file_remove(struct io io, const char *path, struct lake_error *err)
{
    int result = io.ops->remove(io.context, path);
    if (result != 0 && result != -ENOENT)
        return lake_fail_errno(err, -result, "cannot remove", path);
    return LAKE_OK;
}

static lake_status sync_path(struct io io, const char *path, enum io_open_mode mode, struct lake_error *err)
{
    int file = io.ops->open(io.context, path, mode);
    if (file < 0)
        return lake_fail_errno(err, -file, "cannot open", path);
    int synced = io.ops->sync(io.context, file);
    int closed = io.ops->close(io.context, file);
    if (synced != 0 || closed != 0)
        return lake_fail_errno(err, synced != 0 ? -synced : -closed, "cannot make durable", path);
    return LAKE_OK;
}

lake_status file_sync(struct io io, const char *path, struct lake_error *err)
{
    return sync_path(io, path, IO_READ, err);
}

lake_status file_sync_directory(struct io io, const char *path, struct lake_error *err)
{
    return sync_path(io, path, IO_OPEN_DIRECTORY, err);
}

lake_status file_exists(struct io io, const char *path, bool *exists, struct lake_error *err)
{
    struct io_status status;
    int result = io.ops->status(io.context, path, &status);
    *exists = result == 0;
    if (result != 0 && result != -ENOENT && result != -ENOTDIR)
        return lake_fail_errno(err, -result, "cannot examine", path);
    return LAKE_OK;
}

lake_status path_join(const char *a, const char *b, char **out, struct lake_error *err)
{
    size_t n_a = strlen(a);
    size_t n_b = strlen(b);
    bool has_slash = n_a == 0 || a[n_a - 1] == '/';
    TRY(memory_new(n_a + n_b + 2, 1, out, err));
    memcpy(*out, a, n_a);
    if (!has_slash)
        (*out)[n_a++] = '/';
    memcpy(*out + n_a, b, n_b + 1);
    return LAKE_OK;
}

lake_status path_parent(const char *path, char **out, struct lake_error *err)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    while (n > 0 && path[n - 1] != '/')
        n--;
    while (n > 1 && path[n - 1] == '/')
        n--;
    if (n == 0)
        return memory_copy_string(".", out, err);
    TRY(memory_new(n + 1, 1, out, err));
    memcpy(*out, path, n);
    return LAKE_OK;
}

const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}
