#include "parquet/statistics.h"

#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "parquet/text_bound.h"

static struct bound exact_bound(const void *bytes, size_t n)
{
    struct bound bound = {.n = (uint8_t)n, .exact = true, .bytes = {0}};
    memcpy(bound.bytes, bytes, n);
    return bound;
}

/* --- integers --- */

static inline int64_t load_int(const uint8_t *at, size_t width)
{
    int64_t wide = 0;
    int32_t narrow = 0;
    if (width == sizeof wide) {
        memcpy(&wide, at, sizeof wide);
        return wide;
    }
    memcpy(&narrow, at, sizeof narrow);
    return narrow;
}

static void int_range(const uint8_t *at, int64_t n, size_t width, struct statistics *out)
{
    int64_t min = INT64_MAX;
    int64_t max = INT64_MIN;
    for (int64_t i = 0; i < n; i++, at += width) {
        int64_t value = load_int(at, width);
        min = value < min ? value : min;
        max = value > max ? value : max;
    }
    /* The low bytes of a little-endian integer are the narrower integer. */
    out->min = exact_bound(&min, width);
    out->max = exact_bound(&max, width);
    out->range = RANGE_KNOWN;
}

static void bool_range(const uint8_t *at, int64_t n, struct statistics *out)
{
    uint8_t any = 0;
    uint8_t all = 1;
    for (int64_t i = 0; i < n; i++) {
        any |= at[i];
        all &= at[i];
    }
    out->min = exact_bound(&all, 1);
    out->max = exact_bound(&any, 1);
    out->range = RANGE_KNOWN;
}

/* --- floats --- */

/* Every float is a double, and comes back from it unchanged. */
static inline double load_real(const uint8_t *at, size_t width)
{
    double wide = 0;
    float narrow = 0;
    if (width == sizeof wide) {
        memcpy(&wide, at, sizeof wide);
        return wide;
    }
    memcpy(&narrow, at, sizeof narrow);
    return narrow;
}

struct real_range {
    double min;
    double max;
    int64_t nan_count;
};

/* A comparison with NaN is false, so NaN never becomes a bound. */
static inline void real_take(struct real_range *range, double value)
{
    range->min = value < range->min ? value : range->min;
    range->max = value > range->max ? value : range->max;
    range->nan_count += value != value;
}

/* Four chains, because each step of one waits for the step before. */
static inline struct real_range scan_reals(const uint8_t *at, int64_t n, size_t width)
{
    enum { CHAINS = 4 };
    struct real_range chains[CHAINS];
    for (size_t c = 0; c < CHAINS; c++)
        chains[c] = (struct real_range){INFINITY, -INFINITY, 0};
    int64_t i = 0;
    for (; n - i >= CHAINS; i += CHAINS, at += CHAINS * width) {
        for (size_t c = 0; c < CHAINS; c++)
            real_take(&chains[c], load_real(at + c * width, width));
    }
    for (; i < n; i++, at += width)
        real_take(&chains[0], load_real(at, width));
    for (size_t c = 1; c < CHAINS; c++) {
        chains[0].min = chains[c].min < chains[0].min ? chains[c].min : chains[0].min;
        chains[0].max = chains[c].max > chains[0].max ? chains[c].max : chains[0].max;
        chains[0].nan_count += chains[c].nan_count;
    }
    return chains[0];
}

static struct bound real_bound(double value, size_t width)
{
    float narrow = (float)value;
    return width == sizeof value ? exact_bound(&value, sizeof value) : exact_bound(&narrow, sizeof narrow);
}

static void real_range_of(const uint8_t *at, int64_t n, size_t width, struct statistics *out)
{
    struct real_range range = width == 8 ? scan_reals(at, n, 8) : scan_reals(at, n, 4);
    out->nan_count = range.nan_count;
    if (range.nan_count == n)
        return;
    out->min = real_bound(range.min == 0 ? -0.0 : range.min, width);
    out->max = real_bound(range.max == 0 ? 0.0 : range.max, width);
    out->range = RANGE_KNOWN;
}

/* --- bytes --- */

static int compare_bytes(const uint8_t *a, size_t n_a, const uint8_t *b, size_t n_b)
{
    size_t n = n_a < n_b ? n_a : n_b;
    int order = n > 0 ? memcmp(a, b, n) : 0;
    if (order != 0)
        return order;
    return n_a < n_b ? -1 : n_a > n_b;
}

static struct text_view bytes_at(const struct values *values, int64_t i)
{
    if (values->width == 0)
        return values->texts[i];
    return (struct text_view){values_at(values, i), values->width};
}

static void bytes_range(const struct values *values, int64_t first, int64_t n, struct statistics *out)
{
    struct text_view min = bytes_at(values, first);
    struct text_view max = min;
    for (int64_t i = first + 1; i < first + n; i++) {
        struct text_view value = bytes_at(values, i);
        if (compare_bytes(value.bytes, value.n, min.bytes, min.n) < 0)
            min = value;
        if (compare_bytes(value.bytes, value.n, max.bytes, max.n) > 0)
            max = value;
    }
    /* Readers take a bound of FIXED_LEN_BYTE_ARRAY to have the column's width, so it is never cut. */
    bool may_cut = values->physical == PARQUET_BYTE_ARRAY;
    bool is_utf8 = values->type == COLUMN_UTF8;
    bool fits = text_bound_min(min, may_cut, is_utf8, &out->min) && text_bound_max(max, may_cut, is_utf8, &out->max);
    out->range = fits ? RANGE_KNOWN : RANGE_UNKNOWN;
}

/* --- all of them --- */

struct statistics statistics_of(const struct values *values, int64_t first, int64_t n)
{
    struct statistics out = {.physical = values->physical, .range = RANGE_EMPTY, .n_values = n};
    if (n == 0)
        return out;
    switch (values->physical) {
    case PARQUET_BOOLEAN: bool_range(values_at(values, first), n, &out); break;
    case PARQUET_INT32: int_range(values_at(values, first), n, sizeof(int32_t), &out); break;
    case PARQUET_INT64: int_range(values_at(values, first), n, sizeof(int64_t), &out); break;
    case PARQUET_FLOAT:
    case PARQUET_DOUBLE: real_range_of(values_at(values, first), n, values->width, &out); break;
    case PARQUET_BYTE_ARRAY:
    case PARQUET_FIXED_LEN_BYTE_ARRAY: bytes_range(values, first, n, &out); break;
    case PARQUET_INT96: break; /* never written */
    }
    return out;
}

static int compare_ints(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

int bound_compare(enum parquet_physical physical, const struct bound *a, const struct bound *b)
{
    double x = 0;
    double y = 0;
    switch (physical) {
    case PARQUET_INT32: return compare_ints(load_int(a->bytes, 4), load_int(b->bytes, 4));
    case PARQUET_INT64: return compare_ints(load_int(a->bytes, 8), load_int(b->bytes, 8));
    case PARQUET_FLOAT:
    case PARQUET_DOUBLE:
        x = load_real(a->bytes, a->n);
        y = load_real(b->bytes, b->n);
        return x < y ? -1 : x > y;
    default: return compare_bytes(a->bytes, a->n, b->bytes, b->n);
    }
}

/* Of two equal bounds the exact one: a cut bound lies outside of the values, and the exact one is a value. */
static void widen(enum parquet_physical physical, int side, struct bound *into, const struct bound *bound)
{
    int order = bound_compare(physical, bound, into) * side;
    if (order > 0 || (order == 0 && bound->exact))
        *into = *bound;
}

void statistics_add(struct statistics *into, const struct statistics *page)
{
    into->n_values += page->n_values;
    into->null_count += page->null_count;
    into->nan_count += page->nan_count;
    if (page->range == RANGE_EMPTY || into->range == RANGE_UNKNOWN)
        return;
    if (page->range == RANGE_UNKNOWN || into->range == RANGE_EMPTY) {
        into->range = page->range;
        into->min = page->min;
        into->max = page->max;
        return;
    }
    widen(into->physical, -1, &into->min, &page->min);
    widen(into->physical, 1, &into->max, &page->max);
}

bool statistics_has_nan_count(const struct statistics *statistics)
{
    return statistics->physical == PARQUET_FLOAT || statistics->physical == PARQUET_DOUBLE;
}

void statistics_write(const struct statistics *statistics, struct thrift_writer *out, int32_t id)
{
    thrift_open_struct(out, id);
    thrift_write_i64(out, 3, statistics->null_count);
    if (statistics->range == RANGE_KNOWN) {
        thrift_write_binary(out, 5, statistics->max.bytes, statistics->max.n);
        thrift_write_binary(out, 6, statistics->min.bytes, statistics->min.n);
        thrift_write_bool(out, 7, statistics->max.exact);
        thrift_write_bool(out, 8, statistics->min.exact);
    }
    if (statistics_has_nan_count(statistics))
        thrift_write_i64(out, 9, statistics->nan_count);
    thrift_close_struct(out);
}
