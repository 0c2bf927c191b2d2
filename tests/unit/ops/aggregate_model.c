#include "unit/ops/aggregate_model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "column/time_unit.h"
#include "ops/aggregate_column.h"

struct value {
    bool has, is_double;
    double number;
    int64_t integer;
};

static const struct value none = {.has = false};

/* ---- buckets ---- */

static int64_t ms_of(const struct batch *rows, int64_t row)
{
    int64_t per_ms = time_unit_per_ms(rows->schema->fields[0].type);
    return time_unit_to_ms(((const int64_t *)batch_values(rows, 0))[row], per_ms);
}

/* Midnight of the 1st, by years and months. */
static int64_t month_ms(int32_t year, int32_t month)
{
    const struct calendar_date date = {year + (month - 1) / 12, (month - 1) % 12 + 1, 1};
    return calendar_day_from_date(date) * MS_PER_DAY;
}

struct model_bucket model_bucket_of(const struct aggregate_recipe *recipe, const struct batch *rows, int64_t first)
{
    int64_t offset = recipe->grid.offset_ms, ms = ms_of(rows, first), length = recipe->grid.period->length_ms;
    struct model_bucket bucket = {.first = first, .end = first};
    if (length == 0) {
        struct calendar_date date = calendar_date_from_day(calendar_day_of_ms(ms - offset));
        bucket.start_ms = month_ms(date.year, date.month) + offset;
        bucket.end_ms = month_ms(date.year, date.month + 1) + offset;
    } else {
        /* 1969-12-29 was a Monday, and a multiple of three days lies between it and 1970 for no other period to notice. */
        int64_t origin = strcmp(recipe->grid.period->name, "1w") == 0 ? -3 * MS_PER_DAY : 0;
        int64_t index = (int64_t)floor((double)(ms - origin - offset) / (double)length);
        bucket.start_ms = origin + offset + index * length;
        bucket.end_ms = bucket.start_ms + length;
    }
    assert_true(bucket.start_ms <= ms && ms < bucket.end_ms);
    while (bucket.end < rows->n_rows && ms_of(rows, bucket.end) < bucket.end_ms)
        bucket.end++;
    return bucket;
}

/* ---- values of rows ---- */

static struct value value_of(const struct batch *rows, const char *name, int64_t row)
{
    int column = schema_find(rows->schema, name);
    struct value value = {.has = true};
    assert_true(column >= 0);
    if (!column_is_valid(&rows->columns[column], row))
        return none;
    const void *values = batch_values(rows, (size_t)column);
    switch (rows->schema->fields[column].type) {
    case COLUMN_DOUBLE:
        value.is_double = true;
        value.number = ((const double *)values)[row];
        break;
    case COLUMN_FLOAT:
        value.is_double = true;
        value.number = (double)((const float *)values)[row];
        break;
    case COLUMN_INT32: value.integer = ((const int32_t *)values)[row]; break;
    case COLUMN_UTF8: break;
    default: value.integer = ((const int64_t *)values)[row]; break;
    }
    return value;
}

static double number_of(struct value value)
{
    return value.is_double ? value.number : (double)value.integer;
}

static struct value number(double x)
{
    return (struct value){.has = true, .is_double = true, .number = x};
}

static struct value integer(int64_t x)
{
    return (struct value){.has = true, .integer = x};
}

static bool is_less(struct value a, struct value b)
{
    return a.is_double ? a.number < b.number : a.integer < b.integer;
}

/* ---- functions ---- */

struct rows_of {
    const struct batch *rows;
    const struct model_bucket *bucket;
    const char *const *arguments;
};

static struct value joined(const char *function, struct value so_far, struct value next)
{
    if (strcmp(function, "first") == 0)
        return so_far;
    if (strcmp(function, "last") == 0)
        return next;
    if (strcmp(function, "sum") == 0)
        return next.is_double ? number(so_far.number + next.number) : integer(so_far.integer + next.integer);
    bool is_min = strcmp(function, "min") == 0;
    assert_true(is_min || strcmp(function, "max") == 0);
    if (so_far.is_double && isnan(so_far.number))
        return next;
    return (is_min ? is_less(next, so_far) : is_less(so_far, next)) ? next : so_far;
}

static struct value simple(const char *function, const struct rows_of *of)
{
    struct value so_far = none;
    for (int64_t row = of->bucket->first; row < of->bucket->end; row++) {
        struct value next = value_of(of->rows, of->arguments[0], row);
        if (next.has)
            so_far = so_far.has ? joined(function, so_far, next) : next;
    }
    return so_far;
}

static struct value count(const struct rows_of *of)
{
    int64_t n = 0;
    for (int64_t row = of->bucket->first; row < of->bucket->end; row++)
        n += of->arguments[0] == NULL || value_of(of->rows, of->arguments[0], row).has;
    return integer(n);
}

static struct value mean(const struct rows_of *of)
{
    int64_t n = 0;
    double sum = 0;
    for (int64_t row = of->bucket->first; row < of->bucket->end; row++) {
        struct value next = value_of(of->rows, of->arguments[0], row);
        if (next.has)
            sum = n++ == 0 ? number_of(next) : sum + number_of(next);
    }
    return n > 0 ? number(sum / (double)n) : none;
}

/* Which of two arguments makes the sum above the line. */
enum above { ABOVE_PRODUCT, ABOVE_FIRST };

static struct value quotient(const struct rows_of *of, enum above above, bool is_exact)
{
    bool has_over = false, has_under = false, is_lacking = false;
    double over = 0, under = 0;
    for (int64_t row = of->bucket->first; row < of->bucket->end; row++) {
        struct value a = value_of(of->rows, of->arguments[0], row), b = value_of(of->rows, of->arguments[1], row);
        bool has_both = a.has && b.has;
        is_lacking |= a.has != b.has && number_of(a.has ? a : b) != 0;
        if (above == ABOVE_FIRST ? a.has : has_both) {
            double next = above == ABOVE_FIRST ? number_of(a) : number_of(a) * number_of(b);
            over = has_over ? over + next : next;
            has_over = true;
        }
        if (is_exact ? b.has : has_both) {
            under = has_under ? under + number_of(b) : number_of(b);
            has_under = true;
        }
    }
    bool is_there = has_over && has_under && under != 0 && !(is_exact && is_lacking);
    return is_there ? number(over / under) : none;
}

/* "buy", "sell", or NULL for anything else. */
static const char *side_at(const struct batch *rows, int side, int64_t row)
{
    static const char *const sides[] = {"buy", "sell"};
    const struct column *column = &rows->columns[side];
    size_t n = (size_t)(column->offsets[row + 1] - column->offsets[row]);
    for (int i = 0; i < 2; i++)
        if (n == strlen(sides[i]) && memcmp((const char *)column->values + column->offsets[row], sides[i], n) == 0)
            return sides[i];
    return NULL;
}

/* The sum of a product, or of the first argument, of rows of any side or as bought. */
static struct value sum_traded(const struct rows_of *of, bool of_bought)
{
    int side = schema_find(of->rows->schema, "side");
    struct value sum = none;
    for (int64_t row = of->bucket->first; row < of->bucket->end; row++) {
        struct value a = value_of(of->rows, of->arguments[0], row);
        struct value b = of->arguments[1] != NULL ? value_of(of->rows, of->arguments[1], row) : number(1);
        if (!a.has || !b.has)
            continue;
        double next = number_of(a) * number_of(b);
        if (of_bought && side_at(of->rows, side, row) == NULL)
            continue;
        if (of_bought && strcmp(side_at(of->rows, side, row), "sell") == 0)
            next = 0;
        sum = sum.has ? number(sum.number + next) : number(next);
    }
    return sum;
}

static struct value expected_value(const struct aggregate_column *column, const struct rows_of *of)
{
    const char *name = column->function->name;
    if (strcmp(name, "count") == 0 || strcmp(name, "count of rows") == 0)
        return count(of);
    if (strcmp(name, "mean") == 0)
        return mean(of);
    if (strcmp(name, "weighted") == 0)
        return quotient(of, ABOVE_PRODUCT, false);
    if (strcmp(name, "weighted exactly") == 0)
        return quotient(of, ABOVE_PRODUCT, true);
    if (strcmp(name, "ratio of sums") == 0)
        return quotient(of, ABOVE_FIRST, true);
    if (strcmp(name, "sum of products") == 0)
        return sum_traded(of, false);
    if (strcmp(name, "sum bought") == 0 || strcmp(name, "sum of products bought") == 0)
        return sum_traded(of, true);
    return simple(name, of);
}

/* ---- comparing ---- */

static void check_value(struct value want, const struct batch *bars, const char *name, int64_t bar)
{
    struct value got = value_of(bars, name, bar);
    bool same = got.has == want.has;
    if (same && want.has && got.is_double)
        same = want.is_double &&
               ((isnan(got.number) && isnan(want.number)) || memcmp(&got.number, &want.number, sizeof got.number) == 0);
    else if (same && want.has)
        same = !want.is_double && got.integer == want.integer;
    if (!same)
        fail_msg("'%s' of bar %lld is %d %.17g %lld, not %d %.17g %lld", name, (long long)bar, got.has, got.number,
                 (long long)got.integer, want.has, want.number, (long long)want.integer);
}

static int64_t whole_bars(const struct aggregate_recipe *recipe, const struct rows_of *of)
{
    int64_t n = 0;
    if (strcmp(recipe->source_type->name, "agg") != 0)
        return of->bucket->end - of->bucket->first;
    for (int64_t row = of->bucket->first; row < of->bucket->end; row++) {
        struct value bars = value_of(of->rows, "bars", row), expected = value_of(of->rows, "bars_expected", row);
        n += bars.has && expected.has && bars.integer == expected.integer;
    }
    return n;
}

static bool is_made(const struct aggregate_column *column, const struct batch *rows)
{
    bool needs_side = strstr(column->function->name, "bought") != NULL;
    for (size_t i = 0; i < AGGREGATE_ARGUMENTS; i++)
        if (column->arguments[i] != NULL && schema_find(rows->schema, column->arguments[i]) < 0)
            return false;
    return !needs_side || schema_find(rows->schema, "side") >= 0;
}

void model_check(const struct aggregate_recipe *recipe, const struct batch *rows, const struct model_bucket *bucket,
                 const struct batch *bars, int64_t bar)
{
    const struct aggregate_column *column;
    struct rows_of of = {rows, bucket, NULL};
    int64_t length = recipe->source_period->length_ms;
    size_t n_columns = 3; /* ts, bars, bars_expected */
    check_value(integer(bucket->start_ms), bars, "ts", bar);
    check_value(integer(length > 0 ? (bucket->end_ms - bucket->start_ms) / length : 1), bars, "bars_expected", bar);
    check_value(integer(length > 0 ? whole_bars(recipe, &of) : 1), bars, "bars", bar);
    for (size_t i = 0; (column = aggregate_column_at(recipe->source_type, i)) != NULL; i++) {
        of.arguments = column->arguments;
        if (!is_made(column, rows))
            continue;
        check_value(expected_value(column, &of), bars, column->name, bar);
        n_columns++;
    }
    for (size_t i = 0; i < recipe->n_columns; i++) {
        struct arena arena = ARENA_INIT(1 << 16);
        struct aggregate_column own;
        assert_int_equal(aggregate_column_parse(recipe->columns[i], &arena, &own, NULL), LAKE_OK);
        of.arguments = own.arguments;
        check_value(expected_value(&own, &of), bars, own.name, bar);
        arena_release(&arena);
        n_columns++;
    }
    assert_int_equal(bars->schema->n_fields, n_columns);
}
