#include "ops/check_window.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "column/time_unit.h"

static const char *const names[N_CHECK_COLUMNS] = {
    [CHECK_OPEN] = "open",
    [CHECK_HIGH] = "high",
    [CHECK_LOW] = "low",
    [CHECK_CLOSE] = "close",
    [CHECK_VOLUME] = "volume",
    [CHECK_QUOTE_VOLUME] = "quote_volume",
    [CHECK_TAKER_VOLUME] = "taker_buy_volume",
    [CHECK_TAKER_QUOTE_VOLUME] = "taker_buy_quote_volume",
    [CHECK_TRADES] = "trades",
    [CHECK_VWAP] = "vwap",
    [CHECK_BARS] = "bars",
    [CHECK_BARS_EXPECTED] = "bars_expected",
};

const char *check_column_name(enum check_column column)
{
    return names[column];
}

/* ---- lifecycle ---- */

static bool is_usable(const struct schema *schema, int field)
{
    return field > 0 && (schema->fields[field].type == COLUMN_DOUBLE || schema->fields[field].type == COLUMN_INT64);
}

static lake_status new_columns(struct check_window *window, const struct schema *schema, struct lake_error *err)
{
    size_t capacity = (size_t)window->most_batch_rows + 3 * CHECK_CONTEXT;
    TRY(memory_new(capacity, sizeof *window->ts, &window->ts, err));
    TRY(memory_new(capacity, 1, &window->has_nan, err));
    for (int i = 0; i < N_CHECK_COLUMNS; i++) {
        window->is_present[i] = is_usable(schema, schema_find(schema, names[i]));
        if (window->is_present[i])
            TRY(memory_new(capacity, sizeof(double), &window->values[i], err));
    }
    return LAKE_OK;
}

lake_status check_window_new(const struct schema *schema, int64_t most_batch_rows, struct check_window **out,
                             struct lake_error *err)
{
    struct check_window *window = NULL;
    *out = NULL;
    if (schema->n_fields == 0 || schema->fields[0].type != COLUMN_TIMESTAMP_MS)
        return lake_fail(err, LAKE_CORRUPT, "the first column of bars is not a time in milliseconds");
    TRY(memory_new(1, sizeof *window, &window, err));
    window->most_batch_rows = most_batch_rows;
    lake_status status = new_columns(window, schema, err);
    if (status != LAKE_OK) {
        check_window_free(window);
        return status;
    }
    *out = window;
    return LAKE_OK;
}

void check_window_free(struct check_window *window)
{
    if (window == NULL)
        return;
    memory_free(window->ts);
    memory_free(window->has_nan);
    for (int i = 0; i < N_CHECK_COLUMNS; i++)
        memory_free(window->values[i]);
    memory_free(window);
}

/* ---- rows ---- */

/* Lets go of the rows that nothing looks at any more: what was judged, but for the context before the next row. */
static void drop_rows(struct check_window *window)
{
    int64_t n_dropped = window->last > CHECK_CONTEXT ? window->last - CHECK_CONTEXT : 0;
    size_t n_kept = (size_t)(window->n_rows - n_dropped);
    memmove(window->ts, window->ts + n_dropped, n_kept * sizeof *window->ts);
    memmove(window->has_nan, window->has_nan + n_dropped, n_kept);
    for (int i = 0; i < N_CHECK_COLUMNS; i++)
        if (window->is_present[i])
            memmove(window->values[i], window->values[i] + n_dropped, n_kept * sizeof(double));
    window->base += n_dropped;
    window->n_rows -= n_dropped;
    window->last -= n_dropped;
    window->first = window->last;
    window->has_any_nan = memchr(window->has_nan, 1, n_kept) != NULL;
}

static void mark_nans(struct check_window *window, const struct column *column, const double *values, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (isnan(values[i]) && column_is_valid(column, i)) {
            window->has_nan[window->n_rows + i] = 1;
            window->has_any_nan = true;
        }
}

static bool is_any_nan(const double *values, int64_t n)
{
    int nan = 0;
    for (int64_t i = 0; i < n; i++)
        nan |= values[i] != values[i];
    return nan != 0;
}

static void add_column(struct check_window *window, enum check_column which, const struct column *column,
                       enum column_type type, int64_t n)
{
    double *to = window->values[which] + window->n_rows;
    if (type == COLUMN_INT64) {
        const int64_t *from = column->values;
        for (int64_t i = 0; i < n; i++)
            to[i] = (double)from[i];
    } else {
        memcpy(to, column->values, (size_t)n * sizeof *to);
        if (is_any_nan(to, n))
            mark_nans(window, column, to, n);
    }
    if (column->null_count == 0)
        return;
    for (int64_t i = 0; i < n; i++)
        if (!column_is_valid(column, i))
            to[i] = NAN;
}

void check_window_add(struct check_window *window, const struct batch *batch)
{
    int64_t n = batch->n_rows;
    drop_rows(window);
    if (n == 0)
        return;
    memcpy(window->ts + window->n_rows, batch_values(batch, 0), (size_t)n * sizeof *window->ts);
    memset(window->has_nan + window->n_rows, 0, (size_t)n);
    for (int i = 0; i < N_CHECK_COLUMNS; i++) {
        int field = window->is_present[i] ? schema_find(batch->schema, names[i]) : -1;
        if (field >= 0)
            add_column(window, (enum check_column)i, &batch->columns[field], batch->schema->fields[field].type, n);
    }
    window->n_rows += n;
    if (window->n_rows - CHECK_CONTEXT > window->last)
        window->last = window->n_rows - CHECK_CONTEXT;
}

void check_window_end(struct check_window *window)
{
    drop_rows(window);
    window->last = window->n_rows;
}

void check_window_row(const struct check_window *window, int64_t row, double out[N_CHECK_COLUMNS])
{
    for (int i = 0; i < N_CHECK_COLUMNS; i++)
        out[i] = window->is_present[i] ? window->values[i][row] : NAN;
}
