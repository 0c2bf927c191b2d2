#include "lake/examine.h"

#include <errno.h>
#include <inttypes.h>

#include "base/buffer.h"
#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "column/time_unit.h"
#include "io/file.h"
#include "lake/layout.h"
#include "lake/row_key.h"
#include "lake/row_reader.h"
#include "lake/types.h"

enum {
    FIND_ATTEMPTS = 2,
    WHOLE_FILE_BYTES = 16 << 20, /* up to here a file is read in one piece */
    PIECE_BYTES = 1 << 20,
    CHUNK_ROWS = 1 << 13 /* rows decoded at a time: they stay in a core's cache; or a day where that has more */
};

struct examiner {
    struct lake *lake;
    const struct data_type *type; /* of the file that was parsed */
    struct row_reader *rows;
    struct sha256 *hash;
    struct buffer bytes; /* the whole file, or the last piece that was hashed */
    char *path;
    int file; /* -1: not open */
    bool is_whole;
    int64_t size_bytes;
    /* Where examiner_next_days is: */
    int64_t next_row;
    int64_t last_ts; /* of the row before, in its unit */
    int64_t *times;
    struct batch batch;
    struct content_day *days;
};

lake_status examiner_new(struct lake *lake, struct examiner **out, struct lake_error *err)
{
    struct examiner *examiner = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *examiner, &examiner, err));
    examiner->lake = lake;
    examiner->file = -1;
    buffer_init(&examiner->bytes, WHOLE_FILE_BYTES);
    TRY_OUT(sha256_new(&examiner->hash, err));
    TRY_OUT(row_reader_new(lake->blocks, &examiner->rows, err));
    *out = examiner;
    examiner = NULL;
out:
    examiner_free(examiner);
    return status;
}

void examiner_close(struct examiner *examiner)
{
    batch_release(&examiner->batch);
    if (examiner->file >= 0)
        (void)examiner->lake->io.ops->close(examiner->lake->io.context, examiner->file); /* nothing was written */
    examiner->file = -1;
    examiner->is_whole = false;
    memory_free(examiner->path);
    examiner->path = NULL;
}

void examiner_free(struct examiner *examiner)
{
    if (examiner == NULL)
        return;
    examiner_close(examiner);
    row_reader_free(examiner->rows);
    sha256_free(examiner->hash);
    buffer_release(&examiner->bytes);
    memory_free(examiner->times);
    memory_free(examiner->days);
    memory_free(examiner);
}

/* ---- bytes ---- */

static lake_status fail_open(int error_number, const char *path, struct lake_error *err)
{
    if (error_number == EMFILE || error_number == ENFILE) /* says nothing about the file */
        return lake_fail(err, LAKE_BUSY, "%s: cannot open: too many files are open", path);
    return lake_fail_errno(err, error_number, "cannot open", path);
}

lake_status examiner_open(struct examiner *examiner, const char *path, bool *found, struct lake_error *err)
{
    struct io io = examiner->lake->io;
    struct io_status status;
    *found = false;
    examiner_close(examiner);
    TRY(memory_copy_string(path, &examiner->path, err));
    int file = io.ops->open(io.context, path, IO_READ);
    if (file == -ENOENT || file == -ENOTDIR)
        return LAKE_OK;
    if (file < 0)
        return fail_open(-file, path, err);
    examiner->file = file;
    int result = io.ops->file_status(io.context, file, &status);
    if (result != 0)
        return lake_fail_errno(err, -result, "cannot examine", path);
    if (status.kind != IO_KIND_FILE)
        return lake_fail(err, LAKE_CORRUPT, "%s: is not a file", path);
    examiner->size_bytes = status.size_bytes;
    *found = true;
    return LAKE_OK;
}

static lake_status open_below(struct examiner *examiner, const char *root, const char *path, bool *found,
                              struct lake_error *err)
{
    char *full = NULL;
    TRY(path_join(root, path, &full, err));
    lake_status status = examiner_open(examiner, full, found, err);
    memory_free(full);
    return status;
}

static lake_status open_moving(struct examiner *examiner, int64_t file_id, bool *found, struct lake_error *err)
{
    struct lake *lake = examiner->lake;
    struct arena arena = ARENA_INIT(2 * LIMIT_PATH_BYTES);
    const char *state_path = NULL;
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_state_path(lake->manifest, file_id, &arena, &state_path, err);
    mutex_unlock(lake->mutex);
    *found = false;
    if (status == LAKE_OK && state_path != NULL)
        status = open_below(examiner, lake->state_root, state_path, found, err);
    arena_release(&arena);
    return status;
}

static lake_status open_history(struct examiner *examiner, const char *path, bool *found, struct lake_error *err)
{
    struct buffer history = BUFFER_INIT(LIMIT_PATH_BYTES);
    lake_status status = layout_history_path(path, &history, err);
    if (status == LAKE_OK)
        status = open_below(examiner, examiner->lake->state_root, (const char *)history.data, found, err);
    buffer_release(&history);
    return status;
}

lake_status examiner_open_entry(struct examiner *examiner, const struct manifest_file *entry,
                                enum examined_place *place, struct lake_error *err)
{
    bool found = false;
    *place = EXAMINED_NOWHERE;
    for (int attempt = 0; attempt < FIND_ATTEMPTS; attempt++) {
        TRY(open_below(examiner, examiner->lake->data_root, entry->path, &found, err));
        *place = EXAMINED_AT_NAME;
        if (found)
            return LAKE_OK;
        TRY(open_moving(examiner, entry->id, &found, err));
        *place = EXAMINED_MOVING;
        if (found)
            return LAKE_OK;
        TRY(open_history(examiner, entry->path, &found, err));
        *place = found ? EXAMINED_IN_HISTORY : EXAMINED_NOWHERE;
        if (found)
            return LAKE_OK;
    }
    return LAKE_OK;
}

int64_t examiner_size_bytes(const struct examiner *examiner)
{
    return examiner->size_bytes;
}

static lake_status read_piece(struct examiner *examiner, int64_t offset, size_t n, struct lake_error *err)
{
    buffer_clear(&examiner->bytes);
    TRY(buffer_reserve(&examiner->bytes, n, err));
    return file_read_at(examiner->lake->io, examiner->file, examiner->path, offset, examiner->bytes.data, n, err);
}

lake_status examiner_digest(struct examiner *examiner, uint8_t digest[SHA256_BYTES], struct lake_error *err)
{
    int64_t size = examiner->size_bytes;
    bool fits = size <= WHOLE_FILE_BYTES;
    TRY(sha256_begin(examiner->hash, err));
    for (int64_t at = 0; at < size;) {
        int64_t left = size - at;
        size_t n = (size_t)(fits || left < PIECE_BYTES ? left : PIECE_BYTES);
        TRY(read_piece(examiner, at, n, err));
        TRY(sha256_update(examiner->hash, examiner->bytes.data, n, err));
        at += (int64_t)n;
    }
    examiner->is_whole = fits && size > 0;
    return sha256_end(examiner->hash, digest, err);
}

static lake_status read_source(void *context, int64_t offset, void *bytes, size_t n, struct lake_error *err)
{
    const struct examiner *examiner = context;
    return file_read_at(examiner->lake->io, examiner->file, examiner->path, offset, bytes, n, err);
}

lake_status examiner_parse(struct examiner *examiner, const struct data_type *type, struct lake_error *err)
{
    struct parquet_source source = {examiner->path, NULL, examiner->size_bytes, read_source, examiner};
    if (examiner->is_whole)
        source = parquet_source_bytes(examiner->path, examiner->bytes.data, (size_t)examiner->size_bytes);
    examiner->next_row = 0;
    examiner->type = type;
    TRY(row_reader_open(examiner->rows, source, err));
    const struct schema *schema = examiner_schema(examiner);
    if (type == NULL)
        examiner->type = lake_type_provisional(schema->n_fields > 0 ? schema->fields[0].type : COLUMN_TIMESTAMP_MS);
    return LAKE_OK;
}

const struct parquet_file *examiner_file(const struct examiner *examiner)
{
    return row_reader_file(examiner->rows);
}

const struct schema *examiner_schema(const struct examiner *examiner)
{
    return row_reader_schema(examiner->rows);
}

/* ---- rows ---- */

/* The unit of its times, which must be the type's. */
static lake_status find_unit(const struct examiner *examiner, int64_t *per_ms, struct lake_error *err)
{
    const struct schema *schema = examiner_schema(examiner);
    enum column_type wanted = examiner->type->columns[0].type;
    if (schema->n_fields == 0 || schema->fields[0].type != wanted)
        return lake_fail(err, LAKE_CORRUPT, "%s: the first column is not a %s", examiner->path,
                         column_type_name(wanted));
    *per_ms = time_unit_per_ms(wanted);
    return LAKE_OK;
}

/* How many of the first n times are whole days, where more rows follow; 0: they are all of one day. */
static int64_t count_whole_days(const struct time_values *times)
{
    int64_t n = times->n_rows;
    int64_t last_day = calendar_day_of_ms(time_unit_to_ms(times->values[n - 1], times->per_ms));
    while (n > 0 && calendar_day_of_ms(time_unit_to_ms(times->values[n - 1], times->per_ms)) == last_day)
        n--;
    return n;
}

static lake_status find_whole_days(struct examiner *examiner, int64_t *n_rows, struct lake_error *err)
{
    int64_t left = examiner_file(examiner)->n_rows - examiner->next_row;
    int64_t n_whole = 0, per_ms = 1;
    TRY(find_unit(examiner, &per_ms, err));
    for (int64_t n = CHUNK_ROWS; n < left && n_whole == 0; n *= 2) {
        TRY(memory_resize(&examiner->times, (size_t)n, sizeof *examiner->times, err));
        TRY(row_reader_read_times(examiner->rows, examiner->next_row, n, examiner->times, err));
        n_whole = count_whole_days(&(struct time_values){examiner->times, n, per_ms});
    }
    *n_rows = n_whole == 0 ? left : n_whole;
    return LAKE_OK;
}

/* Of rows of whole days: those before them are known by their time alone. */
static lake_status check_keys(const struct examiner *examiner, bool is_first, int64_t first_row, struct lake_error *err)
{
    const struct batch *batch = &examiner->batch;
    struct row_key key;
    int64_t per_ms = 1;
    char when[CALENDAR_TEXT_BYTES];
    TRY(find_unit(examiner, &per_ms, err));
    if (batch->columns[0].null_count > 0)
        return lake_fail(err, LAKE_CORRUPT, "%s: %" PRId64 " times are null", examiner->path,
                         batch->columns[0].null_count);
    row_key_init(&key, examiner->type, batch);
    for (int64_t i = 0; i < batch->n_rows; i++) {
        bool rises = i == 0 ? is_first || key.ts[0] > examiner->last_ts
                            : key.ts[i] > key.ts[i - 1] || row_key_follows(&key, i - 1, &key, i);
        if (rises)
            continue;
        calendar_format_ms(time_unit_to_ms(key.ts[i], per_ms), when);
        return lake_fail(err, LAKE_CORRUPT, "%s: row %" PRId64 " (%s) does not come after the one before it",
                         examiner->path, first_row + i, when);
    }
    return LAKE_OK;
}

static lake_status read_days(struct examiner *examiner, int64_t first_row, int64_t n_rows, bool is_first,
                             struct lake_error *err)
{
    batch_release(&examiner->batch);
    TRY(row_reader_read(examiner->rows, first_row, n_rows, &examiner->batch, err));
    return check_keys(examiner, is_first, first_row, err);
}

static lake_status hash_days(struct examiner *examiner, struct examined_days *out, struct lake_error *err)
{
    size_t n_days = 0;
    TRY(content_find_days(&examiner->batch, examiner->hash, &examiner->days, &n_days, err));
    *out = (struct examined_days){&examiner->batch, examiner->days, n_days};
    return LAKE_OK;
}

lake_status examiner_next_days(struct examiner *examiner, struct examined_days *out, struct lake_error *err)
{
    int64_t n_rows = 0;
    *out = (struct examined_days){0};
    if (examiner->next_row == examiner_file(examiner)->n_rows)
        return LAKE_OK;
    TRY(find_whole_days(examiner, &n_rows, err));
    TRY(read_days(examiner, examiner->next_row, n_rows, examiner->next_row == 0, err));
    examiner->next_row += n_rows;
    examiner->last_ts = ((const int64_t *)batch_values(&examiner->batch, 0))[n_rows - 1];
    return hash_days(examiner, out, err);
}

lake_status examiner_read_days(struct examiner *examiner, int64_t first_row, int64_t n_rows, struct examined_days *out,
                               struct lake_error *err)
{
    *out = (struct examined_days){0};
    TRY(read_days(examiner, first_row, n_rows, true, err));
    return n_rows == 0 ? LAKE_OK : hash_days(examiner, out, err);
}

lake_status examiner_find_day(struct examiner *examiner, int64_t day, int64_t *first_row, int64_t *n_rows,
                              struct lake_error *err)
{
    int64_t n = examiner_file(examiner)->n_rows, per_ms = 1;
    *n_rows = 0;
    TRY(find_unit(examiner, &per_ms, err));
    TRY(memory_resize(&examiner->times, (size_t)n, sizeof *examiner->times, err));
    TRY(row_reader_read_times(examiner->rows, 0, n, examiner->times, err));
    const struct time_values times = {examiner->times, n, per_ms};
    *first_row = time_values_find(&times, day * MS_PER_DAY);
    *n_rows = time_values_find(&times, (day + 1) * MS_PER_DAY) - *first_row;
    return LAKE_OK;
}
