/* One value of an Arrow column as text (datalake/text.h). Numbers and times go through column/format.h, as a batch
 * of one row on the stack, so that a table shows what CSV holds; bytes are taken straight from the array. */
#include <datalake/text.h>

#include <string.h>

#include "base/error.h"
#include "column/format.h"

enum { SCALAR_BYTES = 128 };

struct scalar_format {
    const char *prefix; /* of the Arrow format */
    enum column_type type;
    size_t width;
};

static const struct scalar_format scalar_formats[] = {
    {"i", COLUMN_INT32, 4},          {"l", COLUMN_INT64, 8},          {"f", COLUMN_FLOAT, 4},
    {"g", COLUMN_DOUBLE, 8},         {"tsm", COLUMN_TIMESTAMP_MS, 8}, {"tsu", COLUMN_TIMESTAMP_US, 8},
    {"tsn", COLUMN_TIMESTAMP_NS, 8},
};

struct value_bytes {
    const uint8_t *data;
    size_t length;
};

static bool bit_at(const void *bits, int64_t at)
{
    return bits == NULL || bit_get(bits, at);
}

static size_t scalar_text(const struct scalar_format *format, const void *value, char *out)
{
    int64_t scratch = 0; /* aligned for any of them */
    memcpy(&scratch, value, format->width);
    struct column_field field = {.name = "", .type = format->type};
    const struct schema schema = {1, &field};
    struct column column = {.values = &scratch};
    const struct batch batch = {.schema = &schema, .n_rows = 1, .columns = &column};
    /* Its memory is the caller's and enough: it never grows and is never released. */
    struct buffer text = {(uint8_t *)out, 0, SCALAR_BYTES, SCALAR_BYTES};
    return format_value(&batch, 0, 0, TIME_TEXT_ISO, &text, NULL) == LAKE_OK ? text.length : 0;
}

static size_t fixed_width(const char *format)
{
    size_t width = 0;
    for (const char *digit = format + 2; *digit >= '0' && *digit <= '9'; digit++)
        width = width * 10 + (size_t)(*digit - '0');
    return width;
}

/* Of the formats u, z, U, Z and w:n. */
static struct value_bytes value_bytes(const char *format, const struct ArrowArray *column, int64_t at)
{
    if (format[0] == 'w') {
        size_t width = fixed_width(format);
        return (struct value_bytes){(const uint8_t *)column->buffers[1] + (size_t)at * width, width};
    }
    if (format[0] == 'U' || format[0] == 'Z') {
        const int64_t *offsets = column->buffers[1];
        return (struct value_bytes){(const uint8_t *)column->buffers[2] + offsets[at],
                                    (size_t)(offsets[at + 1] - offsets[at])};
    }
    const int32_t *offsets = column->buffers[1];
    return (struct value_bytes){(const uint8_t *)column->buffers[2] + offsets[at],
                                (size_t)(offsets[at + 1] - offsets[at])};
}

/* Cuts and terminates, and tells the whole length. */
static size_t put_text(const void *text, size_t n, char *out, size_t out_bytes)
{
    if (out_bytes > 0) {
        size_t n_kept = n < out_bytes ? n : out_bytes - 1;
        if (n_kept > 0)
            memcpy(out, text, n_kept);
        out[n_kept] = '\0';
    }
    return n;
}

static size_t put_hexadecimal(struct value_bytes bytes, char *out, size_t out_bytes)
{
    static const char digits[] = "0123456789abcdef";
    size_t used = 0;
    for (size_t i = 0; i < bytes.length && used + 2 < out_bytes; i++) {
        out[used++] = digits[bytes.data[i] >> 4];
        out[used++] = digits[bytes.data[i] & 15];
    }
    if (out_bytes > 0)
        out[used] = '\0';
    return 2 * bytes.length;
}

size_t lake_format_value(const struct ArrowSchema *column_schema, const struct ArrowArray *column, int64_t row,
                         char *out, size_t out_bytes)
{
    char scratch[SCALAR_BYTES];
    const char *format = column_schema->format;
    int64_t at = column->offset + row;
    if (row < 0 || row >= column->length || !bit_at(column->buffers[0], at))
        return put_text("", 0, out, out_bytes);
    if (format[0] == 'b')
        return bit_at(column->buffers[1], at) ? put_text("true", 4, out, out_bytes)
                                              : put_text("false", 5, out, out_bytes);
    for (size_t i = 0; i < sizeof scalar_formats / sizeof *scalar_formats; i++) {
        const struct scalar_format *scalar = &scalar_formats[i];
        if (strncmp(format, scalar->prefix, strlen(scalar->prefix)) != 0)
            continue;
        const uint8_t *values = column->buffers[1];
        return put_text(scratch, scalar_text(scalar, values + (size_t)at * scalar->width, scratch), out, out_bytes);
    }
    if (strchr("uUzZw", format[0]) == NULL)
        return put_text("", 0, out, out_bytes);
    struct value_bytes bytes = value_bytes(format, column, at);
    return format[0] == 'u' || format[0] == 'U' ? put_text(bytes.data, bytes.length, out, out_bytes)
                                                : put_hexadecimal(bytes, out, out_bytes);
}
