#include "ops/aggregate_gather.h"

#include <math.h>
#include <string.h>

/* Whole buckets are gathered so many at a time: each adds its rows in their order, and the processor, which waits four cycles for
 * an addition, has others to do meanwhile. */
enum { LANES = 8 };

/* ---- first, last, count ---- */

static const void *value_at(const void *values, int64_t row)
{
    return (const uint8_t *)values + row * 8;
}

static bool run_first(const struct gather_rows *rows, int64_t n_rows, const struct gather_cells *cells)
{
    for (int64_t i = 0; i < n_rows && !cells->has[0]; i++)
        if (rows->present == NULL || rows->present[i]) {
            memcpy(cells->values, value_at(rows->values, i), 8);
            cells->has[0] = 1;
        }
    return true;
}

static bool run_last(const struct gather_rows *rows, int64_t n_rows, const struct gather_cells *cells)
{
    for (int64_t i = n_rows - 1; i >= 0; i--)
        if (rows->present == NULL || rows->present[i]) {
            memcpy(cells->values, value_at(rows->values, i), 8);
            cells->has[0] = 1;
            break;
        }
    return true;
}

static bool run_count(const struct gather_rows *rows, int64_t n_rows, const struct gather_cells *cells)
{
    int64_t n = rows->present == NULL ? n_rows : 0;
    for (int64_t i = 0; i < n_rows && rows->present != NULL; i++)
        n += rows->present[i];
    *(int64_t *)cells->values += n;
    return true;
}

static bool whole_first(const struct gather_rows *rows, int64_t n_rows, int64_t n_cells, void *out)
{
    for (int64_t i = 0; i < n_cells; i++)
        memcpy((uint8_t *)out + i * 8, value_at(rows->values, i * n_rows), 8);
    return true;
}

static bool whole_last(const struct gather_rows *rows, int64_t n_rows, int64_t n_cells, void *out)
{
    for (int64_t i = 0; i < n_cells; i++)
        memcpy((uint8_t *)out + i * 8, value_at(rows->values, (i + 1) * n_rows - 1), 8);
    return true;
}

static bool whole_count(const struct gather_rows *rows, int64_t n_rows, int64_t n_cells, void *out)
{
    int64_t *counts = out;
    (void)rows;
    for (int64_t i = 0; i < n_cells; i++)
        counts[i] = n_rows;
    return true;
}

/* ---- doubles, row by row ---- */

static double lesser(double a, double b)
{
    return b < a || isnan(a) ? b : a;
}

static double greater(double a, double b)
{
    return b > a || isnan(a) ? b : a;
}

static double sum_of(double a, double b)
{
    return a + b;
}

static inline bool run_doubles(const struct gather_rows *rows, int64_t n_rows, const struct gather_cells *cells,
                               double (*join)(double, double))
{
    const double *values = rows->values;
    double gathered = *(const double *)cells->values;
    uint8_t has = cells->has[0];
    for (int64_t i = 0; i < n_rows; i++) {
        if (rows->present != NULL && !rows->present[i])
            continue;
        gathered = has ? join(gathered, values[i]) : values[i];
        has = 1;
    }
    *(double *)cells->values = gathered;
    cells->has[0] = has;
    return true;
}

static bool run_sum(const struct gather_rows *rows, int64_t n_rows, const struct gather_cells *cells)
{
    return run_doubles(rows, n_rows, cells, sum_of);
}

/* ---- doubles of whole buckets ---- */

/* Each begins with -0.0, which changes no value that is added to it, and is what no other number is: the sum of no value. */
static bool whole_sum(const struct gather_rows *rows, int64_t n_rows, int64_t n_cells, void *out)
{
    const double *values = rows->values;
    double *sums = out;
    int64_t cell = 0;
    for (; cell + LANES <= n_cells; cell += LANES, values += LANES * n_rows) {
        double lane[LANES];
        for (int k = 0; k < LANES; k++)
            lane[k] = -0.0;
        for (int64_t i = 0; i < n_rows; i++)
            for (int k = 0; k < LANES; k++)
                lane[k] += values[k * n_rows + i];
        memcpy(sums + cell, lane, sizeof lane);
    }
    for (; cell < n_cells; cell++, values += n_rows) {
        sums[cell] = -0.0;
        for (int64_t i = 0; i < n_rows; i++)
            sums[cell] += values[i];
    }
    return true;
}

/* ---- the least and the greatest ---- */

/* These do not depend on an order, but for two rules: NaN is taken only where there is nothing else, and of 0.0 and -0.0 the first
 * counts. No comparison with NaN holds, so that the quick loops pass it over; where they end with what they began with, or with a zero, the
 * rows are looked at one by one. */
static bool is_in_doubt(double found)
{
    return isinf(found) || found == 0;
}

static double min_of(const double *values, int64_t n)
{
    double lane[LANES], least = INFINITY;
    int64_t i = 0;
    for (int k = 0; k < LANES; k++)
        lane[k] = INFINITY;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++)
            lane[k] = values[i + k] < lane[k] ? values[i + k] : lane[k];
    for (int k = 0; k < LANES; k++)
        least = lane[k] < least ? lane[k] : least;
    for (; i < n; i++)
        least = values[i] < least ? values[i] : least;
    if (!is_in_doubt(least))
        return least;
    least = values[0];
    for (i = 1; i < n; i++)
        least = lesser(least, values[i]);
    return least;
}

static double max_of(const double *values, int64_t n)
{
    double lane[LANES], greatest = -INFINITY;
    int64_t i = 0;
    for (int k = 0; k < LANES; k++)
        lane[k] = -INFINITY;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++)
            lane[k] = values[i + k] > lane[k] ? values[i + k] : lane[k];
    for (int k = 0; k < LANES; k++)
        greatest = lane[k] > greatest ? lane[k] : greatest;
    for (; i < n; i++)
        greatest = values[i] > greatest ? values[i] : greatest;
    if (!is_in_doubt(greatest))
        return greatest;
    greatest = values[0];
    for (i = 1; i < n; i++)
        greatest = greater(greatest, values[i]);
    return greatest;
}

static bool run_min(const struct gather_rows *rows, int64_t n_rows, const struct gather_cells *cells)
{
    double *least = cells->values;
    if (rows->present != NULL)
        return run_doubles(rows, n_rows, cells, lesser);
    double found = min_of(rows->values, n_rows);
    *least = cells->has[0] ? lesser(*least, found) : found;
    cells->has[0] = 1;
    return true;
}

static bool run_max(const struct gather_rows *rows, int64_t n_rows, const struct gather_cells *cells)
{
    double *greatest = cells->values;
    if (rows->present != NULL)
        return run_doubles(rows, n_rows, cells, greater);
    double found = max_of(rows->values, n_rows);
    *greatest = cells->has[0] ? greater(*greatest, found) : found;
    cells->has[0] = 1;
    return true;
}

static bool whole_min(const struct gather_rows *rows, int64_t n_rows, int64_t n_cells, void *out)
{
    const double *values = rows->values;
    double *least = out;
    int64_t cell = 0;
    for (; cell + LANES <= n_cells; cell += LANES, values += LANES * n_rows) {
        double lane[LANES];
        for (int k = 0; k < LANES; k++)
            lane[k] = INFINITY;
        for (int64_t i = 0; i < n_rows; i++)
            for (int k = 0; k < LANES; k++)
                lane[k] = values[k * n_rows + i] < lane[k] ? values[k * n_rows + i] : lane[k];
        for (int k = 0; k < LANES; k++)
            least[cell + k] = isinf(lane[k]) ? min_of(values + k * n_rows, n_rows) : lane[k];
    }
    for (; cell < n_cells; cell++, values += n_rows)
        least[cell] = min_of(values, n_rows);
    return true;
}

static bool whole_max(const struct gather_rows *rows, int64_t n_rows, int64_t n_cells, void *out)
{
    const double *values = rows->values;
    double *greatest = out;
    int64_t cell = 0;
    for (; cell + LANES <= n_cells; cell += LANES, values += LANES * n_rows) {
        double lane[LANES];
        for (int k = 0; k < LANES; k++)
            lane[k] = -INFINITY;
        for (int64_t i = 0; i < n_rows; i++)
            for (int k = 0; k < LANES; k++)
                lane[k] = values[k * n_rows + i] > lane[k] ? values[k * n_rows + i] : lane[k];
        for (int k = 0; k < LANES; k++)
            greatest[cell + k] = isinf(lane[k]) ? max_of(values + k * n_rows, n_rows) : lane[k];
    }
    for (; cell < n_cells; cell++, values += n_rows)
        greatest[cell] = max_of(values, n_rows);
    return true;
}

/* ---- integers ---- */

static bool run_int_min(const struct gather_rows *rows, int64_t n_rows, const struct gather_cells *cells)
{
    const int64_t *values = rows->values;
    int64_t *least = cells->values;
    for (int64_t i = 0; i < n_rows; i++)
        if ((rows->present == NULL || rows->present[i]) && (!cells->has[0] || values[i] < *least)) {
            *least = values[i];
            cells->has[0] = 1;
        }
    return true;
}

static bool run_int_max(const struct gather_rows *rows, int64_t n_rows, const struct gather_cells *cells)
{
    const int64_t *values = rows->values;
    int64_t *greatest = cells->values;
    for (int64_t i = 0; i < n_rows; i++)
        if ((rows->present == NULL || rows->present[i]) && (!cells->has[0] || values[i] > *greatest)) {
            *greatest = values[i];
            cells->has[0] = 1;
        }
    return true;
}

/* False where it does not fit. */
static bool add_int(int64_t *sum, int64_t value)
{
    if (value > 0 ? *sum > INT64_MAX - value : *sum < INT64_MIN - value)
        return false;
    *sum += value;
    return true;
}

static bool run_int_sum(const struct gather_rows *rows, int64_t n_rows, const struct gather_cells *cells)
{
    const int64_t *values = rows->values;
    for (int64_t i = 0; i < n_rows; i++) {
        if (rows->present != NULL && !rows->present[i])
            continue;
        if (!add_int(cells->values, values[i]))
            return false;
        cells->has[0] = 1;
    }
    return true;
}

/* Counts are small and not negative: where no value of the bucket reaches 2^40, less than 2^23 of them cannot leave the range, and
 * are added without looking. */
static bool whole_int_sum(const struct gather_rows *rows, int64_t n_rows, int64_t n_cells, void *out)
{
    enum { SMALL_BITS = 40, FEW_BITS = 23 };
    const int64_t *values = rows->values;
    int64_t *sums = out;
    bool fits = true;
    for (int64_t cell = 0; cell < n_cells; cell++, values += n_rows) {
        uint64_t sum = 0, bits = 0;
        for (int64_t i = 0; i < n_rows; i++) {
            sum += (uint64_t)values[i];
            bits |= (uint64_t)values[i];
        }
        sums[cell] = 0;
        if (bits >> SMALL_BITS == 0 && n_rows >> FEW_BITS == 0)
            sums[cell] = (int64_t)sum;
        else
            for (int64_t i = 0; i < n_rows && fits; i++)
                fits = add_int(&sums[cell], values[i]);
    }
    return fits;
}

/* ---- the table ---- */

/* Without `whole`, whole buckets are gathered like others. */
struct gatherer {
    bool (*run)(const struct gather_rows *, int64_t n_rows, const struct gather_cells *);
    bool (*whole)(const struct gather_rows *, int64_t n_rows, int64_t n_cells, void *out);
};

static const struct gatherer gatherers[][2] = {
    [GATHER_FIRST] = {{run_first, whole_first}, {run_first, whole_first}},
    [GATHER_LAST] = {{run_last, whole_last}, {run_last, whole_last}},
    [GATHER_MIN] = {{run_int_min, NULL}, {run_min, whole_min}},
    [GATHER_MAX] = {{run_int_max, NULL}, {run_max, whole_max}},
    [GATHER_SUM] = {{run_int_sum, whole_int_sum}, {run_sum, whole_sum}},
    [GATHER_COUNT] = {{run_count, whole_count}, {run_count, whole_count}},
};

void gather_begin(enum gathering gathering, const struct gather_cells *cells, int64_t n_cells)
{
    memset(cells->values, 0, (size_t)n_cells * 8);
    memset(cells->has, gathering == GATHER_COUNT, (size_t)n_cells);
}

bool gather_run(enum gathering gathering, const struct gather_rows *rows, int64_t n_rows,
                const struct gather_cells *cells)
{
    return gatherers[gathering][rows->is_double].run(rows, n_rows, cells);
}

static bool gather_each(enum gathering gathering, const struct gather_rows *rows, int64_t n_rows, int64_t n_cells,
                        const struct gather_cells *cells)
{
    bool fits = true;
    for (int64_t i = 0; i < n_cells && fits; i++) {
        const struct gather_rows of_cell = {value_at(rows->values, i * n_rows), NULL, rows->is_double};
        const struct gather_cells cell = {(uint8_t *)cells->values + i * 8, cells->has + i};
        fits = gather_run(gathering, &of_cell, n_rows, &cell);
    }
    return fits;
}

bool gather_whole(enum gathering gathering, const struct gather_rows *rows, int64_t n_rows, int64_t n_cells,
                  const struct gather_cells *cells)
{
    const struct gatherer *gatherer = &gatherers[gathering][rows->is_double];
    if (gatherer->whole == NULL)
        return gather_each(gathering, rows, n_rows, n_cells, cells);
    memset(cells->has, 1, (size_t)n_cells);
    return gatherer->whole(rows, n_rows, n_cells, cells->values);
}
