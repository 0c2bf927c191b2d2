#include "lake/stored_file.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/layout.h"

/* Files up to WHOLE_FILE_BYTES are read whole: one call, and pages are decoded without another copy. But where at most a
 * PART_SHARE-th of the rows is wanted, a file of more than PART_BYTES is read page by page: its end and a piece of each column. */
enum { WHOLE_FILE_BYTES = 16 << 20, PART_BYTES = 128 << 10, PART_SHARE = 4, ATTEMPTS = 2 };

struct stored_file {
    struct lake *lake;
    struct parquet_reader *parquet;
    struct buffer bytes;
    struct buffer text;
    char *path;
    int file;      /* -1: not open */
    bool is_ready; /* of the last file, what is needed to read it */
    bool is_whole; /* is in `bytes` */
    uint8_t sha256[SHA256_BYTES];
};

lake_status stored_file_new(struct lake *lake, struct stored_file **out, struct lake_error *err)
{
    struct stored_file *file = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *file, &file, err));
    file->lake = lake;
    file->file = -1;
    buffer_init(&file->bytes, WHOLE_FILE_BYTES);
    buffer_init(&file->text, LIMIT_PARQUET_DECODED_BYTES);
    TRY_OUT(parquet_reader_new(&file->parquet, err));
    *out = file;
    file = NULL;
out:
    stored_file_free(file);
    return status;
}

void stored_file_close(struct stored_file *file)
{
    if (file->file >= 0)
        (void)file->lake->io.ops->close(file->lake->io.context, file->file); /* nothing was written */
    file->file = -1;
    file->is_ready = false;
    memory_free(file->path);
    file->path = NULL;
}

void stored_file_free(struct stored_file *file)
{
    if (file == NULL)
        return;
    stored_file_close(file);
    parquet_reader_free(file->parquet);
    buffer_release(&file->bytes);
    buffer_release(&file->text);
    memory_free(file);
}

struct parquet_reader *stored_file_parquet(struct stored_file *file)
{
    return file->parquet;
}

struct buffer *stored_file_text(struct stored_file *file)
{
    return &file->text;
}

/* Opens file->path; *found is false where there is nothing. */
static lake_status try_open(struct stored_file *file, bool *found, struct lake_error *err)
{
    int result = file->lake->io.ops->open(file->lake->io.context, file->path, IO_READ);
    *found = result >= 0;
    if (result < 0) {
        struct lake_error failure;
        lake_status status = lake_fail_errno(&failure, -result, "cannot open", file->path);
        return status == LAKE_NOT_FOUND ? LAKE_OK : lake_fail(err, status, "%s", failure.message);
    }
    file->file = result;
    return LAKE_OK;
}

/* Where an unfinished move has the file, if there is one. */
static lake_status try_open_moving(struct stored_file *file, int64_t file_id, bool *found, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_PATH_BYTES);
    const char *state_path = NULL;
    lake_status status = LAKE_OK;
    *found = false;
    mutex_lock(file->lake->mutex);
    status = manifest_find_state_path(file->lake->manifest, file_id, &arena, &state_path, err);
    mutex_unlock(file->lake->mutex);
    if (status != LAKE_OK || state_path == NULL)
        goto out;
    memory_free(file->path);
    file->path = NULL;
    TRY_OUT(layout_state_path(file->lake, state_path, &file->path, err));
    TRY_OUT(try_open(file, found, err));
out:
    arena_release(&arena);
    return status;
}

/* Where a file that was retired since this scan began went. */
static lake_status try_open_history(struct stored_file *file, const char *path, bool *found, struct lake_error *err)
{
    struct buffer history = BUFFER_INIT(LIMIT_PATH_BYTES);
    lake_status status = LAKE_OK;
    TRY_OUT(layout_history_path(path, &history, err));
    memory_free(file->path);
    file->path = NULL;
    TRY_OUT(layout_state_path(file->lake, (const char *)history.data, &file->path, err));
    TRY_OUT(try_open(file, found, err));
out:
    buffer_release(&history);
    return status;
}

static lake_status open_entry(struct stored_file *file, const struct manifest_file *entry, struct lake_error *err)
{
    bool found = false;
    stored_file_close(file);
    for (int attempt = 0; attempt < ATTEMPTS && !found; attempt++) {
        memory_free(file->path);
        file->path = NULL;
        TRY(layout_data_path(file->lake, entry->path, &file->path, err));
        TRY(try_open(file, &found, err));
        if (!found)
            TRY(try_open_moving(file, entry->id, &found, err));
        if (!found)
            TRY(try_open_history(file, entry->path, &found, err));
    }
    if (!found)
        return lake_fail(err, LAKE_NOT_FOUND, "%s/%s: is missing, and the manifest lists it", file->lake->data_root,
                         entry->path);
    return LAKE_OK;
}

static lake_status read_source(void *context, int64_t offset, void *bytes, size_t n, struct lake_error *err)
{
    const struct stored_file *file = context;
    return file_read_at(file->lake->io, file->file, file->path, offset, bytes, n, err);
}

static lake_status open_parquet(struct stored_file *file, int64_t size_bytes, bool is_part, struct lake_error *err)
{
    struct parquet_source source = {file->path, NULL, size_bytes, read_source, file};
    file->is_whole = !is_part && size_bytes >= 0 && size_bytes <= WHOLE_FILE_BYTES;
    if (file->is_whole) {
        buffer_clear(&file->bytes);
        TRY(buffer_reserve(&file->bytes, (size_t)size_bytes, err));
        TRY(file_read_at(file->lake->io, file->file, file->path, 0, file->bytes.data, (size_t)size_bytes, err));
        source = parquet_source_bytes(file->path, file->bytes.data, (size_t)size_bytes);
        (void)file->lake->io.ops->close(file->lake->io.context, file->file);
        file->file = -1;
    }
    return parquet_reader_open(file->parquet, source, err);
}

lake_status stored_file_open_rows(struct stored_file *file, const struct manifest_file *entry, int64_t n_rows,
                                  struct lake_error *err)
{
    bool is_part = entry->size_bytes > PART_BYTES && n_rows <= entry->n_rows / PART_SHARE;
    bool serves = file->is_whole || is_part || entry->size_bytes > WHOLE_FILE_BYTES;
    if (file->is_ready && serves && memcmp(file->sha256, entry->sha256, SHA256_BYTES) == 0)
        return LAKE_OK;
    lake_status status = open_entry(file, entry, err);
    if (status == LAKE_NOT_FOUND)
        return lake_fail(err, LAKE_CORRUPT, "%s/%s: is missing, and the manifest lists it; run dl verify",
                         file->lake->data_root, entry->path);
    TRY(status);
    TRY(open_parquet(file, entry->size_bytes, is_part, err));
    int64_t n_found = parquet_reader_file(file->parquet)->n_rows;
    if (n_found != entry->n_rows)
        return lake_fail(err, LAKE_CORRUPT, "%s: has %" PRId64 " rows, the manifest says %" PRId64 "; run dl verify",
                         file->path, n_found, entry->n_rows);
    memcpy(file->sha256, entry->sha256, SHA256_BYTES);
    file->is_ready = true;
    return LAKE_OK;
}

lake_status stored_file_open(struct stored_file *file, const struct manifest_file *entry, struct lake_error *err)
{
    return stored_file_open_rows(file, entry, entry->n_rows, err);
}

lake_status stored_file_open_staged(struct stored_file *file, const char *state_path, struct lake_error *err)
{
    struct io_status found;
    bool exists = false;
    stored_file_close(file);
    TRY(layout_state_path(file->lake, state_path, &file->path, err));
    TRY(try_open(file, &exists, err));
    if (!exists)
        return lake_fail(err, LAKE_IO, "%s: staged rows are gone; run the command again", file->path);
    int result = file->lake->io.ops->file_status(file->lake->io.context, file->file, &found);
    if (result != 0)
        return lake_fail_errno(err, -result, "cannot examine", file->path);
    return open_parquet(file, found.size_bytes, false, err);
}

lake_status stored_file_find(struct stored_file *file, const struct manifest_file *entry, const char **path,
                             struct lake_error *err)
{
    TRY(open_entry(file, entry, err));
    *path = file->path;
    return LAKE_OK;
}
