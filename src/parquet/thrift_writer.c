#include "parquet/thrift_writer.h"

#include <assert.h>
#include <string.h>

#include "parquet/varint.h"

/* A field header takes at most 1 + VARINT_BYTES_MAX bytes, and so does the value of a number. */
enum { HEADER_BYTES_MAX = 1 + VARINT_BYTES_MAX, NUMBER_BYTES_MAX = HEADER_BYTES_MAX + VARINT_BYTES_MAX };

/* Room for n more bytes at the returned place, or NULL once anything has failed. */
static uint8_t *reserve(struct thrift_writer *writer, size_t n)
{
    if (writer->status == LAKE_OK)
        writer->status = buffer_reserve(writer->out, n, writer->err);
    return writer->status == LAKE_OK ? writer->out->data + writer->out->length : NULL;
}

static void push(struct thrift_writer *writer)
{
    writer->depth++;
    assert(writer->depth < THRIFT_WRITER_DEPTH);
    writer->last_id[writer->depth] = 0;
}

/* Ids are written as the difference from the field before; all of Parquet's are less than 16 apart. */
static size_t put_header(struct thrift_writer *writer, uint8_t *at, int32_t id, enum thrift_type type)
{
    int32_t difference = id - writer->last_id[writer->depth];
    assert(difference > 0 && difference < 16);
    writer->last_id[writer->depth] = id;
    at[0] = (uint8_t)((unsigned)difference << 4 | (unsigned)type);
    return 1;
}

static void write_header(struct thrift_writer *writer, int32_t id, enum thrift_type type)
{
    uint8_t *at = reserve(writer, HEADER_BYTES_MAX);
    if (at != NULL)
        writer->out->length += put_header(writer, at, id, type);
}

static void write_number(struct thrift_writer *writer, int32_t id, enum thrift_type type, uint64_t value)
{
    uint8_t *at = reserve(writer, NUMBER_BYTES_MAX);
    if (at == NULL)
        return;
    size_t n = put_header(writer, at, id, type);
    n += varint_put(at + n, value);
    writer->out->length += n;
}

void thrift_writer_begin(struct thrift_writer *writer, struct buffer *out, struct lake_error *err)
{
    *writer = (struct thrift_writer){.out = out, .err = err, .status = LAKE_OK, .depth = 0, .last_id = {0}};
}

lake_status thrift_writer_end(struct thrift_writer *writer)
{
    assert(writer->depth == 0);
    if (writer->status == LAKE_OK)
        writer->status = buffer_append_byte(writer->out, THRIFT_STOP, writer->err);
    return writer->status;
}

void thrift_write_bool(struct thrift_writer *writer, int32_t id, bool value)
{
    write_header(writer, id, value ? THRIFT_TRUE : THRIFT_FALSE);
}

void thrift_write_i32(struct thrift_writer *writer, int32_t id, int32_t value)
{
    write_number(writer, id, THRIFT_I32, zigzag(value));
}

void thrift_write_i64(struct thrift_writer *writer, int32_t id, int64_t value)
{
    write_number(writer, id, THRIFT_I64, zigzag(value));
}

void thrift_write_binary(struct thrift_writer *writer, int32_t id, const void *bytes, size_t n)
{
    write_header(writer, id, THRIFT_BINARY);
    thrift_add_binary(writer, bytes, n);
}

void thrift_write_string(struct thrift_writer *writer, int32_t id, const char *text)
{
    thrift_write_binary(writer, id, text, strlen(text));
}

void thrift_open_struct(struct thrift_writer *writer, int32_t id)
{
    write_header(writer, id, THRIFT_STRUCT);
    push(writer);
}

void thrift_close_struct(struct thrift_writer *writer)
{
    assert(writer->depth > 0);
    writer->depth--;
    uint8_t *at = reserve(writer, 1);
    if (at == NULL)
        return;
    at[0] = THRIFT_STOP;
    writer->out->length++;
}

void thrift_write_empty(struct thrift_writer *writer, int32_t id)
{
    thrift_open_struct(writer, id);
    thrift_close_struct(writer);
}

void thrift_open_list(struct thrift_writer *writer, int32_t id, enum thrift_type elements, size_t n)
{
    enum { SHORT_LIST_MAX = 14 };
    write_header(writer, id, THRIFT_LIST);
    uint8_t *at = reserve(writer, HEADER_BYTES_MAX);
    if (at == NULL)
        return;
    if (n <= SHORT_LIST_MAX) {
        at[0] = (uint8_t)((unsigned)n << 4 | (unsigned)elements);
        writer->out->length++;
    } else {
        at[0] = (uint8_t)(0xF0u | (unsigned)elements);
        writer->out->length += 1 + varint_put(at + 1, n);
    }
}

void thrift_add_bool(struct thrift_writer *writer, bool value)
{
    uint8_t *at = reserve(writer, 1);
    if (at == NULL)
        return;
    at[0] = value ? THRIFT_TRUE : THRIFT_FALSE;
    writer->out->length++;
}

void thrift_add_int(struct thrift_writer *writer, int64_t value)
{
    uint8_t *at = reserve(writer, VARINT_BYTES_MAX);
    if (at != NULL)
        writer->out->length += varint_put(at, zigzag(value));
}

void thrift_add_binary(struct thrift_writer *writer, const void *bytes, size_t n)
{
    uint8_t *at = reserve(writer, VARINT_BYTES_MAX + n);
    if (at == NULL)
        return;
    size_t head = varint_put(at, n);
    if (n > 0)
        memcpy(at + head, bytes, n);
    writer->out->length += head + n;
}

void thrift_add_struct(struct thrift_writer *writer)
{
    push(writer);
}
