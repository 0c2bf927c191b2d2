#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "column/arrow.h"

/* ---- schema ---- */

struct format_row {
    const char *prefix; /* the whole format where `type` is set, but for the zone of times and the width */
    int type;           /* 0: refused, by the name */
    const char *name;
};

/* The first row that matches counts. */
static const struct format_row formats[] = {
    {"b", COLUMN_BOOL, ""},
    {"i", COLUMN_INT32, ""},
    {"l", COLUMN_INT64, ""},
    {"f", COLUMN_FLOAT, ""},
    {"g", COLUMN_DOUBLE, ""},
    {"tsm:", COLUMN_TIMESTAMP_MS, ""},
    {"tsu:", COLUMN_TIMESTAMP_US, ""},
    {"tsn:", COLUMN_TIMESTAMP_NS, ""},
    {"u", COLUMN_UTF8, ""},
    {"U", COLUMN_UTF8, ""},
    {"z", COLUMN_BINARY, ""},
    {"Z", COLUMN_BINARY, ""},
    {"w:", COLUMN_FIXED, ""},
    {"n", 0, "null"},
    {"c", 0, "int8"},
    {"C", 0, "uint8"},
    {"s", 0, "int16"},
    {"S", 0, "uint16"},
    {"I", 0, "uint32"},
    {"L", 0, "uint64"},
    {"e", 0, "half float"},
    {"d:", 0, "decimal"},
    {"td", 0, "date"},
    {"tt", 0, "time of day"},
    {"tss:", 0, "timestamp[s]"},
    {"tD", 0, "duration"},
    {"ti", 0, "interval"},
    {"vu", 0, "string view"},
    {"vz", 0, "binary view"},
    {"+s", 0, "struct"},
    {"+l", 0, "list"},
    {"+L", 0, "large list"},
    {"+vl", 0, "list view"},
    {"+vL", 0, "large list view"},
    {"+w:", 0, "fixed-size list"},
    {"+m", 0, "map"},
    {"+u", 0, "union"},
    {"+r", 0, "run-end encoded"},
};

static const struct format_row *format_find(const char *format)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        size_t length = strlen(formats[i].prefix);
        bool is_open = formats[i].type == 0 || formats[i].prefix[length - 1] == ':';
        if (strncmp(format, formats[i].prefix, length) == 0 && (is_open || format[length] == '\0'))
            return &formats[i];
    }
    return NULL;
}

/* The n of "w:n", or 0 where it is not a number from 1 to INT32_MAX. */
static int32_t parse_width(const char *digits)
{
    int64_t width = 0;
    do {
        if (*digits < '0' || *digits > '9')
            return 0;
        width = width * 10 + (*digits - '0');
    } while (*++digits != '\0' && width <= INT32_MAX);
    return width <= INT32_MAX ? (int32_t)width : 0;
}

static lake_status import_field(const struct ArrowSchema *in, struct column_field *out, struct lake_error *err)
{
    const char *name = in->name != NULL ? in->name : "";
    const char *format = in->format != NULL ? in->format : "";
    if (in->dictionary != NULL)
        return lake_fail(err, LAKE_UNSUPPORTED, "column '%s' is dictionary-encoded, which is not supported", name);
    const struct format_row *row = format_find(format);
    if (row == NULL)
        return lake_fail(err, LAKE_UNSUPPORTED, "column '%s' has the Arrow format '%s', which is not supported", name,
                         format);
    if (row->type == 0)
        return lake_fail(err, LAKE_UNSUPPORTED, "column '%s' is of type %s (Arrow format '%s'), which is not supported",
                         name, row->name, format);
    *out = (struct column_field){name, (enum column_type)row->type, 0, (in->flags & ARROW_FLAG_NULLABLE) != 0};
    if (*format == 'U' || *format == 'Z')
        out->width = ARROW_WIDE_OFFSETS;
    if (row->type == COLUMN_FIXED)
        out->width = parse_width(format + 2);
    if (row->type == COLUMN_FIXED && out->width == 0)
        return lake_fail(err, LAKE_UNSUPPORTED, "column '%s' has values of no usable width (Arrow format '%s')", name,
                         format);
    return LAKE_OK;
}

static lake_status check_table(const struct ArrowSchema *in, struct lake_error *err)
{
    if (in->release == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the Arrow schema has been released");
    if (in->format == NULL || strcmp(in->format, "+s") != 0 || in->dictionary != NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "the Arrow data is not a table (a struct of columns) but of format '%s'",
                         in->format != NULL ? in->format : "");
    if (in->n_children < 0 || in->n_children > LIMIT_PARQUET_COLUMNS || (in->n_children > 0 && in->children == NULL))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the Arrow schema has %" PRId64 " columns, of at most %d",
                         in->n_children, LIMIT_PARQUET_COLUMNS);
    return LAKE_OK;
}

lake_status arrow_import_schema(const struct ArrowSchema *in, struct schema **out, struct lake_error *err)
{
    struct column_field *fields = NULL;
    lake_status status = LAKE_OK;

    *out = NULL;
    TRY(check_table(in, err));
    size_t n = (size_t)in->n_children;
    TRY(memory_new(n, sizeof *fields, &fields, err));
    for (size_t i = 0; i < n; i++) {
        TRY_OUT(import_field(in->children[i], &fields[i], err));
        const struct schema before = {i, fields};
        if (schema_find(&before, fields[i].name) >= 0)
            TRY_OUT(lake_fail(err, LAKE_INVALID_ARGUMENT, "there are two columns '%s'", fields[i].name));
    }
    TRY_OUT(schema_new(fields, n, out, err));
out:
    memory_free(fields);
    return status;
}

/* ---- batch ---- */

/* Owns the array, and the blocks that had to be copied: those of `copies` that are set. */
struct imported {
    struct ArrowArray array;
    size_t n_columns;
    struct column *columns;
    struct column copies[];
};

/* One column on its way in: rows [first, first + n) of the array become column `to`. */
struct import {
    const struct column_field *field;
    const struct ArrowArray *array;
    int64_t first, n;
    struct column *to;
    struct column *copy;
};

/* A batch's pointers are not const because most batches are filled in; one that is imported is only read. */
static void *borrow(const void *bytes, int64_t offset_bytes)
{
    return bytes == NULL ? NULL : (void *)((uintptr_t)bytes + (uintptr_t)offset_bytes);
}

static bool is_aligned(const void *bytes, size_t alignment)
{
    return (uintptr_t)bytes % alignment == 0;
}

static size_t bits_bytes(int64_t n)
{
    return (size_t)(n / 8 + (n % 8 != 0));
}

static lake_status copy_bits(const uint8_t *from, int64_t first, int64_t n, uint8_t **copy, struct lake_error *err)
{
    TRY(memory_new_aligned(bits_bytes(n), copy, err));
    memset(*copy, 0, bits_bytes(n));
    for (int64_t i = 0; i < n; i++)
        bit_set(*copy, i, bit_get(from, first + i));
    return LAKE_OK;
}

static int64_t count_zeros(const uint8_t *bits, int64_t first, int64_t n)
{
    int64_t zeros = 0;
    for (int64_t i = first; i < first + n; i++)
        zeros += !bit_get(bits, i);
    return zeros;
}

static lake_status import_validity(struct import *import, struct lake_error *err)
{
    const uint8_t *bits = import->array->buffers[0];
    if (bits == NULL && import->array->null_count > 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "column '%s' says it has %" PRId64 " nulls, but not which",
                         import->field->name, import->array->null_count);
    /* The producer's count is not relied on: it may be unknown, of the whole of a slice, or wrong. */
    int64_t null_count = bits == NULL ? 0 : count_zeros(bits, import->first, import->n);
    if (null_count == 0)
        return LAKE_OK;
    if (!import->field->nullable)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "column '%s' has %" PRId64 " nulls, but its schema says it has none", import->field->name,
                         null_count);
    import->to->null_count = null_count;
    import->to->validity = borrow(bits, import->first / 8);
    if (import->first % 8 == 0)
        return LAKE_OK;
    TRY(copy_bits(bits, import->first, import->n, &import->copy->validity, err));
    import->to->validity = import->copy->validity;
    return LAKE_OK;
}

static lake_status missing_buffer(const struct import *import, struct lake_error *err)
{
    return lake_fail(err, LAKE_INVALID_ARGUMENT, "column '%s' of %" PRId64 " rows has no buffer of values",
                     import->field->name, import->n);
}

static lake_status import_bits(struct import *import, struct lake_error *err)
{
    const uint8_t *bits = import->array->buffers[1];
    if (bits == NULL && import->n > 0)
        return missing_buffer(import, err);
    bool as_is = import->first % 8 == 0;
    for (int64_t i = 0; i < import->n && as_is && import->to->null_count > 0; i++)
        as_is = column_is_valid(import->to, i) || !bit_get(bits, import->first + i);
    import->to->values = borrow(bits, import->first / 8);
    if (as_is)
        return LAKE_OK;
    uint8_t *copy = NULL;
    TRY(copy_bits(bits, import->first, import->n, &copy, err));
    for (int64_t i = 0; i < import->n; i++)
        if (!column_is_valid(import->to, i))
            bit_set(copy, i, false);
    import->copy->values = import->to->values = copy;
    return LAKE_OK;
}

static bool is_zero(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static lake_status import_fixed(struct import *import, struct lake_error *err)
{
    size_t width = column_type_width(import->field), n = (size_t)import->n;
    size_t alignment = import->field->type == COLUMN_FIXED ? 1 : width;
    const uint8_t *values = import->array->buffers[1];
    if (values == NULL && n > 0)
        return missing_buffer(import, err);
    import->to->values = borrow(values, import->first * (int64_t)width);
    values = import->to->values;
    bool as_is = is_aligned(values, alignment);
    for (size_t i = 0; i < n && as_is && import->to->null_count > 0; i++)
        as_is = column_is_valid(import->to, (int64_t)i) || is_zero(values + i * width, width);
    if (as_is)
        return LAKE_OK;
    uint8_t *copy = NULL;
    TRY(memory_new_aligned(n * width, &copy, err));
    memcpy(copy, values, n * width);
    for (size_t i = 0; i < n; i++)
        if (!column_is_valid(import->to, (int64_t)i))
            memset(copy + i * width, 0, width);
    import->copy->values = import->to->values = copy;
    return LAKE_OK;
}

/* Offset `row` of the column, whichever width its offsets have and however they are aligned. */
static int64_t offset_at(const struct import *import, int64_t row)
{
    const uint8_t *offsets = import->array->buffers[1];
    size_t at = (size_t)(import->first + row);
    int32_t narrow = 0;
    int64_t wide = 0;
    if (import->field->width == ARROW_WIDE_OFFSETS) {
        memcpy(&wide, offsets + at * sizeof wide, sizeof wide);
        return wide;
    }
    memcpy(&narrow, offsets + at * sizeof narrow, sizeof narrow);
    return narrow;
}

/* What the offsets of a column say when they have been looked at. */
struct extent {
    int64_t first_byte;
    int64_t n_bytes; /* of the values of rows that are not null */
    bool null_bytes; /* rows that are null have bytes too */
};

static lake_status measure_offsets(const struct import *import, struct extent *extent, struct lake_error *err)
{
    int64_t last = offset_at(import, 0);
    *extent = (struct extent){.first_byte = last};
    for (int64_t i = 0; i < import->n; i++) {
        int64_t next = offset_at(import, i + 1);
        if (last < 0 || next < last)
            return lake_fail(err, LAKE_INVALID_ARGUMENT,
                             "column '%s' has offset %" PRId64 " after %" PRId64 " in row %" PRId64,
                             import->field->name, next, last, i);
        bool is_valid = column_is_valid(import->to, i);
        extent->n_bytes += is_valid ? next - last : 0;
        extent->null_bytes = extent->null_bytes || (!is_valid && next > last);
        last = next;
    }
    if (extent->n_bytes > INT32_MAX)
        return lake_fail(err, LAKE_UNSUPPORTED, "column '%s' has over 2 GiB of bytes in one batch",
                         import->field->name);
    return LAKE_OK;
}

static lake_status copy_offsets(struct import *import, const struct extent *extent, struct lake_error *err)
{
    TRY(memory_new_aligned(((size_t)import->n + 1) * sizeof(int32_t), &import->copy->offsets, err));
    int32_t *offsets = import->to->offsets = import->copy->offsets;
    const uint8_t *bytes = import->array->buffers[2];
    uint8_t *copy = NULL;
    if (extent->null_bytes) {
        TRY(memory_new_aligned((size_t)extent->n_bytes, &copy, err));
        import->copy->values = copy;
    }
    offsets[0] = 0;
    for (int64_t i = 0; i < import->n; i++) {
        int64_t from = offset_at(import, i);
        int64_t length = column_is_valid(import->to, i) ? offset_at(import, i + 1) - from : 0;
        if (copy != NULL && length > 0)
            memcpy(copy + offsets[i], bytes + from, (size_t)length);
        offsets[i + 1] = offsets[i] + (int32_t)length;
    }
    import->to->values = copy != NULL ? copy : borrow(bytes, extent->first_byte);
    return LAKE_OK;
}

static lake_status import_offsets(struct import *import, struct lake_error *err)
{
    struct extent extent = {0};
    const int32_t *offsets = import->array->buffers[1];
    if (offsets == NULL || import->n == 0) { /* without rows there may be none, or no bytes of them */
        if (import->n > 0)
            return missing_buffer(import, err);
        TRY(memory_new(1, sizeof *offsets, &import->copy->offsets, err));
        import->to->offsets = import->copy->offsets;
        return LAKE_OK;
    }
    TRY(measure_offsets(import, &extent, err));
    if (import->array->buffers[2] == NULL && (extent.n_bytes > 0 || extent.null_bytes))
        return missing_buffer(import, err);
    bool is_wide = import->field->width == ARROW_WIDE_OFFSETS;
    if (is_wide || extent.first_byte != 0 || extent.null_bytes || !is_aligned(offsets, sizeof *offsets))
        return copy_offsets(import, &extent, err);
    import->to->offsets = borrow(offsets, import->first * (int64_t)sizeof *offsets);
    import->to->values = borrow(import->array->buffers[2], 0);
    return LAKE_OK;
}

static lake_status check_child(const struct import *import, struct lake_error *err)
{
    const struct ArrowArray *array = import->array;
    int64_t n_buffers = column_type_has_offsets(import->field->type) ? 3 : 2;
    const char *name = import->field->name;
    if (array == NULL || array->release == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "column '%s' has been released", name);
    if (array->n_buffers != n_buffers || array->buffers == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "column '%s' has %" PRId64 " buffers, not %" PRId64, name,
                         array->n_buffers, n_buffers);
    if (array->n_children != 0 || array->dictionary != NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "column '%s' is nested or dictionary-encoded, unlike its schema",
                         name);
    return LAKE_OK;
}

static lake_status import_column(struct import *import, const struct ArrowArray *table, struct lake_error *err)
{
    TRY(check_child(import, err));
    const struct ArrowArray *array = import->array;
    if (array->offset < 0 || array->length < 0 || array->offset > INT64_MAX / 64 - array->length ||
        array->length > INT64_MAX / 64 || table->offset + table->length > array->length)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "column '%s' has %" PRId64 " rows from %" PRId64 ", the table %" PRId64, import->field->name,
                         array->length, array->offset, table->offset + table->length);
    import->first = table->offset + array->offset;
    import->n = table->length;
    size_t width = column_type_width(import->field);
    if (width > 0 && import->first + import->n > INT64_MAX / (int64_t)width)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "column '%s' has %" PRId64 " rows of %zu bytes",
                         import->field->name, import->n, width);
    TRY(import_validity(import, err));
    if (column_type_has_offsets(import->field->type))
        return import_offsets(import, err);
    return import->field->type == COLUMN_BOOL ? import_bits(import, err) : import_fixed(import, err);
}

static lake_status check_struct(const struct schema *schema, const struct ArrowArray *in, struct lake_error *err)
{
    if (in->release == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the Arrow array has been released");
    if (in->n_children < 0 || (size_t)in->n_children != schema->n_fields ||
        (in->n_children > 0 && in->children == NULL))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the Arrow array has %" PRId64 " columns, its schema %zu",
                         in->n_children, schema->n_fields);
    if (in->length < 0 || in->offset < 0 || in->length > INT64_MAX / 64 || in->offset > INT64_MAX / 64)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the Arrow array has %" PRId64 " rows from %" PRId64, in->length,
                         in->offset);
    const uint8_t *valid = in->n_buffers == 1 && in->buffers != NULL ? in->buffers[0] : NULL;
    if (valid != NULL && in->null_count != 0 && count_zeros(valid, in->offset, in->length) > 0)
        return lake_fail(err, LAKE_UNSUPPORTED, "the Arrow table has rows that are null as a whole");
    return LAKE_OK;
}

static void release_imported(struct batch *batch)
{
    struct imported *imported = batch->owner;
    for (size_t i = 0; i < imported->n_columns; i++) {
        memory_free(imported->copies[i].validity);
        memory_free(imported->copies[i].values);
        memory_free(imported->copies[i].offsets);
    }
    imported->array.release(&imported->array);
    memory_free(imported->columns);
    memory_free(imported);
}

/* Moves the array into a new owner; the batch has it from here on. */
static lake_status take_array(const struct schema *schema, struct ArrowArray *in, struct batch *out,
                              struct lake_error *err)
{
    struct imported *imported = NULL;
    size_t n = schema->n_fields, bytes = 0;
    if (!size_multiply(n, sizeof *imported->copies, &bytes) || !size_add(bytes, sizeof *imported, &bytes))
        return lake_fail(err, LAKE_NO_MEMORY, "a batch of %zu columns is too large", n);
    TRY(memory_new(1, bytes, &imported, err));
    lake_status status = memory_new(n, sizeof *imported->columns, &imported->columns, err);
    if (status != LAKE_OK) {
        memory_free(imported);
        return status;
    }
    imported->n_columns = n;
    imported->array = *in;
    in->release = NULL;
    *out = (struct batch){.schema = schema,
                          .n_rows = imported->array.length,
                          .columns = imported->columns,
                          .release = release_imported,
                          .owner = imported};
    return LAKE_OK;
}

lake_status arrow_import_batch(const struct schema *schema, struct ArrowArray *in, struct batch *out,
                               struct lake_error *err)
{
    lake_status status = LAKE_OK;
    memset(out, 0, sizeof *out);
    TRY_OUT(check_struct(schema, in, err));
    TRY_OUT(take_array(schema, in, out, err));
    struct imported *imported = out->owner;
    for (size_t i = 0; i < schema->n_fields; i++) {
        struct import import = {.field = &schema->fields[i],
                                .array = imported->array.children[i],
                                .to = &imported->columns[i],
                                .copy = &imported->copies[i]};
        TRY_OUT(import_column(&import, &imported->array, err));
    }
out:
    if (status != LAKE_OK)
        batch_release(out);
    if (in->release != NULL)
        in->release(in);
    return status;
}
