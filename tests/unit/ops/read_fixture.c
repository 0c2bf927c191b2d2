#include "read_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASSERT_OK(call)                                                                                                \
    do {                                                                                                               \
        struct lake_error failure_ = {LAKE_OK, ""};                                                                    \
        struct lake_error *err = &failure_;                                                                            \
        if ((call) != LAKE_OK)                                                                                         \
            fail_msg("%s: %s", #call, failure_.message);                                                               \
    } while (0)

struct lake_scan_options ask(const char *type, const char *period)
{
    return (struct lake_scan_options){.dataset = {"test", NULL, "BTCUSDT", type, period}};
}

lake_status try_give(struct lake *lake, struct lake_scan_options options, struct lake_error *err)
{
    struct lake_scan *scan = NULL;
    options.size = sizeof options;
    lake_status status = lake_scan_open(lake, &options, &scan, err);
    lake_scan_close(scan);
    return status;
}

static const struct ArrowArray *child_of(const struct ArrowSchema *schema, const struct ArrowArray *array,
                                         const char *name)
{
    for (int64_t i = 0; i < schema->n_children; i++)
        if (strcmp(schema->children[i]->name, name) == 0)
            return array->children[i];
    return NULL;
}

static bool is_null(const struct ArrowArray *column, int64_t row)
{
    return column == NULL || (column->buffers[0] != NULL && !bit_get(column->buffers[0], row));
}

static double number_of(const struct ArrowArray *column, int64_t row)
{
    return is_null(column, row) ? (double)NAN : ((const double *)column->buffers[1])[row];
}

static int64_t count_of(const struct ArrowArray *column, int64_t row)
{
    return is_null(column, row) ? -1 : ((const int64_t *)column->buffers[1])[row];
}

static void add_rows(struct given *given, const struct ArrowSchema *schema, const struct ArrowArray *array)
{
    const struct ArrowArray *close = child_of(schema, array, "close"), *volume = child_of(schema, array, "volume");
    const struct ArrowArray *bars = child_of(schema, array, "bars");
    const struct ArrowArray *expected = child_of(schema, array, "bars_expected");
    assert_string_equal(schema->children[0]->name, "ts");
    given->rows = realloc(given->rows, (given->n + (size_t)array->length) * sizeof *given->rows);
    assert_non_null(given->rows);
    for (int64_t row = 0; row < array->length; row++)
        given->rows[given->n++] =
            (struct given_row){count_of(array->children[0], row), number_of(close, row), number_of(volume, row),
                               count_of(bars, row), count_of(expected, row)};
}

static bool has_column(const struct ArrowSchema *schema, const char *name)
{
    for (int64_t i = 0; i < schema->n_children; i++)
        if (strcmp(schema->children[i]->name, name) == 0)
            return true;
    return false;
}

static void describe(struct given *given, const struct lake_scan *scan, const struct ArrowSchema *schema)
{
    const struct lake_selection dataset = lake_scan_dataset(scan, NULL);
    given->n_told = lake_scan_rows(scan);
    snprintf(given->note, sizeof given->note, "%s", lake_scan_note(scan));
    snprintf(given->type, sizeof given->type, "%s", dataset.type);
    snprintf(given->period, sizeof given->period, "%s", dataset.period);
    given->n_columns = (size_t)schema->n_children;
    given->has_close = has_column(schema, "close");
    given->has_volume = has_column(schema, "volume");
    given->has_bars = has_column(schema, "bars") && has_column(schema, "bars_expected");
}

struct given give(struct lake *lake, struct lake_scan_options options)
{
    struct given given = {.rows = NULL};
    struct lake_scan *scan = NULL;
    struct ArrowSchema schema;
    struct ArrowArray array;
    options.size = sizeof options;
    ASSERT_OK(lake_scan_open(lake, &options, &scan, err));
    ASSERT_OK(lake_scan_schema(scan, &schema, err));
    describe(&given, scan, &schema);
    ASSERT_OK(lake_scan_next(scan, &array, err));
    while (array.release != NULL) {
        assert_true(array.length > 0 && (options.batch_rows == 0 || array.length <= options.batch_rows));
        assert_int_equal(array.n_children, schema.n_children);
        add_rows(&given, &schema, &array);
        array.release(&array);
        ASSERT_OK(lake_scan_next(scan, &array, err));
    }
    given.n_incomplete = lake_scan_incomplete(scan, &given.n_bars);
    schema.release(&schema);
    lake_scan_close(scan);
    return given;
}

static void assert_same_number(double a, double b, int64_t ts)
{
    if (isnan(a) != isnan(b) || (!isnan(a) && fabs(a - b) > 0))
        fail_msg("at %lld: %.17g is not %.17g", (long long)ts, a, b);
}

void assert_given(const struct given *given, const struct given_row *wanted, size_t n)
{
    for (size_t i = 0; i < n && i < given->n; i++) {
        const struct given_row *row = &given->rows[i];
        assert_int_equal(row->ts, wanted[i].ts);
        if (given->has_close)
            assert_same_number(row->close, wanted[i].close, row->ts);
        if (given->has_volume)
            assert_same_number(row->volume, wanted[i].volume, row->ts);
        if (!given->has_bars)
            continue;
        assert_int_equal(row->bars, wanted[i].bars);
        assert_int_equal(row->bars_expected, wanted[i].bars_expected);
    }
    assert_int_equal(given->n, n);
}
