#include "column/arrow_adapt_values.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/calendar.h"

/* Of a view: its length, then the text where it is short, else where it lies. */
enum { VIEW_BYTES = 16, SHORT_VIEW_BYTES = 12, VIEW_BUFFER_AT = 8, VIEW_OFFSET_AT = 12 };

static const struct adapted_format formats[] = {
    {"c", "i", 2},         {"C", "i", 2},          {"s", "i", 2},         {"S", "i", 2},   {"I", "l", 2},
    {"L", "l", 2},         {"e", "f", 2},          {"tdD", "tsm:UTC", 2}, {"vu", "u", -1}, {"vz", "z", -1},
    {"tdm", "tsm:UTC", 2}, {"tss:", "tsm:UTC", 2}, {"n", "b", 0},
};

const struct adapted_format *adapted_format_find(const char *format)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        size_t length = strlen(formats[i].prefix);
        bool is_open = formats[i].prefix[length - 1] == ':';
        if (strncmp(format, formats[i].prefix, length) == 0 && (is_open || format[length] == '\0'))
            return &formats[i];
    }
    return NULL;
}

bool adapted_is_index(const char *format)
{
    return *format != '\0' && format[1] == '\0' && strchr("cCsSiIlL", *format) != NULL;
}

/* ---- nulls ---- */

static bool is_valid(const struct adapting *adapting, int64_t row)
{
    const uint8_t *bits = adapting->array->n_buffers > 0 ? adapting->array->buffers[0] : NULL;
    return bits == NULL || bit_get(bits, adapting->first + row);
}

/* All present, to clear bits in; the import takes the bitmap for none where none is cleared. */
static lake_status add_validity(struct adapting *adapting, uint8_t **out, struct lake_error *err)
{
    TRY(arena_new(adapting->arena, (size_t)adapting->n / 8 + 1, 1, out, err));
    for (int64_t row = 0; row < adapting->n; row++)
        bit_set(*out, row, is_valid(adapting, row));
    adapting->buffers[0] = *out;
    return LAKE_OK;
}

/* ---- numbers ---- */

/* Value `at` of the format, whatever the alignment; of "L" by its bits. */
static int64_t integer_at(char letter, const void *values, int64_t at)
{
    const uint8_t *bytes = values;
    union {
        uint8_t u8;
        int8_t i8;
        uint16_t u16;
        int16_t i16;
        uint32_t u32;
        int32_t i32;
        int64_t i64;
    } value = {0};
    switch (letter) {
    case 'C': memcpy(&value.u8, bytes + at, 1); return value.u8;
    case 'c': memcpy(&value.i8, bytes + at, 1); return value.i8;
    case 'S': memcpy(&value.u16, bytes + at * 2, 2); return value.u16;
    case 's': memcpy(&value.i16, bytes + at * 2, 2); return value.i16;
    case 'I': memcpy(&value.u32, bytes + at * 4, 4); return value.u32;
    case 'i': memcpy(&value.i32, bytes + at * 4, 4); return value.i32;
    default: memcpy(&value.i64, bytes + at * 8, 8); return value.i64;
    }
}

static double half_at(const void *values, int64_t at)
{
    enum { MANTISSA_BITS = 10, BIAS = 15, INFINITE = 31 };
    int64_t bits = integer_at('S', values, at);
    int64_t exponent = (bits >> MANTISSA_BITS) & INFINITE;
    double fraction = (double)(bits & ((1 << MANTISSA_BITS) - 1)) / (1 << MANTISSA_BITS);
    double value = 0;
    if (exponent == INFINITE)
        value = fraction == 0 ? INFINITY : NAN;
    else
        value = exponent == 0 ? ldexp(fraction, 1 - BIAS) : ldexp(1 + fraction, (int)exponent - BIAS);
    return bits >> 15 != 0 ? -value : value;
}

static lake_status fill_int32(struct adapting *adapting, struct lake_error *err)
{
    int32_t *to = NULL;
    TRY(arena_new(adapting->arena, (size_t)adapting->n, sizeof *to, &to, err));
    for (int64_t row = 0; row < adapting->n; row++)
        to[row] = (int32_t)integer_at(*adapting->letters, adapting->array->buffers[1], adapting->first + row);
    adapting->buffers[1] = to;
    return LAKE_OK;
}

static lake_status fill_int64(struct adapting *adapting, struct lake_error *err)
{
    int64_t *to = NULL;
    TRY(arena_new(adapting->arena, (size_t)adapting->n, sizeof *to, &to, err));
    for (int64_t row = 0; row < adapting->n; row++) {
        to[row] = integer_at(*adapting->letters, adapting->array->buffers[1], adapting->first + row);
        if (to[row] < 0 && is_valid(adapting, row)) /* of 64 bits without a sign */
            return lake_fail(err, LAKE_INVALID_DATA,
                             "column '%s' holds %" PRIu64 ", more than a signed integer of 64 bits does",
                             adapting->name, (uint64_t)to[row]);
    }
    adapting->buffers[1] = to;
    return LAKE_OK;
}

static lake_status fill_float(struct adapting *adapting, struct lake_error *err)
{
    float *to = NULL;
    TRY(arena_new(adapting->arena, (size_t)adapting->n, sizeof *to, &to, err));
    for (int64_t row = 0; row < adapting->n; row++)
        to[row] = (float)half_at(adapting->array->buffers[1], adapting->first + row);
    adapting->buffers[1] = to;
    return LAKE_OK;
}

/* Of days, milliseconds (dates of 64 bits) or seconds. */
static lake_status fill_times(struct adapting *adapting, struct lake_error *err)
{
    bool is_days = strcmp(adapting->letters, "tdD") == 0, is_ms = strcmp(adapting->letters, "tdm") == 0;
    int64_t *to = NULL, unit_ms = is_days ? MS_PER_DAY : is_ms ? 1 : MS_PER_SECOND;
    TRY(arena_new(adapting->arena, (size_t)adapting->n, sizeof *to, &to, err));
    for (int64_t row = 0; row < adapting->n; row++) {
        int64_t value = integer_at(is_days ? 'i' : 'l', adapting->array->buffers[1], adapting->first + row);
        bool fits = value <= INT64_MAX / unit_ms && value >= INT64_MIN / unit_ms;
        if (!fits && is_valid(adapting, row))
            return lake_fail(err, LAKE_INVALID_DATA, "column '%s' holds %" PRId64 ", which is no time", adapting->name,
                             value);
        to[row] = fits ? value * unit_ms : 0;
    }
    adapting->buffers[1] = to;
    return LAKE_OK;
}

static lake_status fill_null(struct adapting *adapting, struct lake_error *err)
{
    uint8_t *to = NULL;
    TRY(arena_new(adapting->arena, (size_t)adapting->n / 8 + 1, 1, &to, err));
    adapting->buffers[0] = adapting->buffers[1] = to;
    return LAKE_OK;
}

/* ---- texts ---- */

struct text {
    const char *bytes;
    int64_t length;
};

/* Where the texts of a column or a dictionary lie. */
struct texts {
    const char *name;
    const char *format;
    const struct ArrowArray *array;
};

static lake_status bad_text(const struct texts *texts, int64_t at, struct lake_error *err)
{
    return lake_fail(err, LAKE_INVALID_ARGUMENT, "column '%s' has a text (%" PRId64 ") that lies nowhere", texts->name,
                     at);
}

/* The last buffer holds the lengths of those with long texts. */
static lake_status view_at(const struct texts *texts, int64_t at, struct text *out, struct lake_error *err)
{
    const struct ArrowArray *array = texts->array;
    const char *view = (const char *)array->buffers[1] + at * VIEW_BYTES;
    int64_t buffer = 0, offset = 0, n_bytes = 0;
    out->length = integer_at('i', view, 0);
    out->bytes = view + sizeof(int32_t);
    if (out->length >= 0 && out->length <= SHORT_VIEW_BYTES)
        return LAKE_OK;
    buffer = integer_at('i', view + VIEW_BUFFER_AT, 0);
    offset = integer_at('i', view + VIEW_OFFSET_AT, 0);
    if (out->length < 0 || buffer < 0 || buffer >= array->n_buffers - 3 || offset < 0 ||
        array->buffers[array->n_buffers - 1] == NULL || array->buffers[2 + buffer] == NULL)
        return bad_text(texts, at, err);
    n_bytes = integer_at('l', array->buffers[array->n_buffers - 1], buffer);
    if (offset > n_bytes || out->length > n_bytes - offset)
        return bad_text(texts, at, err);
    out->bytes = (const char *)array->buffers[2 + buffer] + offset;
    return LAKE_OK;
}

static lake_status text_at(const struct texts *texts, int64_t at, struct text *out, struct lake_error *err)
{
    char letter = strcmp(texts->format, "U") == 0 ? 'l' : 'i';
    const struct ArrowArray *array = texts->array;
    if (*texts->format == 'v')
        return view_at(texts, at, out, err);
    int64_t from = integer_at(letter, array->buffers[1], at), to = integer_at(letter, array->buffers[1], at + 1);
    if (from < 0 || to < from || (array->buffers[2] == NULL && to > from))
        return bad_text(texts, at, err);
    *out = (struct text){array->buffers[2] == NULL ? "" : (const char *)array->buffers[2] + from, to - from};
    return LAKE_OK;
}

/* Joins the texts, of which `list` has those of the rows; null rows have none. */
static lake_status join_texts(struct adapting *adapting, const struct text *list, struct lake_error *err)
{
    int32_t *offsets = NULL;
    char *bytes = NULL;
    int64_t n_bytes = 0;
    TRY(arena_new(adapting->arena, (size_t)adapting->n + 1, sizeof *offsets, &offsets, err));
    for (int64_t row = 0; row < adapting->n; row++) {
        if (list[row].length > INT32_MAX - n_bytes)
            return lake_fail(err, LAKE_NO_MEMORY, "column '%s' has more than 2 GiB of text in %d rows", adapting->name,
                             (int)adapting->n);
        n_bytes += list[row].length;
        offsets[row + 1] = (int32_t)n_bytes;
    }
    TRY(arena_new(adapting->arena, (size_t)n_bytes, 1, &bytes, err));
    for (int64_t row = 0; row < adapting->n; row++)
        if (list[row].length > 0)
            memcpy(bytes + offsets[row], list[row].bytes, (size_t)list[row].length);
    adapting->buffers[1] = offsets;
    adapting->buffers[2] = bytes;
    adapting->n_buffers = 3;
    return LAKE_OK;
}

static lake_status fill_views(struct adapting *adapting, struct lake_error *err)
{
    const struct texts texts = {adapting->name, adapting->letters, adapting->array};
    struct text *list = NULL;
    TRY(arena_new(adapting->arena, (size_t)adapting->n, sizeof *list, &list, err));
    for (int64_t row = 0; row < adapting->n; row++)
        if (is_valid(adapting, row))
            TRY(view_at(&texts, adapting->first + row, &list[row], err));
    return join_texts(adapting, list, err);
}

/* The text of a dictionary, or none and the row becomes null. */
static lake_status look_up(const struct texts *texts, int64_t index, struct text *out, bool *is_null,
                           struct lake_error *err)
{
    const struct ArrowArray *array = texts->array;
    if (index < 0 || index >= array->length)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "column '%s' names text %" PRId64 " of a dictionary of %" PRId64,
                         texts->name, index, array->length);
    *is_null = array->buffers[0] != NULL && !bit_get(array->buffers[0], array->offset + index);
    return *is_null ? LAKE_OK : text_at(texts, array->offset + index, out, err);
}

lake_status adapted_dictionary(struct adapting *adapting, const char *format, struct lake_error *err)
{
    const struct texts texts = {adapting->name, format, adapting->array->dictionary};
    struct text *list = NULL;
    uint8_t *validity = NULL;
    TRY(add_validity(adapting, &validity, err));
    TRY(arena_new(adapting->arena, (size_t)adapting->n, sizeof *list, &list, err));
    for (int64_t row = 0; row < adapting->n; row++) {
        bool is_null = false;
        if (!is_valid(adapting, row))
            continue;
        int64_t index = integer_at(*adapting->letters, adapting->array->buffers[1], adapting->first + row);
        TRY(look_up(&texts, index, &list[row], &is_null, err));
        if (is_null)
            bit_set(validity, row, false);
    }
    return join_texts(adapting, list, err);
}

lake_status adapted_values(struct adapting *adapting, struct lake_error *err)
{
    uint8_t *validity = NULL;
    adapting->n_buffers = 2;
    if (*adapting->format->as == 'b')
        return fill_null(adapting, err);
    if (adapting->array->n_buffers > 0 && adapting->array->buffers[0] != NULL)
        TRY(add_validity(adapting, &validity, err));
    switch (*adapting->format->as) {
    case 'i': return fill_int32(adapting, err);
    case 'l': return fill_int64(adapting, err);
    case 'f': return fill_float(adapting, err);
    case 't': return fill_times(adapting, err);
    default: return fill_views(adapting, err);
    }
}
