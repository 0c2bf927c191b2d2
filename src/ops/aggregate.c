#include "ops/aggregate.h"

#include <math.h>
#include <string.h>

#include "base/calendar.h"
#include "base/memory.h"
#include "ops/aggregate_plan.h"
#include "ops/bucket_cut.h"

enum { CELL_BYTES = 8, FIRST_CELLS = 256 };

/* A cell a series and bucket; the last bucket stays open until a row behind it comes. */
struct aggregator {
    struct aggregate_plan plan;
    struct bucket_grid grid;
    const struct period *source_period;
    char *place;
    int64_t per_ms;
    struct bucket_cutter cutter;
    struct bucket_tile tile;
    struct gather_cells *cells; /* by series */
    struct time_range *buckets;
    int64_t n_buckets, capacity;
    bool is_finished;
    bool is_last_open; /* of trades: more may come */
};

/* ---- lifecycle ---- */

static lake_status set_up(struct aggregator *aggregator, const struct aggregate_recipe *recipe,
                          const struct schema *source, struct lake_error *err)
{
    TRY(memory_copy_string(recipe->place, &aggregator->place, err));
    TRY(aggregate_plan_make(&aggregator->plan, recipe, source, err));
    aggregator->grid = recipe->grid;
    aggregator->source_period = recipe->source_period;
    aggregator->per_ms = time_unit_per_ms(source->fields[aggregator->plan.time_column].type);
    bucket_cutter_init(&aggregator->cutter, &aggregator->grid, recipe->source_period, aggregator->per_ms,
                       aggregator->place);
    return memory_new(aggregator->plan.n_series, sizeof *aggregator->cells, &aggregator->cells, err);
}

lake_status aggregator_new(const struct aggregate_recipe *recipe, const struct schema *source, struct aggregator **out,
                           struct lake_error *err)
{
    struct aggregator *aggregator = NULL;
    *out = NULL;
    TRY(memory_new(1, sizeof *aggregator, &aggregator, err));
    aggregator->plan = (struct aggregate_plan)AGGREGATE_PLAN_INIT;
    lake_status status = set_up(aggregator, recipe, source, err);
    if (status != LAKE_OK) {
        aggregator_free(aggregator);
        return status;
    }
    *out = aggregator;
    return LAKE_OK;
}

void aggregator_free(struct aggregator *aggregator)
{
    if (aggregator == NULL)
        return;
    for (size_t i = 0; i < aggregator->plan.n_series && aggregator->cells != NULL; i++) {
        memory_free(aggregator->cells[i].values);
        memory_free(aggregator->cells[i].has);
    }
    memory_free(aggregator->cells);
    memory_free(aggregator->buckets);
    aggregate_plan_release(&aggregator->plan);
    memory_free(aggregator->place);
    memory_free(aggregator);
}

const struct schema *aggregator_schema(const struct aggregator *aggregator)
{
    return aggregator->plan.schema;
}

int64_t aggregator_rows(const struct aggregator *aggregator)
{
    return aggregator->n_buckets - (aggregator->n_buckets > 0 && !aggregator->is_finished);
}

/* ---- buckets ---- */

static lake_status reserve(struct aggregator *aggregator, int64_t extra, struct lake_error *err)
{
    int64_t needed = aggregator->n_buckets + extra, capacity = aggregator->capacity;
    if (needed <= capacity)
        return LAKE_OK;
    capacity = capacity * 2 > FIRST_CELLS ? capacity * 2 : FIRST_CELLS;
    capacity = needed > capacity ? needed : capacity;
    for (size_t i = 0; i < aggregator->plan.n_series; i++) {
        TRY(memory_resize(&aggregator->cells[i].values, (size_t)capacity, CELL_BYTES, err));
        TRY(memory_resize(&aggregator->cells[i].has, (size_t)capacity, 1, err));
    }
    TRY(memory_resize(&aggregator->buckets, (size_t)capacity, sizeof *aggregator->buckets, err));
    aggregator->capacity = capacity;
    return LAKE_OK;
}

static struct gather_cells cells_at(const struct gather_cells *cells, int64_t bucket)
{
    return (struct gather_cells){(uint8_t *)cells->values + bucket * CELL_BYTES, cells->has + bucket};
}

/* The buckets that begin in the tile, empty. */
static lake_status begin_buckets(struct aggregator *aggregator, struct lake_error *err)
{
    const struct bucket_tile *tile = &aggregator->tile;
    int64_t n_new = 0, at = aggregator->n_buckets;
    for (size_t i = 0; i < tile->n_pieces; i++)
        n_new += tile->pieces[i].is_new ? tile->pieces[i].n_buckets : 0;
    TRY(reserve(aggregator, n_new, err));
    for (size_t i = 0; i < aggregator->plan.n_series; i++) {
        const struct gather_cells cells = cells_at(&aggregator->cells[i], at);
        gather_begin(aggregator->plan.series[i].gathering, &cells, n_new);
    }
    for (size_t i = 0; i < tile->n_pieces; i++) {
        const struct bucket_piece *piece = &tile->pieces[i];
        int64_t length_ms = piece->bucket.end_ms - piece->bucket.start_ms;
        for (int64_t k = 0; k < piece->n_buckets && piece->is_new; k++)
            aggregator->buckets[at++] =
                (struct time_range){piece->bucket.start_ms + k * length_ms, piece->bucket.end_ms + k * length_ms};
    }
    return LAKE_OK;
}

static lake_status fail_overflow(const struct aggregator *aggregator, size_t series, int64_t bucket,
                                 struct lake_error *err)
{
    char start[CALENDAR_TEXT_BYTES];
    const char *name = "";
    for (size_t i = 0; i < aggregator->plan.n_outputs; i++)
        if (aggregator->plan.outputs[i].over == (int)series)
            name = aggregator->plan.schema->fields[aggregator->plan.outputs[i].field].name;
    (void)calendar_format_ms(aggregator->buckets[bucket].start_ms, start);
    return lake_fail(err, LAKE_INVALID_DATA, "%s: the sum '%s' of the %s bar at %s is beyond 64 bits",
                     aggregator->place, name, aggregator->grid.period->name, start);
}

/* Gathers buckets one by one. */
static lake_status gather_piece(struct aggregator *aggregator, size_t i, const struct bucket_piece *piece,
                                int64_t bucket, struct lake_error *err)
{
    const struct aggregate_series *series = &aggregator->plan.series[i];
    for (int64_t k = 0; k < piece->n_buckets; k++) {
        const struct gather_rows rows =
            operand_rows(&aggregator->plan.operands, series->operand, piece->row + k * piece->n_rows);
        const struct gather_cells cells = cells_at(&aggregator->cells[i], bucket + k);
        if (!gather_run(series->gathering, &rows, piece->n_rows, &cells))
            return fail_overflow(aggregator, i, bucket + k, err);
    }
    return LAKE_OK;
}

/* What of the tile one series gathers; `bucket` is the one that is open before it. */
static lake_status gather_tile(struct aggregator *aggregator, size_t i, int64_t bucket, struct lake_error *err)
{
    const struct aggregate_series *series = &aggregator->plan.series[i];
    const struct bucket_tile *tile = &aggregator->tile;
    if (aggregator->plan.operands.items[series->operand].is_none)
        return LAKE_OK;
    for (size_t p = 0; p < tile->n_pieces; p++) {
        const struct bucket_piece *piece = &tile->pieces[p];
        bucket += piece->is_new;
        const struct gather_rows rows = operand_rows(&aggregator->plan.operands, series->operand, piece->row);
        const struct gather_cells cells = cells_at(&aggregator->cells[i], bucket);
        bool is_done = piece->n_buckets > 1 && rows.present == NULL &&
                       gather_whole(series->gathering, &rows, piece->n_rows, piece->n_buckets, &cells);
        if (!is_done) {
            if (piece->n_buckets > 1)
                gather_begin(series->gathering, &cells, piece->n_buckets);
            TRY(gather_piece(aggregator, i, piece, bucket, err));
        }
        bucket += piece->n_buckets - 1;
    }
    return LAKE_OK;
}

lake_status aggregator_add(struct aggregator *aggregator, const struct batch *batch, struct lake_error *err)
{
    if (aggregator->is_finished)
        return lake_fail(err, LAKE_INVALID_STATE, "%s: the last bucket was ended already", aggregator->place);
    const struct time_values times = {batch_values(batch, (size_t)aggregator->plan.time_column), batch->n_rows,
                                      aggregator->per_ms};
    for (int64_t row = 0; row < batch->n_rows; row += aggregator->tile.n_rows) {
        int64_t open = aggregator->n_buckets - 1;
        TRY(bucket_cut(&aggregator->cutter, &times, row, &aggregator->tile, err));
        TRY(begin_buckets(aggregator, err));
        operand_set_prepare(&aggregator->plan.operands, batch, row, aggregator->tile.n_rows);
        for (size_t i = 0; i < aggregator->plan.n_series; i++)
            TRY(gather_tile(aggregator, i, open, err));
        for (size_t i = 0; i < aggregator->tile.n_pieces; i++)
            aggregator->n_buckets += aggregator->tile.pieces[i].is_new ? aggregator->tile.pieces[i].n_buckets : 0;
    }
    return LAKE_OK;
}

lake_status aggregator_finish(struct aggregator *aggregator, int64_t closed_ms, struct lake_error *err)
{
    if (aggregator->is_finished)
        return lake_fail(err, LAKE_INVALID_STATE, "%s: the last bucket was ended already", aggregator->place);
    aggregator->is_finished = true;
    if (aggregator->n_buckets > 0)
        aggregator->is_last_open = closed_ms < aggregator->buckets[aggregator->n_buckets - 1].end_ms;
    return LAKE_OK;
}

/* ---- what comes out ---- */

/* Values of a series without those under it: moved, and made narrow again where the source's were. */
static void copy_values(void *to, const struct gather_cells *cells, const struct aggregate_output *output, int64_t n)
{
    if (output->type == COLUMN_FLOAT)
        for (int64_t i = 0; i < n; i++)
            ((float *)to)[i] = (float)((const double *)cells->values)[i];
    else if (output->type == COLUMN_INT32)
        for (int64_t i = 0; i < n; i++)
            ((int32_t *)to)[i] = (int32_t)((const int64_t *)cells->values)[i];
    else
        memcpy(to, cells->values, (size_t)n * CELL_BYTES);
}

static double number_at(const struct aggregator *aggregator, int series, int64_t i)
{
    const struct aggregate_series *of = &aggregator->plan.series[series];
    const void *values = aggregator->cells[series].values;
    bool is_double = of->gathering != GATHER_COUNT && aggregator->plan.operands.items[of->operand].is_double;
    return is_double ? ((const double *)values)[i] : (double)((const int64_t *)values)[i];
}

/* 0 where there is none. */
static void divide_values(const struct aggregator *aggregator, const struct aggregate_output *output, double *to,
                          int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        double under = number_at(aggregator, output->under, i);
        to[i] = under != 0 ? number_at(aggregator, output->over, i) / under : 0;
    }
}

static bool has_value(const struct aggregator *aggregator, const struct aggregate_output *output, int64_t i)
{
    if (!aggregator->cells[output->over].has[i])
        return false;
    if (output->lacking >= 0 && ((const int64_t *)aggregator->cells[output->lacking].values)[i] > 0)
        return false;
    return output->under < 0 || number_at(aggregator, output->under, i) != 0;
}

/* Most columns of most batches: then no row is asked. */
static bool has_all(const struct aggregator *aggregator, const struct aggregate_output *output, int64_t n)
{
    return output->under < 0 && memchr(aggregator->cells[output->over].has, 0, (size_t)n) == NULL;
}

static lake_status put_output(const struct aggregator *aggregator, const struct aggregate_output *output,
                              struct batch *out, struct lake_error *err)
{
    struct column *column = &out->columns[output->field];
    size_t width = column_type_width(&out->schema->fields[output->field]);
    if (output->under >= 0)
        divide_values(aggregator, output, column->values, out->n_rows);
    else
        copy_values(column->values, &aggregator->cells[output->over], output, out->n_rows);
    if (has_all(aggregator, output, out->n_rows))
        return LAKE_OK;
    for (int64_t i = 0; i < out->n_rows; i++) {
        if (has_value(aggregator, output, i))
            continue;
        TRY(batch_add_validity(out, output->field, err));
        bit_set(column->validity, i, false);
        memset((uint8_t *)column->values + (size_t)i * width, 0, width);
        column->null_count++;
    }
    return LAKE_OK;
}

static void put_buckets(const struct aggregator *aggregator, struct batch *out)
{
    const struct aggregate_plan *plan = &aggregator->plan;
    int64_t *times = batch_values(out, 0), *bars = batch_values(out, plan->bars_field);
    int64_t *expected = batch_values(out, plan->bars_field + 1);
    const int64_t *counted = plan->bars >= 0 ? aggregator->cells[plan->bars].values : NULL;
    bool is_month = aggregator->grid.period->length_ms == 0;
    for (int64_t i = 0; i < out->n_rows; i++) {
        bool is_open = i + 1 == aggregator->n_buckets && aggregator->is_last_open;
        times[i] = aggregator->buckets[i].start_ms;
        bars[i] = counted != NULL ? counted[i] : !is_open;
        expected[i] = is_month || i == 0
                          ? bucket_expected(&aggregator->grid, aggregator->buckets[i], aggregator->source_period)
                          : expected[0];
    }
}

/* Leaves the bucket that is open, if there is one. */
static void drop_buckets(struct aggregator *aggregator, int64_t n)
{
    int64_t n_left = aggregator->n_buckets - n;
    for (size_t i = 0; i < aggregator->plan.n_series && n > 0; i++) {
        const struct gather_cells *cells = &aggregator->cells[i];
        memmove(cells->values, cells_at(cells, n).values, (size_t)n_left * CELL_BYTES);
        memmove(cells->has, cells->has + n, (size_t)n_left);
    }
    if (n > 0)
        memmove(aggregator->buckets, aggregator->buckets + n, (size_t)n_left * sizeof *aggregator->buckets);
    aggregator->n_buckets = n_left;
}

lake_status aggregator_take(struct aggregator *aggregator, struct batch *out, struct lake_error *err)
{
    lake_status status = LAKE_OK;
    TRY(batch_new(out, aggregator->plan.schema, aggregator_rows(aggregator), err));
    put_buckets(aggregator, out);
    for (size_t i = 0; i < aggregator->plan.n_outputs && out->n_rows > 0; i++)
        TRY_OUT(put_output(aggregator, &aggregator->plan.outputs[i], out, err));
    drop_buckets(aggregator, out->n_rows);
out:
    if (status != LAKE_OK)
        batch_release(out);
    return status;
}
