#include "lake/spill_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/memory.h"
#include "parquet/compress.h"

enum { RUN_MAGIC = 0x31524c44, HEAD_BYTES = 32, CRC_AT = 4, AFTER_CRC = 8, WORD = 8 };
/* What is gathered before it is written. */
#define PIECE_BYTES (256 * KIB)
/* A block of one row may hold a text of any length that a batch can. */
#define BLOCK_BYTES_MAX ((size_t)INT32_MAX + LIMIT_ENGINE_BYTES)

static size_t padded(size_t n)
{
    return (n + WORD - 1) / WORD * WORD;
}

static size_t bitmap_bytes(int64_t n)
{
    return ((size_t)n + 7) / 8;
}

/* ---- writing ---- */

/* Room for n bytes, padded, at the end of what is gathered; the padding is zero. */
static lake_status take_room(struct run_writer *writer, size_t n, uint8_t **out, struct lake_error *err)
{
    size_t bytes = padded(n);
    TRY(buffer_reserve(&writer->bytes, bytes, err));
    *out = writer->bytes.data + writer->bytes.length;
    memset(*out + n, 0, bytes - n);
    writer->bytes.length += bytes;
    return LAKE_OK;
}

static lake_status put_word(struct run_writer *writer, uint64_t word, struct lake_error *err)
{
    uint8_t *to = NULL;
    TRY(take_room(writer, WORD, &to, err));
    store_u64(to, word);
    return LAKE_OK;
}

static lake_status put_bits(struct run_writer *writer, const uint8_t *bits, const struct run_rows *rows,
                            struct lake_error *err)
{
    uint8_t *to = NULL;
    size_t n = bitmap_bytes(rows->n);
    TRY(take_room(writer, n, &to, err));
    memset(to, 0, n);
    for (int64_t i = 0; i < rows->n; i++)
        to[i / 8] = (uint8_t)(to[i / 8] | bit_get(bits, rows->order[i]) << (i % 8));
    return LAKE_OK;
}

static lake_status put_fixed(struct run_writer *writer, const uint8_t *values, size_t width,
                             const struct run_rows *rows, struct lake_error *err)
{
    uint8_t *to = NULL;
    TRY(take_room(writer, (size_t)rows->n * width, &to, err));
    if (width == sizeof(uint64_t)) {
        for (int64_t i = 0; i < rows->n; i++)
            memcpy(to + (size_t)i * sizeof(uint64_t), values + (size_t)rows->order[i] * sizeof(uint64_t),
                   sizeof(uint64_t));
        return LAKE_OK;
    }
    for (int64_t i = 0; i < rows->n; i++)
        memcpy(to + (size_t)i * width, values + (size_t)rows->order[i] * width, width);
    return LAKE_OK;
}

static lake_status put_texts(struct run_writer *writer, const struct column *column, const struct run_rows *rows,
                             struct lake_error *err)
{
    uint8_t *to = NULL;
    int32_t end = 0;
    const uint8_t *texts = column->values;
    TRY(take_room(writer, ((size_t)rows->n + 1) * sizeof end, &to, err));
    store_u32(to, 0);
    for (int64_t i = 0; i < rows->n; i++) {
        end += column->offsets[rows->order[i] + 1] - column->offsets[rows->order[i]];
        store_u32(to + (size_t)(i + 1) * sizeof end, (uint32_t)end);
    }
    TRY(take_room(writer, (size_t)end, &to, err));
    for (int64_t i = 0; i < rows->n; i++) {
        int32_t from = column->offsets[rows->order[i]];
        size_t n = (size_t)(column->offsets[rows->order[i] + 1] - from);
        if (n > 0)
            memcpy(to, texts + from, n);
        to += n;
    }
    return LAKE_OK;
}

static int64_t count_nulls(const struct column *column, const struct run_rows *rows)
{
    int64_t n = 0;
    for (int64_t i = 0; column->null_count > 0 && i < rows->n; i++)
        n += !column_is_valid(column, rows->order[i]);
    return n;
}

static lake_status put_column(struct run_writer *writer, const struct column *column, const struct column_field *field,
                              const struct run_rows *rows, struct lake_error *err)
{
    int64_t n_nulls = count_nulls(column, rows);
    TRY(put_word(writer, (uint64_t)n_nulls, err));
    if (n_nulls > 0)
        TRY(put_bits(writer, column->validity, rows, err));
    if (column_type_has_offsets(field->type))
        return put_texts(writer, column, rows, err);
    if (field->type == COLUMN_BOOL)
        return put_bits(writer, column->values, rows, err);
    return put_fixed(writer, column->values, column_type_width(field), rows, err);
}

static lake_status write_gathered(struct run_writer *writer, size_t least, struct lake_error *err)
{
    if (writer->bytes.length < least || writer->bytes.length == 0)
        return LAKE_OK;
    TRY(file_writer_append(&writer->file, writer->bytes.data, writer->bytes.length, err));
    buffer_clear(&writer->bytes);
    return LAKE_OK;
}

/* Fills in the head of the block that begins at `at`. */
static lake_status end_block(struct run_writer *writer, size_t at, int64_t start_ms, int64_t n_rows,
                             struct lake_error *err)
{
    uint8_t *head = writer->bytes.data + at;
    size_t bytes = writer->bytes.length - at;
    store_u32(head, RUN_MAGIC);
    store_u64(head + 8, (uint64_t)start_ms);
    store_u64(head + 16, (uint64_t)n_rows);
    store_u64(head + 24, bytes - HEAD_BYTES);
    store_u32(head + CRC_AT, page_crc(0, head + AFTER_CRC, bytes - AFTER_CRC));
    writer->n_rows += n_rows;
    return write_gathered(writer, PIECE_BYTES, err);
}

static lake_status put_block(struct run_writer *writer, const struct batch *batch, const struct run_rows *rows,
                             struct lake_error *err)
{
    uint8_t *head = NULL;
    size_t at = writer->bytes.length;
    TRY(take_room(writer, HEAD_BYTES, &head, err));
    for (size_t i = 0; i < batch->schema->n_fields; i++)
        TRY(put_column(writer, &batch->columns[i], &batch->schema->fields[i], rows, err));
    return end_block(writer, at, rows->start_ms, rows->n, err);
}

static size_t fixed_bytes(const struct schema *schema)
{
    size_t bytes = 0;
    for (size_t i = 0; i < schema->n_fields; i++)
        bytes += column_type_has_offsets(schema->fields[i].type) ? 0 : column_type_width(&schema->fields[i]) + 1;
    return bytes;
}

static size_t text_bytes(const struct batch *batch, uint32_t row)
{
    size_t bytes = 0;
    for (size_t i = 0; i < batch->schema->n_fields; i++) {
        const int32_t *offsets = batch->columns[i].offsets;
        bytes += offsets == NULL ? 0 : sizeof *offsets + (size_t)(offsets[row + 1] - offsets[row]);
    }
    return bytes;
}

lake_status run_writer_put(struct run_writer *writer, const struct batch *batch, const struct run_rows *rows,
                           struct lake_error *err)
{
    size_t fixed = fixed_bytes(batch->schema);
    struct run_rows part = {rows->start_ms, rows->order, 0};
    for (int64_t done = 0; done < rows->n; done += part.n) {
        part.order = rows->order + done;
        part.n = 0;
        for (size_t bytes = 0; bytes < RUN_BLOCK_BYTES && part.n < rows->n - done; part.n++)
            bytes += fixed + text_bytes(batch, part.order[part.n]);
        TRY(put_block(writer, batch, &part, err));
    }
    return LAKE_OK;
}

/* Type, width, whether it may be null, length of the name; the name. */
static lake_status put_columns(struct run_writer *writer, struct lake_error *err)
{
    uint8_t *to = NULL;
    const struct schema *schema = writer->schema;
    TRY(take_room(writer, HEAD_BYTES, &to, err));
    TRY(put_word(writer, schema->n_fields, err));
    for (size_t i = 0; i < schema->n_fields; i++) {
        const struct column_field *field = &schema->fields[i];
        size_t n = strlen(field->name);
        TRY(put_word(writer, (uint64_t)field->type << 32 | (uint32_t)field->width, err));
        TRY(put_word(writer, (uint64_t)field->nullable << 32 | (uint32_t)n, err));
        TRY(take_room(writer, n + 1, &to, err));
        memcpy(to, field->name, n + 1);
    }
    return end_block(writer, 0, INT64_MIN, 0, err);
}

lake_status run_writer_open(struct run_writer *writer, struct io io, const char *path, const struct schema *schema,
                            struct lake_error *err)
{
    *writer = (struct run_writer){.schema = schema, .bytes = BUFFER_INIT(BLOCK_BYTES_MAX)};
    TRY(file_writer_open(&writer->file, io, path, err));
    return put_columns(writer, err);
}

lake_status run_writer_close(struct run_writer *writer, struct lake_error *err)
{
    TRY(write_gathered(writer, 0, err));
    return file_writer_close(&writer->file, false, err);
}

void run_writer_release(struct run_writer *writer)
{
    file_writer_release(&writer->file);
    buffer_release(&writer->bytes);
}

/* ---- reading ---- */

static lake_status fail_run(const struct run_reader *reader, const char *what, struct lake_error *err)
{
    return lake_fail(err, LAKE_CORRUPT, "%s: %s before byte %" PRId64 "; nothing was committed, begin again",
                     reader->path, what, reader->position);
}

/* Has n bytes of the next block in the window. */
static lake_status fill_window(struct run_reader *reader, size_t n, struct lake_error *err)
{
    struct buffer *window = &reader->window;
    size_t held = window->length - reader->at;
    if (held >= n)
        return LAKE_OK;
    if (reader->at > 0)
        memmove(window->data, window->data + reader->at, held);
    window->length = held;
    reader->at = 0;
    if ((uint64_t)reader->size_bytes < n - held)
        return fail_run(reader, "the spilled rows end early", err);
    size_t wanted = n < RUN_WINDOW_BYTES ? RUN_WINDOW_BYTES : n;
    size_t more = wanted - held;
    if ((uint64_t)reader->size_bytes < more)
        more = (size_t)reader->size_bytes;
    TRY(buffer_reserve(window, more, err));
    TRY(file_read_at(reader->io, reader->file, reader->path, reader->position, window->data + held, more, err));
    window->length += more;
    reader->position += (int64_t)more;
    reader->size_bytes -= (int64_t)more;
    return LAKE_OK;
}

/* What of a block is not yet understood. */
struct body {
    uint8_t *at, *end;
};

static bool take_bytes(struct body *body, size_t n, void *out)
{
    void *at = body->at;
    if (n > (size_t)(body->end - body->at) || padded(n) > (size_t)(body->end - body->at))
        return false;
    body->at += padded(n);
    memcpy(out, &at, sizeof at);
    return true;
}

static bool take_word(struct body *body, uint64_t *out)
{
    uint8_t *at = NULL;
    if (!take_bytes(body, WORD, &at))
        return false;
    *out = load_u64(at);
    return true;
}

/* Its head is checked, its CRC is right; `body` is what follows the head. */
static lake_status take_block(struct run_reader *reader, struct body *body, struct lake_error *err)
{
    TRY(fill_window(reader, HEAD_BYTES, err));
    const uint8_t *head = reader->window.data + reader->at;
    uint64_t n_rows = load_u64(head + 16), bytes = load_u64(head + 24);
    if (load_u32(head) != RUN_MAGIC || bytes > BLOCK_BYTES_MAX || n_rows > bytes || n_rows > (uint64_t)reader->n_rows)
        return fail_run(reader, "the spilled rows are damaged", err);
    TRY(fill_window(reader, HEAD_BYTES + (size_t)bytes, err));
    head = reader->window.data + reader->at;
    if (load_u32(head + CRC_AT) != page_crc(0, head + AFTER_CRC, HEAD_BYTES - AFTER_CRC + (size_t)bytes))
        return fail_run(reader, "the spilled rows are damaged", err);
    reader->start_ms = (int64_t)load_u64(head + 8);
    reader->batch.n_rows = (int64_t)n_rows;
    reader->n_rows -= (int64_t)n_rows;
    body->at = reader->window.data + reader->at + HEAD_BYTES;
    body->end = body->at + bytes;
    reader->at += HEAD_BYTES + (size_t)bytes;
    return LAKE_OK;
}

static bool take_texts(struct body *body, int64_t n, struct column *column)
{
    if (!take_bytes(body, ((size_t)n + 1) * sizeof *column->offsets, &column->offsets) || column->offsets[0] != 0)
        return false;
    for (int64_t i = 0; i < n; i++)
        if (column->offsets[i + 1] < column->offsets[i])
            return false;
    return take_bytes(body, (size_t)column->offsets[n], &column->values);
}

static bool take_column(struct body *body, int64_t n, const struct column_field *field, struct column *column)
{
    uint64_t n_nulls = 0;
    *column = (struct column){0};
    if (!take_word(body, &n_nulls) || n_nulls > (uint64_t)n)
        return false;
    column->null_count = (int64_t)n_nulls;
    if (n_nulls > 0 && !take_bytes(body, bitmap_bytes(n), &column->validity))
        return false;
    if (column_type_has_offsets(field->type))
        return take_texts(body, n, column);
    size_t width = column_type_width(field);
    return take_bytes(body, field->type == COLUMN_BOOL ? bitmap_bytes(n) : (size_t)n * width, &column->values);
}

lake_status run_reader_next(struct run_reader *reader, struct lake_error *err)
{
    struct body body = {NULL, NULL};
    reader->batch.n_rows = 0;
    if (reader->n_rows == 0 && reader->size_bytes == 0 && reader->at == reader->window.length)
        return LAKE_OK;
    TRY(take_block(reader, &body, err));
    for (size_t i = 0; i < reader->schema->n_fields; i++)
        if (!take_column(&body, reader->batch.n_rows, &reader->schema->fields[i], &reader->batch.columns[i]))
            return fail_run(reader, "the spilled rows are damaged", err);
    return LAKE_OK;
}

static bool take_field(struct body *body, struct column_field *field)
{
    uint64_t type = 0, name = 0;
    if (!take_word(body, &type) || !take_word(body, &name))
        return false;
    field->type = (enum column_type)(type >> 32);
    field->width = (int32_t)(uint32_t)type;
    field->nullable = name >> 32 != 0;
    size_t n = (uint32_t)name;
    bool is_known = field->type >= COLUMN_BOOL && field->type <= COLUMN_FIXED && field->width >= 0;
    return is_known && take_bytes(body, n + 1, &field->name) && field->name[n] == '\0';
}

static lake_status read_columns(struct run_reader *reader, struct lake_error *err)
{
    struct body body = {NULL, NULL};
    uint64_t n = 0;
    struct column_field *fields = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(take_block(reader, &body, err));
    if (!take_word(&body, &n) || n > (size_t)(body.end - body.at)) {
        status = fail_run(reader, "the columns of the spilled rows are damaged", err);
        goto out;
    }
    TRY_OUT(memory_new((size_t)n, sizeof *fields, &fields, err));
    for (size_t i = 0; i < n && status == LAKE_OK; i++)
        if (!take_field(&body, &fields[i]))
            status = fail_run(reader, "the columns of the spilled rows are damaged", err);
    if (status == LAKE_OK)
        status = schema_new(fields, (size_t)n, &reader->schema, err);
out:
    memory_free(fields);
    return status;
}

lake_status run_reader_open(struct run_reader *reader, struct io io, const char *path, int64_t size_bytes,
                            int64_t n_rows, struct lake_error *err)
{
    *reader = (struct run_reader){.io = io,
                                  .file = -1,
                                  .size_bytes = size_bytes,
                                  .n_rows = n_rows,
                                  .window = BUFFER_INIT(BLOCK_BYTES_MAX + RUN_WINDOW_BYTES)};
    TRY(memory_copy_string(path, &reader->path, err));
    int file = io.ops->open(io.context, path, IO_READ);
    if (file < 0)
        return lake_fail_errno(err, -file, "cannot open", path);
    reader->file = file;
    TRY(read_columns(reader, err));
    reader->batch.schema = reader->schema;
    return memory_new(reader->schema->n_fields, sizeof *reader->batch.columns, &reader->batch.columns, err);
}

void run_reader_close(struct run_reader *reader)
{
    if (reader->path == NULL)
        return;
    if (reader->file >= 0)
        (void)reader->io.ops->close(reader->io.context, reader->file); /* nothing was written */
    memory_free(reader->batch.columns);
    schema_free(reader->schema);
    buffer_release(&reader->window);
    memory_free(reader->path);
    *reader = (struct run_reader){.file = -1};
}
