#include "ingest/put_values.h"

#include <inttypes.h>
#include <string.h>

#include "base/calendar.h"
#include "base/utf8.h"
#include "column/time_unit.h"
#include "ingest/csv_time.h"
#include "io/number.h"

#define TWO_TO_63 9223372036854775808.0

enum { SHOWN_BYTES = 40, INTEGER_TEXT_BYTES = 20 };

/* ---- which ways there are ---- */

static bool is_integer(enum column_type type)
{
    return type == COLUMN_INT32 || type == COLUMN_INT64;
}

static bool is_number(enum column_type type)
{
    return is_integer(type) || type == COLUMN_FLOAT || type == COLUMN_DOUBLE;
}

static bool is_time(enum column_type type)
{
    return time_unit_per_ms(type) > 0;
}

static bool is_same(const struct column_field *from, const struct column_field *to)
{
    return from->type == to->type && (from->type != COLUMN_FIXED || from->width == to->width);
}

static bool can_become(const struct column_field *from, const struct column_field *to)
{
    if (is_same(from, to))
        return true;
    if (is_number(to->type))
        return is_number(from->type);
    if (is_time(to->type))
        return is_time(from->type) || is_integer(from->type) || from->type == COLUMN_UTF8;
    return to->type == COLUMN_UTF8 && is_integer(from->type);
}

lake_status put_values_check(const struct column_field *from, const struct column_field *to, bool is_time_key,
                             struct lake_error *err)
{
    const char *hint = is_time_key ? ", whole numbers or ISO 8601 text" : "";
    if (can_become(from, to))
        return LAKE_OK;
    if (is_same(from, to) || from->type == to->type)
        return lake_fail(err, LAKE_INVALID_DATA, "column '%s' has values of %d bytes, and must have %d", from->name,
                         (int)from->width, (int)to->width);
    return lake_fail(err, LAKE_INVALID_DATA, "column '%s' is %s, and must be %s%s", from->name,
                     column_type_name(from->type), column_type_name(to->type), hint);
}

/* ---- one value ---- */

static int64_t integer_at(const struct put_values *values, int64_t row)
{
    const void *bytes = values->column->values;
    return values->from->type == COLUMN_INT32 ? ((const int32_t *)bytes)[row] : ((const int64_t *)bytes)[row];
}

static double number_at(const struct put_values *values, int64_t row)
{
    const void *bytes = values->column->values;
    return values->from->type == COLUMN_FLOAT ? (double)((const float *)bytes)[row] : ((const double *)bytes)[row];
}

static lake_status fail_number(const struct put_values *values, int64_t row, struct lake_error *err)
{
    char shown[NUMBER_TEXT_BYTES];
    if (is_integer(values->from->type))
        (void)number_format_int64(integer_at(values, row), shown);
    else
        (void)number_format_double(number_at(values, row), shown);
    return lake_fail(err, LAKE_INVALID_DATA, "row %" PRId64 ": %s is %s, which no %s holds exactly",
                     values->first_row + row, values->from->name, shown, column_type_name(values->to->type));
}

/* ---- numbers ---- */

static bool integer_of_double(double value, int64_t *out)
{
    if (!(value >= -TWO_TO_63 && value < TWO_TO_63))
        return false;
    *out = (int64_t)value;
    return (double)*out == value;
}

static bool double_of_integer(int64_t value, double *out)
{
    *out = (double)value;
    return *out < TWO_TO_63 && (int64_t)*out == value;
}

/* The value as an integer or a double, whichever the target is near to; false where it is not the same number. */
static bool take_integer(const struct put_values *values, int64_t row, int64_t *out)
{
    if (is_integer(values->from->type)) {
        *out = integer_at(values, row);
        return true;
    }
    return integer_of_double(number_at(values, row), out);
}

static bool take_double(const struct put_values *values, int64_t row, double *out)
{
    if (is_integer(values->from->type))
        return double_of_integer(integer_at(values, row), out);
    *out = number_at(values, row);
    return true;
}

static bool put_int64(const struct put_values *values, int64_t row, void *to)
{
    return take_integer(values, row, (int64_t *)to + row);
}

static bool put_int32(const struct put_values *values, int64_t row, void *to)
{
    int64_t value = 0;
    bool is_exact = take_integer(values, row, &value) && value >= INT32_MIN && value <= INT32_MAX;
    ((int32_t *)to)[row] = is_exact ? (int32_t)value : 0;
    return is_exact;
}

static bool put_double(const struct put_values *values, int64_t row, void *to)
{
    return take_double(values, row, (double *)to + row);
}

static bool put_float(const struct put_values *values, int64_t row, void *to)
{
    double value = 0;
    bool is_exact = take_double(values, row, &value);
    float near = (float)value;
    ((float *)to)[row] = near;
    return is_exact && ((double)near == value || value != value);
}

static lake_status put_numbers(const struct put_values *values, void *to, struct lake_error *err)
{
    bool (*put)(const struct put_values *, int64_t, void *) = put_double;
    if (values->to->type == COLUMN_INT64)
        put = put_int64;
    else if (values->to->type != COLUMN_DOUBLE)
        put = values->to->type == COLUMN_INT32 ? put_int32 : put_float;
    for (int64_t row = 0; row < values->n_rows; row++)
        if (column_is_valid(values->column, row) && !put(values, row, to))
            return fail_number(values, row, err);
    return LAKE_OK;
}

/* ---- times ---- */

#define NS_PER_TARGET(per_ms) (NS_PER_MS / (per_ms))

static lake_status fail_time(const struct put_values *values, int64_t row, const char *what, struct lake_error *err)
{
    char shown[NUMBER_TEXT_BYTES];
    (void)number_format_int64(integer_at(values, row), shown);
    return lake_fail(err, LAKE_INVALID_DATA, "row %" PRId64 ": %s is %s, %s", values->first_row + row,
                     values->from->name, shown, what);
}

/* From one unit into another, both by how many of them a millisecond has. */
static lake_status convert_time(const struct put_values *values, int64_t row, int64_t *out, struct lake_error *err)
{
    int64_t from = time_unit_per_ms(values->from->type), to = time_unit_per_ms(values->to->type);
    int64_t value = integer_at(values, row);
    if (to >= from) {
        int64_t factor = to / from;
        *out = value * (value <= INT64_MAX / factor && value >= INT64_MIN / factor ? factor : 0);
        return *out != 0 || value == 0 ? LAKE_OK : fail_time(values, row, "which is no time in its unit", err);
    }
    *out = time_unit_to_ms(value, from / to);
    if (to == 1 && value % (from / to) != 0)
        return fail_time(values, row, "which is not a whole millisecond", err);
    return LAKE_OK;
}

static lake_status time_of_ns(const struct put_values *values, int64_t row, int64_t ns, int64_t *out,
                              struct lake_error *err)
{
    int64_t per_ms = time_unit_per_ms(values->to->type);
    *out = time_unit_to_ms(ns, NS_PER_TARGET(per_ms));
    if (per_ms == 1 && ns % NS_PER_MS != 0)
        return lake_fail(err, LAKE_INVALID_DATA, "row %" PRId64 ": %s is not a whole millisecond",
                         values->first_row + row, values->from->name);
    return LAKE_OK;
}

static lake_status time_of_number(const struct put_values *values, int64_t row, int64_t *out, struct lake_error *err)
{
    static const int64_t units_ns[] = {NS_PER_SECOND, NS_PER_MS, NS_PER_US, 1};
    int64_t value = integer_at(values, row);
    for (size_t i = 0; i < sizeof units_ns / sizeof *units_ns; i++) {
        int64_t per_second = NS_PER_SECOND / units_ns[i];
        if (value >= CSV_TIME_FIRST_S * per_second && value < CSV_TIME_END_S * per_second)
            return time_of_ns(values, row, value * units_ns[i], out, err);
    }
    return fail_time(values, row, "not a time between 1990 and 2100 in s, ms, us or ns", err);
}

/* Years first: what vendors write otherwise is not guessed here. */
static bool is_iso(struct csv_span text)
{
    if (text.length < sizeof "2024-01-01" - 1 || text.data[4] != '-')
        return false;
    for (size_t i = 0; i < 4; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return true;
}

static lake_status time_of_text(const struct put_values *values, int64_t row, int64_t *out, struct lake_error *err)
{
    static const struct csv_time_rules iso = {.order = CSV_ORDER_YMD};
    const int32_t *offsets = values->column->offsets;
    struct csv_span text = {(const char *)values->column->values + offsets[row],
                            (size_t)(offsets[row + 1] - offsets[row])};
    struct csv_time time;
    if (text.length > 0 && is_iso(text) && csv_time_parse(text, &iso, &time) == CSV_TIME_OK)
        return time_of_ns(values, row, time.ns, out, err);
    return lake_fail(err, LAKE_INVALID_DATA, "row %" PRId64 ": %s is '%.*s', not a time in ISO 8601",
                     values->first_row + row, values->from->name,
                     (int)(text.length < SHOWN_BYTES ? text.length : SHOWN_BYTES), text.data);
}

static lake_status put_times(const struct put_values *values, int64_t *to, struct lake_error *err)
{
    lake_status (*put)(const struct put_values *, int64_t, int64_t *, struct lake_error *) = time_of_text;
    if (is_time(values->from->type))
        put = convert_time;
    else if (is_integer(values->from->type))
        put = time_of_number;
    for (int64_t row = 0; row < values->n_rows; row++)
        if (column_is_valid(values->column, row))
            TRY(put(values, row, &to[row], err));
    return LAKE_OK;
}

/* ---- columns ---- */

static lake_status put_texts(const struct put_values *values, struct column *out, struct lake_error *err)
{
    char *bytes = NULL;
    TRY(arena_new(values->arena, (size_t)values->n_rows + 1, sizeof *out->offsets, &out->offsets, err));
    TRY(arena_new(values->arena, (size_t)values->n_rows * INTEGER_TEXT_BYTES, 1, &bytes, err));
    for (int64_t row = 0; row < values->n_rows; row++) {
        char text[NUMBER_TEXT_BYTES];
        size_t length = column_is_valid(values->column, row) ? number_format_int64(integer_at(values, row), text) : 0;
        memcpy(bytes + out->offsets[row], text, length);
        out->offsets[row + 1] = out->offsets[row] + (int32_t)length;
    }
    out->values = bytes;
    return LAKE_OK;
}

static bool is_nan_at(const struct put_values *values, int64_t row)
{
    double value = number_at(values, row);
    return value != value;
}

static bool has_nan(const struct put_values *values)
{
    int found = 0;
    for (int64_t row = 0; row < values->n_rows; row++)
        found |= is_nan_at(values, row);
    return found != 0;
}

/* Rows without a number become rows without a value; the column is laid out anew, for what came is not ours to change. */
static lake_status drop_nans(const struct put_values *values, struct column *out, struct lake_error *err)
{
    size_t width = column_type_width(values->from);
    uint8_t *to = NULL, *validity = NULL;
    TRY(arena_new(values->arena, (size_t)values->n_rows, width, &to, err));
    TRY(arena_new(values->arena, (size_t)values->n_rows / 8 + 1, 1, &validity, err));
    memcpy(to, values->column->values, (size_t)values->n_rows * width);
    *out = (struct column){.values = to, .validity = validity};
    for (int64_t row = 0; row < values->n_rows; row++) {
        bool is_there = column_is_valid(values->column, row) && !is_nan_at(values, row);
        bit_set(validity, row, is_there);
        if (!is_there)
            memset(to + (size_t)row * width, 0, width);
        out->null_count += !is_there;
    }
    return LAKE_OK;
}

static bool is_ascii(const char *text)
{
    uint64_t bytes;
    memcpy(&bytes, text, sizeof bytes);
    return (bytes & UINT64_C(0x8080808080808080)) == 0;
}

static bool is_utf8(const char *text, const char *end)
{
    while (text < end) {
        size_t n = end - text >= 8 && is_ascii(text) ? 8 : utf8_length(text, end);
        if (n == 0)
            return false;
        text += n;
    }
    return true;
}

/* Whoever reads text of Arrow or Parquet trusts that it is UTF-8. */
static lake_status check_texts(const struct put_values *values, struct lake_error *err)
{
    const int32_t *offsets = values->column->offsets;
    const char *bytes = values->column->values;
    for (int64_t row = 0; row < values->n_rows; row++)
        if (column_is_valid(values->column, row) && offsets[row + 1] > offsets[row] &&
            !is_utf8(bytes + offsets[row], bytes + offsets[row + 1]))
            return lake_fail(err, LAKE_INVALID_DATA, "row %" PRId64 ": %s is not UTF-8 text", values->first_row + row,
                             values->from->name);
    return LAKE_OK;
}

static lake_status convert(const struct put_values *values, struct column *out, struct lake_error *err)
{
    *out = *values->column;
    if (is_same(values->from, values->to))
        return values->to->type == COLUMN_UTF8 ? check_texts(values, err) : LAKE_OK;
    out->offsets = NULL;
    if (values->to->type == COLUMN_UTF8)
        return put_texts(values, out, err);
    TRY(arena_new(values->arena, (size_t)values->n_rows, column_type_width(values->to), &out->values, err));
    return is_time(values->to->type) ? put_times(values, out->values, err) : put_numbers(values, out->values, err);
}

lake_status put_values(const struct put_values *values, struct column *out, struct lake_error *err)
{
    bool is_floating = values->from->type == COLUMN_FLOAT || values->from->type == COLUMN_DOUBLE;
    if (!values->is_nan_null || !is_floating || !has_nan(values))
        return convert(values, out, err);
    struct column dropped;
    struct put_values without = *values;
    without.column = &dropped;
    TRY(drop_nans(values, &dropped, err));
    return convert(&without, out, err);
}

lake_status put_values_null(const struct put_values *values, struct column *out, struct lake_error *err)
{
    size_t n = (size_t)values->n_rows, width = column_type_width(values->to);
    *out = (struct column){.null_count = values->n_rows};
    if (values->n_rows == 0)
        out->null_count = 0;
    else
        TRY(arena_new(values->arena, n / 8 + 1, 1, &out->validity, err));
    if (column_type_has_offsets(values->to->type))
        TRY(arena_new(values->arena, n + 1, sizeof *out->offsets, &out->offsets, err));
    return arena_new(values->arena, n, width > 0 ? width : 1, &out->values, err);
}
