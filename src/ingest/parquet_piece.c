#include "ingest/parquet_piece.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "column/time_unit.h"
#include "io/number.h"

enum {
    LEAST_ROWS = 16,        /* whose texts, at most LIMIT_CSV_TEXT_BYTES each, always fit */
    FEW_ROWS = 1 << 10,     /* which fewer are not worth, unless their texts are long */
    PIECE_BYTES = 16 << 20, /* of fixed-width values */
    TEXTS_BYTES = 32 << 20, /* of all columns … */
    TEXT_BYTES = 1 << 20    /* … but of each at least so many */
};

/* Of the years 1 to 9999, which the calendar writes. */
#define FIRST_SECOND INT64_C(-62135596800)
#define END_SECOND INT64_C(253402300800)

/* ---- the file ---- */

static lake_status read_at_of(void *context, int64_t offset, void *bytes, size_t n, struct lake_error *err)
{
    return source_read_at(context, offset, bytes, n, err);
}

static lake_status open_reader(const struct parquet_piece *piece, size_t i, struct lake_error *err)
{
    struct parquet_source source = {source_place(piece->source), NULL, source_size_bytes(piece->source), read_at_of,
                                    piece->source};
    if (piece->is_reader_open[i])
        return LAKE_OK;
    TRY(parquet_reader_open(piece->readers[i], source, err));
    piece->is_reader_open[i] = true;
    return LAKE_OK;
}

static lake_status open_columns(struct parquet_piece *piece, struct lake_error *err)
{
    const struct parquet_file *file = parquet_reader_file(piece->readers[0]);
    TRY(memory_new(file->n_columns, sizeof *piece->columns, &piece->columns, err));
    TRY(memory_new(file->n_columns, sizeof *piece->wanted, &piece->wanted, err));
    piece->n_columns = file->n_columns;
    piece->n_all_rows = file->n_rows;
    for (size_t i = 0; i < file->n_columns; i++)
        piece->columns[i].described = &file->columns[i];
    return LAKE_OK;
}

lake_status parquet_piece_open(struct parquet_piece *piece, struct source *source, struct pool *pool,
                               struct lake_error *err)
{
    piece->source = source;
    piece->pool = pool;
    TRY(memory_new(pool_threads(pool), sizeof *piece->readers, &piece->readers, err));
    TRY(memory_new(pool_threads(pool), sizeof *piece->is_reader_open, &piece->is_reader_open, err));
    for (; piece->n_readers < pool_threads(pool); piece->n_readers++) {
        TRY(parquet_reader_new(&piece->readers[piece->n_readers], err));
        parquet_reader_take_raw(piece->readers[piece->n_readers], true);
    }
    TRY(open_reader(piece, 0, err));
    return open_columns(piece, err);
}

void parquet_piece_release(struct parquet_piece *piece)
{
    parquet_piece_want_none(piece);
    for (size_t i = 0; i < piece->n_readers; i++)
        parquet_reader_free(piece->readers[i]);
    memory_free(piece->readers);
    memory_free(piece->is_reader_open);
    memory_free(piece->columns);
    memory_free(piece->wanted);
    *piece = (struct parquet_piece){.source = NULL};
}

const char *parquet_piece_refusal(const struct parquet_piece *piece, size_t column)
{
    const struct parquet_file_column *described = piece->columns[column].described;
    if (described->unsupported != NULL && !described->is_raw)
        return described->unsupported;
    if (described->logic == PARQUET_LOGIC_DECIMAL) {
        bool is_sane = described->scale >= 0 && described->scale <= 2 * PIECE_DECIMAL_BYTES &&
                       described->field.width <= PIECE_DECIMAL_BYTES;
        return is_sane ? NULL : "DECIMAL values of more than 256 bits";
    }
    return described->field.type == COLUMN_FIXED ? "bytes of a fixed width" : NULL;
}

/* Bytes of a value as parquet/reader.h decodes it; 0 where it has offsets. */
static size_t value_bytes(const struct piece_column *column)
{
    const struct column_field *field = &column->described->field;
    return field->type == COLUMN_BOOL ? 1 : column_type_width(field);
}

void parquet_piece_want(struct parquet_piece *piece, size_t column)
{
    struct piece_column *wanted = &piece->columns[column];
    if (wanted->is_wanted)
        return;
    wanted->is_wanted = true;
    piece->wanted[piece->n_wanted++] = column;
    piece->row_bytes += 1 + (value_bytes(wanted) > 0 ? value_bytes(wanted) : sizeof(int32_t));
}

void parquet_piece_want_none(struct parquet_piece *piece)
{
    for (size_t i = 0; i < piece->n_columns; i++) {
        struct piece_column *column = &piece->columns[i];
        memory_free(column->values);
        memory_free(column->offsets);
        memory_free(column->valid);
        buffer_release(&column->bytes);
        *column = (struct piece_column){.described = column->described};
    }
    piece->n_wanted = 0;
    piece->row_bytes = 0;
}

/* ---- decoding ---- */

/* What the texts of one column may take. */
static size_t text_budget(const struct parquet_piece *piece)
{
    size_t n_texts = 1;
    for (size_t i = 0; i < piece->n_wanted; i++)
        n_texts += column_type_has_offsets(piece->columns[piece->wanted[i]].described->field.type);
    size_t share = TEXTS_BYTES / n_texts;
    return share > TEXT_BYTES ? share : TEXT_BYTES;
}

static lake_status reserve_column(const struct parquet_piece *piece, struct piece_column *column,
                                  struct lake_error *err)
{
    size_t n = (size_t)piece->capacity;
    TRY(memory_resize(&column->valid, n, 1, err));
    column->bytes.limit = text_budget(piece);
    if (column_type_has_offsets(column->described->field.type))
        return memory_resize(&column->offsets, n + 1, sizeof *column->offsets, err);
    return memory_resize(&column->values, n, value_bytes(column), err);
}

static lake_status read_column(void *context, size_t index, size_t worker, struct lake_error *err)
{
    struct parquet_piece *piece = context;
    struct piece_column *column = &piece->columns[piece->wanted[index]];
    size_t n_rows = (size_t)piece->n_rows;
    TRY(open_reader(piece, worker, err));
    TRY(reserve_column(piece, column, err));
    struct parquet_target target = {.values = column->values, .offsets = column->offsets, .bytes = &column->bytes};
    TRY(parquet_reader_read(piece->readers[worker], piece->wanted[index], piece->first, piece->n_rows, &target, err));
    column->has_nulls = target.valid != NULL;
    if (column->has_nulls)
        memcpy(column->valid, target.valid, n_rows);
    return LAKE_OK;
}

/* As many as fit, so that what is decoded stays small, whatever the number of columns. */
static int64_t piece_rows(const struct parquet_piece *piece)
{
    size_t n = PIECE_BYTES / (piece->row_bytes > 0 ? piece->row_bytes : 1);
    return n > PIECE_MOST_ROWS ? PIECE_MOST_ROWS : n < FEW_ROWS ? FEW_ROWS : (int64_t)n;
}

lake_status parquet_piece_read(struct parquet_piece *piece, int64_t first, int64_t most, struct lake_error *err)
{
    int64_t n = piece_rows(piece);
    int64_t left = piece->n_all_rows - first;
    n = n < most ? n : most;
    n = n < left ? n : left;
    piece->first = first;
    for (;; n = (n + 1) / 2) {
        piece->capacity = piece->n_rows = n;
        lake_status status = pool_run(piece->pool, piece->n_wanted, read_column, piece, err);
        if (status != LAKE_NO_MEMORY || n <= LEAST_ROWS)
            return status;
    }
}

/* ---- values as text ---- */

static struct csv_span format_text(char scratch[PIECE_TEXT_BYTES], int n)
{
    return (struct csv_span){scratch, (size_t)n};
}

/* Two's complement, most significant byte first, to its sign and its magnitude in place. */
static bool take_sign(uint8_t *bytes, size_t n)
{
    bool is_negative = n > 0 && (bytes[0] & 0x80) != 0;
    unsigned carry = 1;
    for (size_t i = n; is_negative && i-- > 0;) {
        carry += (uint8_t)~bytes[i];
        bytes[i] = (uint8_t)carry;
        carry >>= 8;
    }
    return is_negative;
}

/* Divides the magnitude by ten; gives the remainder. */
static unsigned divide_by_ten(uint8_t *bytes, size_t n)
{
    unsigned rest = 0;
    for (size_t i = 0; i < n; i++) {
        rest = rest << 8 | bytes[i];
        bytes[i] = (uint8_t)(rest / 10);
        rest %= 10;
    }
    return rest;
}

static bool is_zero(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* "-123.4500": at most 78 digits, a point, a sign, and zeros up to the scale. */
static struct csv_span decimal_text(uint8_t *bytes, size_t n, int32_t scale, char scratch[PIECE_TEXT_BYTES])
{
    bool is_negative = take_sign(bytes, n);
    char *p = scratch + PIECE_TEXT_BYTES;
    for (int32_t digits = 0; digits <= scale || !is_zero(bytes, n); digits++) {
        if (digits == scale && scale > 0)
            *--p = '.';
        *--p = (char)('0' + divide_by_ten(bytes, n));
    }
    if (is_negative)
        *--p = '-';
    return (struct csv_span){p, (size_t)(scratch + PIECE_TEXT_BYTES - p)};
}

static struct csv_span small_decimal_text(int64_t value, int32_t scale, char scratch[PIECE_TEXT_BYTES])
{
    uint8_t bytes[sizeof value];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)((uint64_t)value >> (8 * (sizeof bytes - 1 - i)));
    return decimal_text(bytes, sizeof bytes, scale, scratch);
}

static struct csv_span wide_decimal_text(const void *value, size_t n, int32_t scale, char scratch[PIECE_TEXT_BYTES])
{
    uint8_t bytes[PIECE_DECIMAL_BYTES];
    if (n > sizeof bytes)
        return (struct csv_span){"a DECIMAL of more than 256 bits", 31}; /* no number: refused with its place */
    memcpy(bytes, value, n);
    return decimal_text(bytes, n, scale, scratch);
}

/* "2023-04-01T09:30:00.123456789Z"; without the Z where it is the time of some place. Beyond the calendar's years the number. */
static struct csv_span time_text(int64_t value, int64_t per_ms, bool is_local, char scratch[PIECE_TEXT_BYTES])
{
    int64_t per_second = per_ms * MS_PER_SECOND;
    int64_t seconds = value / per_second - (value % per_second < 0);
    int64_t fraction = value - seconds * per_second;
    if (seconds < FIRST_SECOND || seconds >= END_SECOND)
        return format_text(scratch, (int)number_format_int64(value, scratch));
    size_t n = calendar_format_ms(seconds * MS_PER_SECOND, scratch) - 1;
    int n_digits = per_ms == 1 ? 3 : per_ms == 1000 ? 6 : 9;
    if (fraction > 0)
        n += (size_t)snprintf(scratch + n, PIECE_TEXT_BYTES - n, ".%0*" PRId64, n_digits, fraction);
    if (!is_local)
        scratch[n++] = 'Z';
    return (struct csv_span){scratch, n};
}

static struct csv_span int32_text(const struct parquet_file_column *described, int32_t value,
                                  char scratch[PIECE_TEXT_BYTES])
{
    if (described->logic == PARQUET_LOGIC_DATE)
        return format_text(scratch, (int)calendar_format_day(value, scratch));
    if (described->logic == PARQUET_LOGIC_DECIMAL)
        return small_decimal_text(value, described->scale, scratch);
    return format_text(scratch, (int)number_format_int64(value, scratch));
}

static struct csv_span int64_text(const struct parquet_file_column *described, int64_t value,
                                  char scratch[PIECE_TEXT_BYTES])
{
    if (described->logic == PARQUET_LOGIC_DECIMAL)
        return small_decimal_text(value, described->scale, scratch);
    if (described->logic == PARQUET_LOGIC_UNSIGNED)
        return format_text(scratch, snprintf(scratch, PIECE_TEXT_BYTES, "%" PRIu64, (uint64_t)value));
    return format_text(scratch, (int)number_format_int64(value, scratch));
}

static struct csv_span bytes_text(const struct piece_column *column, int64_t row, char scratch[PIECE_TEXT_BYTES])
{
    const struct parquet_file_column *described = column->described;
    size_t start = (size_t)column->offsets[row], n = (size_t)column->offsets[row + 1] - start;
    if (n == 0)
        return (struct csv_span){"", 0};
    if (described->logic == PARQUET_LOGIC_DECIMAL)
        return wide_decimal_text(column->bytes.data + start, n, described->scale, scratch);
    return (struct csv_span){(const char *)column->bytes.data + start, n};
}

struct csv_span parquet_piece_text(const struct parquet_piece *piece, size_t index, int64_t row,
                                   char scratch[PIECE_TEXT_BYTES])
{
    const struct piece_column *column = &piece->columns[index];
    const struct parquet_file_column *described = column->described;
    const void *values = column->values;
    if (piece_is_null(column, row))
        return (struct csv_span){"", 0};
    switch (described->field.type) {
    case COLUMN_BOOL:
        return ((const uint8_t *)values)[row] != 0 ? (struct csv_span){"true", 4} : (struct csv_span){"false", 5};
    case COLUMN_INT32: return int32_text(described, ((const int32_t *)values)[row], scratch);
    case COLUMN_INT64: return int64_text(described, ((const int64_t *)values)[row], scratch);
    case COLUMN_FLOAT:
        return format_text(scratch, (int)number_format_double((double)((const float *)values)[row], scratch));
    case COLUMN_DOUBLE: return format_text(scratch, (int)number_format_double(((const double *)values)[row], scratch));
    case COLUMN_TIMESTAMP_MS:
    case COLUMN_TIMESTAMP_US:
    case COLUMN_TIMESTAMP_NS:
        return time_text(((const int64_t *)values)[row], time_unit_per_ms(described->field.type),
                         described->logic == PARQUET_LOGIC_LOCAL, scratch);
    case COLUMN_UTF8:
    case COLUMN_BINARY: return bytes_text(column, row, scratch);
    case COLUMN_FIXED:
        return wide_decimal_text((const uint8_t *)values + (size_t)row * (size_t)described->field.width,
                                 (size_t)described->field.width, described->scale, scratch);
    }
    return (struct csv_span){"", 0};
}
