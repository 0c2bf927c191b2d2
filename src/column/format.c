#include "column/format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/memory.h"
#include "io/number.h"

/* Room for any value that is not text, with a separator. */
enum { SCALAR_BYTES = 64 };

#define NS_PER_SECOND INT64_C(1000000000)

/* Makes room for one more value; the usual case stays inline. */
static inline lake_status reserve_scalar(struct buffer *out, struct lake_error *err)
{
    if (out->capacity - out->length >= SCALAR_BYTES)
        return LAKE_OK;
    return buffer_reserve(out, SCALAR_BYTES, err);
}

/* For a byte that a reserve_scalar has made room for. */
static inline void put(struct buffer *out, char c)
{
    out->data[out->length++] = (uint8_t)c;
}

/* ---- values that are not text ---- */

static size_t write_word(char *out, const char *word)
{
    size_t length = strlen(word);
    memcpy(out, word, length);
    return length;
}

/* The calendar knows microseconds; the nine digits of a nanosecond are put in before the Z. */
static size_t write_ns(int64_t ns, char *out)
{
    int64_t second = ns / NS_PER_SECOND, rest = ns % NS_PER_SECOND;
    if (rest < 0) {
        rest += NS_PER_SECOND;
        second--;
    }
    if (rest % 1000 == 0)
        return calendar_format_us(second * 1000000 + rest / 1000, out);
    size_t length = calendar_format_us(second * 1000000, out) - 1;
    char fraction[24];
    snprintf(fraction, sizeof fraction, ".%09" PRId64 "Z", rest);
    return length + write_word(out + length, fraction);
}

static size_t write_time(enum column_type type, int64_t value, char *out)
{
    if (type == COLUMN_TIMESTAMP_MS)
        return calendar_format_ms(value, out);
    return type == COLUMN_TIMESTAMP_US ? calendar_format_us(value, out) : write_ns(value, out);
}

static bool is_time(enum column_type type)
{
    return type == COLUMN_TIMESTAMP_MS || type == COLUMN_TIMESTAMP_US || type == COLUMN_TIMESTAMP_NS;
}

/* Writes at most SCALAR_BYTES - 4 bytes. A float is written as the double it is. */
static size_t write_scalar(const struct column *column, enum column_type type, int64_t row, enum time_text time,
                           char *out)
{
    switch (type) {
    case COLUMN_BOOL: return write_word(out, bit_get(column->values, row) ? "true" : "false");
    case COLUMN_INT32: return number_format_int64(((const int32_t *)column->values)[row], out);
    case COLUMN_FLOAT: return number_format_double((double)((const float *)column->values)[row], out);
    case COLUMN_DOUBLE: return number_format_double(((const double *)column->values)[row], out);
    case COLUMN_TIMESTAMP_MS:
    case COLUMN_TIMESTAMP_US:
    case COLUMN_TIMESTAMP_NS:
        if (time == TIME_TEXT_ISO)
            return write_time(type, ((const int64_t *)column->values)[row], out);
        return number_format_int64(((const int64_t *)column->values)[row], out);
    default: return number_format_int64(((const int64_t *)column->values)[row], out);
    }
}

/* ---- bytes ---- */

struct text {
    const uint8_t *bytes;
    size_t length;
};

static bool has_bytes(enum column_type type)
{
    return type == COLUMN_UTF8 || type == COLUMN_BINARY || type == COLUMN_FIXED;
}

static struct text text_at(const struct column *column, const struct column_field *field, int64_t row)
{
    const uint8_t *values = column->values;
    if (field->type == COLUMN_FIXED)
        return (struct text){values + (size_t)row * (size_t)field->width, (size_t)field->width};
    int32_t first = column->offsets[row];
    return (struct text){values == NULL ? (const uint8_t *)"" : values + first,
                         (size_t)(column->offsets[row + 1] - first)};
}

/* Bytes that are not text are written in hexadecimal. */
static lake_status append_hex(struct text text, struct buffer *out, struct lake_error *err)
{
    static const char digits[] = "0123456789abcdef";
    if (text.length > SIZE_MAX / 2)
        return lake_fail(err, LAKE_NO_MEMORY, "a value of %zu bytes is too long", text.length);
    TRY(buffer_reserve(out, text.length * 2, err));
    for (size_t i = 0; i < text.length; i++) {
        put(out, digits[text.bytes[i] >> 4]);
        put(out, digits[text.bytes[i] & 15]);
    }
    return LAKE_OK;
}

/* A field that is empty, or that a reader would cut, is quoted: what is empty without quotes is null. */
static bool needs_quotes(struct text text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.bytes[i] == ',' || text.bytes[i] == '"' || text.bytes[i] == '\n' || text.bytes[i] == '\r')
            return true;
    return text.length == 0;
}

static lake_status append_csv_text(struct text text, struct buffer *out, struct lake_error *err)
{
    if (!needs_quotes(text))
        return buffer_append(out, text.bytes, text.length, err);
    TRY(buffer_append_byte(out, '"', err));
    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] == '"')
            TRY(buffer_append_byte(out, '"', err));
        TRY(buffer_append_byte(out, text.bytes[i], err));
    }
    return buffer_append_byte(out, '"', err);
}

/* ---- CSV ---- */

lake_status format_csv_header(const struct schema *schema, struct buffer *out, struct lake_error *err)
{
    for (size_t i = 0; i < schema->n_fields; i++) {
        const char *name = schema->fields[i].name;
        if (i > 0)
            TRY(buffer_append_byte(out, ',', err));
        TRY(append_csv_text((struct text){(const uint8_t *)name, strlen(name)}, out, err));
    }
    return buffer_append_byte(out, '\n', err);
}

static lake_status append_csv_value(const struct batch *batch, size_t index, int64_t row, enum time_text time,
                                    struct buffer *out, struct lake_error *err)
{
    const struct column *column = &batch->columns[index];
    const struct column_field *field = &batch->schema->fields[index];
    if (!column_is_valid(column, row))
        return LAKE_OK;
    if (field->type == COLUMN_UTF8)
        return append_csv_text(text_at(column, field, row), out, err);
    if (has_bytes(field->type))
        return append_hex(text_at(column, field, row), out, err);
    out->length += write_scalar(column, field->type, row, time, (char *)out->data + out->length);
    return LAKE_OK;
}

lake_status format_csv_rows(const struct batch *batch, int64_t first, int64_t n_rows, enum time_text time,
                            struct buffer *out, struct lake_error *err)
{
    size_t n_fields = batch->schema->n_fields;
    for (int64_t row = first; row < first + n_rows; row++) {
        for (size_t i = 0; i < n_fields; i++) {
            TRY(reserve_scalar(out, err));
            if (i > 0)
                put(out, ',');
            TRY(append_csv_value(batch, i, row, time, out, err));
        }
        TRY(reserve_scalar(out, err));
        put(out, '\n');
    }
    return LAKE_OK;
}

/* ---- JSON ---- */

/* Bytes of the UTF-8 character at p, 0 where there is none: overlong forms, surrogates and what lies past U+10FFFF
 * are none (Unicode 15, table 3-7). */
static size_t utf8_length(const uint8_t *p, size_t n)
{
    uint8_t low = 0x80, high = 0xbf;
    size_t length = 0;
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        length = 2;
    else if (p[0] >= 0xe0 && p[0] <= 0xef)
        length = 3;
    else if (p[0] >= 0xf0 && p[0] <= 0xf4)
        length = 4;
    if (length == 0 || n < length)
        return 0;
    low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : low;
    high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : high;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if (p[i] < 0x80 || p[i] > 0xbf)
            return 0;
    return length;
}

static lake_status append_json_escape(uint8_t byte, struct buffer *out, struct lake_error *err)
{
    switch (byte) {
    case '"': return buffer_append_text(out, "\\\"", err);
    case '\\': return buffer_append_text(out, "\\\\", err);
    case '\n': return buffer_append_text(out, "\\n", err);
    case '\r': return buffer_append_text(out, "\\r", err);
    case '\t': return buffer_append_text(out, "\\t", err);
    default: return buffer_printf(out, err, "\\u%04x", byte);
    }
}

lake_status format_json_string(const char *text, size_t length, struct buffer *out, struct lake_error *err)
{
    const uint8_t *bytes = (const uint8_t *)text;
    TRY(buffer_append_byte(out, '"', err));
    for (size_t i = 0; i < length;) {
        size_t n = utf8_length(bytes + i, length - i);
        if (n == 0)
            TRY(buffer_append_text(out, "\xef\xbf\xbd", err));
        else if (n == 1 && (bytes[i] < 0x20 || bytes[i] == '"' || bytes[i] == '\\'))
            TRY(append_json_escape(bytes[i], out, err));
        else
            TRY(buffer_append(out, bytes + i, n, err));
        i += n == 0 ? 1 : n;
    }
    return buffer_append_byte(out, '"', err);
}

static bool is_json_null(const struct column *column, enum column_type type, int64_t row)
{
    if (!column_is_valid(column, row))
        return true;
    if (type == COLUMN_DOUBLE)
        return !isfinite(((const double *)column->values)[row]);
    return type == COLUMN_FLOAT && !isfinite(((const float *)column->values)[row]);
}

static lake_status append_json_value(const struct batch *batch, size_t index, int64_t row, enum time_text time,
                                     struct buffer *out, struct lake_error *err)
{
    const struct column *column = &batch->columns[index];
    const struct column_field *field = &batch->schema->fields[index];
    if (is_json_null(column, field->type, row))
        return buffer_append(out, "null", 4, err);
    struct text text = has_bytes(field->type) ? text_at(column, field, row) : (struct text){NULL, 0};
    if (field->type == COLUMN_UTF8)
        return format_json_string((const char *)text.bytes, text.length, out, err);
    TRY(reserve_scalar(out, err));
    bool is_quoted = has_bytes(field->type) || (is_time(field->type) && time == TIME_TEXT_ISO);
    if (is_quoted)
        put(out, '"');
    if (has_bytes(field->type))
        TRY(append_hex(text, out, err));
    else
        out->length += write_scalar(column, field->type, row, time, (char *)out->data + out->length);
    return is_quoted ? buffer_append_byte(out, '"', err) : LAKE_OK;
}

/* `{"ts":`, `,"open":` … one after another; ends[i] is where that of column i ends. */
static lake_status make_keys(const struct schema *schema, struct buffer *keys, size_t *ends, struct lake_error *err)
{
    for (size_t i = 0; i < schema->n_fields; i++) {
        const char *name = schema->fields[i].name;
        TRY(buffer_append_byte(keys, i == 0 ? '{' : ',', err));
        TRY(format_json_string(name, strlen(name), keys, err));
        TRY(buffer_append_byte(keys, ':', err));
        ends[i] = keys->length;
    }
    return LAKE_OK;
}

lake_status format_json_rows(const struct batch *batch, int64_t first, int64_t n_rows, enum time_text time,
                             const char *separator, bool skip_last, struct buffer *out, struct lake_error *err)
{
    struct buffer keys = BUFFER_INIT(SIZE_MAX);
    size_t *ends = NULL;
    lake_status status = LAKE_OK;
    size_t n_fields = batch->schema->n_fields, n_separator = strlen(separator);

    TRY(memory_new(n_fields, sizeof *ends, &ends, err));
    TRY_OUT(make_keys(batch->schema, &keys, ends, err));
    for (int64_t row = first; row < first + n_rows; row++) {
        size_t start = 0;
        for (size_t i = 0; i < n_fields; start = ends[i], i++) {
            TRY_OUT(buffer_append(out, keys.data + start, ends[i] - start, err));
            TRY_OUT(append_json_value(batch, i, row, time, out, err));
        }
        TRY_OUT(buffer_append_text(out, n_fields == 0 ? "{}" : "}", err));
        if (row < first + n_rows - 1 || !skip_last)
            TRY_OUT(buffer_append(out, separator, n_separator, err));
    }
out:
    buffer_release(&keys);
    memory_free(ends);
    return status;
}

/* ---- one value ---- */

lake_status format_value(const struct batch *batch, size_t column, int64_t row, enum time_text time, struct buffer *out,
                         struct lake_error *err)
{
    const struct column_field *field = &batch->schema->fields[column];
    if (field->type == COLUMN_UTF8 && column_is_valid(&batch->columns[column], row)) {
        struct text text = text_at(&batch->columns[column], field, row);
        return buffer_append(out, text.bytes, text.length, err);
    }
    TRY(reserve_scalar(out, err));
    return append_csv_value(batch, column, row, time, out, err);
}
