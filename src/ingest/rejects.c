#include "ingest/rejects.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"

#define HEADER "place,line,rule,reason,record\n"
#define PENDING_LIMIT_BYTES (8 * LIMIT_CSV_LINE_BYTES)
enum { FLUSH_BYTES = 65536 };

void rejects_init(struct rejects *rejects, struct io io, const char *path)
{
    *rejects = (struct rejects){.path = path, .io = io};
    buffer_init(&rejects->pending, PENDING_LIMIT_BYTES);
}

void rejects_release(struct rejects *rejects)
{
    struct file_writer *writer = &rejects->writer;
    if (rejects->is_saved) {
        if (writer->is_open)
            (void)rejects->io.ops->close(rejects->io.context, writer->file);
        memory_free(writer->path);
        *writer = (struct file_writer){.file = -1};
    }
    file_writer_release(writer);
    buffer_release(&rejects->pending);
}

void rejects_discard(struct rejects *rejects)
{
    rejects->is_saved = false;
    rejects_release(rejects);
}

/* ---- what is there already ---- */

/* Size of what is at the path; -1: nothing is. */
static lake_status look(const struct rejects *rejects, int64_t *size_bytes, struct lake_error *err)
{
    struct io_status status = {0};
    bool is_there = false;
    *size_bytes = -1;
    TRY(file_exists(rejects->io, rejects->path, &is_there, err));
    if (!is_there)
        return LAKE_OK;
    int result = rejects->io.ops->status(rejects->io.context, rejects->path, &status);
    if (result < 0)
        return lake_fail_errno(err, -result, "cannot look at", rejects->path);
    if (status.kind != IO_KIND_FILE)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: is no file that rejected rows could be put into",
                         rejects->path);
    *size_bytes = status.size_bytes;
    return LAKE_OK;
}

static lake_status check_directory(const struct rejects *rejects, struct lake_error *err)
{
    char *parent = NULL;
    bool is_there = false;
    TRY(path_parent(rejects->path, &parent, err));
    lake_status status = file_exists(rejects->io, parent, &is_there, err);
    if (status == LAKE_OK && !is_there)
        status =
            lake_fail(err, LAKE_NOT_FOUND, "%s: there is no directory %s for rejected rows", rejects->path, parent);
    memory_free(parent);
    return status;
}

lake_status rejects_check(const struct rejects *rejects, struct lake_error *err)
{
    int64_t size_bytes = -1;
    TRY(look(rejects, &size_bytes, err));
    if (size_bytes > 0)
        return lake_fail(err, LAKE_EXISTS,
                         "%s: there is something in it already; name a new file for rejected rows, or remove this one",
                         rejects->path);
    return size_bytes < 0 ? check_directory(rejects, err) : LAKE_OK;
}

/* ---- writing ---- */

static lake_status flush(struct rejects *rejects, struct lake_error *err)
{
    if (rejects->pending.length > 0)
        TRY(file_writer_append(&rejects->writer, rejects->pending.data, rejects->pending.length, err));
    buffer_clear(&rejects->pending);
    return LAKE_OK;
}

static lake_status open_file(struct rejects *rejects, struct lake_error *err)
{
    int64_t size_bytes = -1;
    TRY(look(rejects, &size_bytes, err));
    if (size_bytes == 0)
        TRY(file_remove(rejects->io, rejects->path, err));
    TRY(file_writer_open(&rejects->writer, rejects->io, rejects->path, err));
    return buffer_append_text(&rejects->pending, HEADER, err);
}

static lake_status add_field(struct buffer *out, const char *text, size_t length, struct lake_error *err)
{
    bool is_quoted = false;
    for (size_t i = 0; i < length && !is_quoted; i++)
        is_quoted = text[i] == ',' || text[i] == '"' || text[i] == '\n' || text[i] == '\r';
    if (!is_quoted)
        return buffer_append(out, text, length, err);
    TRY(buffer_append_byte(out, '"', err));
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"')
            TRY(buffer_append_byte(out, '"', err));
        TRY(buffer_append_byte(out, (uint8_t)text[i], err));
    }
    return buffer_append_byte(out, '"', err);
}

lake_status rejects_add(struct rejects *rejects, const struct reject *reject, struct lake_error *err)
{
    struct buffer *out = &rejects->pending;
    if (!rejects->writer.is_open)
        TRY(open_file(rejects, err));
    TRY(add_field(out, reject->place, strlen(reject->place), err));
    TRY(buffer_printf(out, err, ",%" PRId64 ",%s,", reject->line, reject->rule));
    TRY(add_field(out, reject->reason, strlen(reject->reason), err));
    TRY(buffer_append_byte(out, ',', err));
    TRY(add_field(out, reject->record, reject->record_bytes, err));
    TRY(buffer_append_byte(out, '\n', err));
    return out->length >= FLUSH_BYTES ? flush(rejects, err) : LAKE_OK;
}

static lake_status sync_name(struct rejects *rejects, struct lake_error *err)
{
    char *parent = NULL;
    if (rejects->is_named)
        return LAKE_OK;
    TRY(path_parent(rejects->path, &parent, err));
    lake_status status = file_sync_directory(rejects->io, parent, err);
    memory_free(parent);
    rejects->is_named = status == LAKE_OK;
    return status;
}

lake_status rejects_sync(struct rejects *rejects, int64_t *n_bytes, struct lake_error *err)
{
    *n_bytes = 0;
    if (!rejects->writer.is_open)
        return LAKE_OK;
    TRY(flush(rejects, err));
    int result = rejects->io.ops->sync(rejects->io.context, rejects->writer.file);
    if (result < 0)
        return lake_fail_errno(err, -result, "cannot make durable", rejects->path);
    *n_bytes = rejects->writer.size_bytes;
    rejects->is_saved = true;
    return sync_name(rejects, err);
}

lake_status rejects_finish(struct rejects *rejects, struct lake_error *err)
{
    if (!rejects->writer.is_open)
        return LAKE_OK;
    TRY(flush(rejects, err));
    TRY(file_writer_close(&rejects->writer, true, err));
    return sync_name(rejects, err);
}

/* ---- going on ---- */

/* Appends the first n_bytes of the open file, which begins as files of rejected rows do, to the writer. */
static lake_status copy_beginning(struct rejects *rejects, int file, int64_t n_bytes, struct lake_error *err)
{
    uint8_t bytes[4096];
    for (int64_t at = 0; at < n_bytes;) {
        size_t n = n_bytes - at < (int64_t)sizeof bytes ? (size_t)(n_bytes - at) : sizeof bytes;
        TRY(file_read_at(rejects->io, file, rejects->path, at, bytes, n, err));
        TRY(file_writer_append(&rejects->writer, bytes, n, err));
        at += (int64_t)n;
    }
    return LAKE_OK;
}

static lake_status check_header(struct rejects *rejects, int file, int64_t size_bytes, struct lake_error *err)
{
    char header[sizeof HEADER - 1] = "";
    if (size_bytes >= (int64_t)sizeof header)
        TRY(file_read_at(rejects->io, file, rejects->path, 0, header, sizeof header, err));
    if (memcmp(header, HEADER, sizeof header) == 0)
        return LAKE_OK;
    return lake_fail(err, LAKE_CONFLICT, "%s: is not the file of rejected rows that the interrupted ingest made",
                     rejects->path);
}

/* The new file takes the old one's place in one step: whatever happens, the rows of the safe point are there. */
static lake_status take_place(struct rejects *rejects, struct lake_error *err)
{
    char *path = NULL;
    int result = rejects->io.ops->sync(rejects->io.context, rejects->writer.file);
    if (result < 0)
        return lake_fail_errno(err, -result, "cannot make durable", rejects->writer.path);
    TRY(memory_copy_string(rejects->path, &path, err));
    lake_status status = file_rename(rejects->io, rejects->writer.path, rejects->path, err);
    if (status != LAKE_OK) {
        memory_free(path);
        return status;
    }
    memory_free(rejects->writer.path);
    rejects->writer.path = path;
    rejects->is_saved = true;
    return sync_name(rejects, err);
}

static lake_status replace(struct rejects *rejects, int file, int64_t n_bytes, struct lake_error *err)
{
    struct buffer text = BUFFER_INIT(2 * LIMIT_PATH_BYTES);
    const char *new_path = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(buffer_printf(&text, err, "%s.new", rejects->path));
    TRY_OUT(buffer_string(&text, &new_path, err));
    TRY_OUT(file_remove(rejects->io, new_path, err));
    TRY_OUT(file_writer_open(&rejects->writer, rejects->io, new_path, err));
    TRY_OUT(copy_beginning(rejects, file, n_bytes, err));
    TRY_OUT(take_place(rejects, err));
out:
    buffer_release(&text);
    return status;
}

lake_status rejects_resume(struct rejects *rejects, int64_t n_bytes, struct lake_error *err)
{
    int64_t size_bytes = -1;
    TRY(look(rejects, &size_bytes, err));
    if (n_bytes > 0 && size_bytes < n_bytes)
        return lake_fail(err, LAKE_CONFLICT,
                         "%s: holds %" PRId64 " of the %" PRId64 " bytes that the interrupted ingest left",
                         rejects->path, size_bytes < 0 ? 0 : size_bytes, n_bytes);
    if (size_bytes <= 0)
        return LAKE_OK;
    int file = rejects->io.ops->open(rejects->io.context, rejects->path, IO_READ);
    if (file < 0)
        return lake_fail_errno(err, -file, "cannot open", rejects->path);
    lake_status status = check_header(rejects, file, size_bytes, err);
    if (status == LAKE_OK && n_bytes > 0)
        status = replace(rejects, file, n_bytes, err);
    (void)rejects->io.ops->close(rejects->io.context, file); /* nothing was written to it */
    if (status == LAKE_OK && n_bytes == 0)
        status = file_remove(rejects->io, rejects->path, err);
    return status;
}
