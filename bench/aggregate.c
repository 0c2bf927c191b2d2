/* Times the arithmetic of aggregation alone, on one thread, on columns that are in memory.
 *
 *     build/release/bench/bench_aggregate bars|trades COLUMNS N_ROWS ROUNDS OUT TARGET …
 *
 * COLUMNS holds the columns one behind the other, N_ROWS values of 8 bytes each: of bars ts, open, high, low, close, volume,
 * quote_volume, trades, taker_buy_volume, taker_buy_quote_volume; of trades ts (microseconds), price, amount, and 1 where the taker bought.
 * All targets are derived in one pass over the rows, in batches as a scan gives them. Prints the time of each round in seconds, by the
 * clock and of the processor; the bars of the targets go to OUT in the same form, each table behind its number of rows and of columns, for aggregate.py to hold against others. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "ops/aggregate.h"

enum { BATCH_ROWS = 8192, MAX_TARGETS = 4, MAX_COLUMNS = 10 };

static const struct column_field bar_fields[] = {
    {"ts", COLUMN_TIMESTAMP_MS, 0, false},
    {"open", COLUMN_DOUBLE, 0, true},
    {"high", COLUMN_DOUBLE, 0, true},
    {"low", COLUMN_DOUBLE, 0, true},
    {"close", COLUMN_DOUBLE, 0, true},
    {"volume", COLUMN_DOUBLE, 0, true},
    {"quote_volume", COLUMN_DOUBLE, 0, true},
    {"trades", COLUMN_INT64, 0, true},
    {"taker_buy_volume", COLUMN_DOUBLE, 0, true},
    {"taker_buy_quote_volume", COLUMN_DOUBLE, 0, true},
};

static const struct column_field trade_fields[] = {
    {"ts", COLUMN_TIMESTAMP_US, 0, false},
    {"price", COLUMN_DOUBLE, 0, true},
    {"amount", COLUMN_DOUBLE, 0, true},
    {"side", COLUMN_UTF8, 0, true},
};

/* What came of one target, as it came. */
struct taken {
    struct batch *batches;
    size_t n;
};

struct subject {
    bool is_trades;
    struct schema *schema;
    struct batch rows; /* all of them */
    struct aggregate_recipe recipes[MAX_TARGETS];
    size_t n_targets;
    struct taken bars[MAX_TARGETS];
};

static double now_s(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- rows ---- */

static lake_status read_values(FILE *file, void *values, int64_t n, struct lake_error *err)
{
    if (fread(values, 8, (size_t)n, file) != (size_t)n)
        return lake_fail(err, LAKE_INVALID_DATA, "the columns end early");
    return LAKE_OK;
}

/* Flags become the text that a lake holds. */
static lake_status read_sides(FILE *file, struct batch *rows, struct lake_error *err)
{
    int64_t *is_buy = NULL;
    int32_t *offsets = rows->columns[3].offsets;
    lake_status status = LAKE_OK;
    TRY(memory_new((size_t)rows->n_rows, sizeof *is_buy, &is_buy, err));
    TRY_OUT(read_values(file, is_buy, rows->n_rows, err));
    for (int64_t i = 0; i < rows->n_rows; i++)
        offsets[i + 1] = offsets[i] + (is_buy[i] ? 3 : 4);
    TRY_OUT(batch_add_bytes(rows, 3, (size_t)offsets[rows->n_rows], err));
    for (int64_t i = 0; i < rows->n_rows; i++)
        memcpy((char *)rows->columns[3].values + offsets[i], is_buy[i] ? "buy" : "sell", is_buy[i] ? 3 : 4);
out:
    memory_free(is_buy);
    return status;
}

static lake_status read_rows(struct subject *subject, const char *path, int64_t n_rows, struct lake_error *err)
{
    lake_status status = LAKE_OK;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return lake_fail(err, LAKE_IO, "cannot open %s", path);
    if (subject->is_trades)
        TRY_OUT(schema_new(trade_fields, sizeof trade_fields / sizeof trade_fields[0], &subject->schema, err));
    else
        TRY_OUT(schema_new(bar_fields, sizeof bar_fields / sizeof bar_fields[0], &subject->schema, err));
    TRY_OUT(batch_new(&subject->rows, subject->schema, n_rows, err));
    for (size_t i = 0; i < subject->schema->n_fields; i++) {
        if (subject->schema->fields[i].type == COLUMN_UTF8)
            TRY_OUT(read_sides(file, &subject->rows, err));
        else
            TRY_OUT(read_values(file, subject->rows.columns[i].values, n_rows, err));
    }
out:
    (void)fclose(file);
    return status;
}

/* Rows of the whole, where they are. Offsets of text are not moved: the arithmetic looks at them by differences only. */
static struct batch slice(const struct subject *subject, int64_t first, struct column columns[MAX_COLUMNS])
{
    int64_t n = subject->rows.n_rows - first < BATCH_ROWS ? subject->rows.n_rows - first : BATCH_ROWS;
    for (size_t i = 0; i < subject->schema->n_fields; i++) {
        columns[i] = subject->rows.columns[i];
        if (columns[i].offsets != NULL)
            columns[i].offsets += first;
        else
            columns[i].values = (char *)columns[i].values + first * 8;
    }
    return (struct batch){.schema = subject->schema, .n_rows = n, .columns = columns};
}

/* ---- rounds ---- */

static lake_status take_bars(struct subject *subject, struct aggregator **aggregators, struct lake_error *err)
{
    for (size_t t = 0; t < subject->n_targets; t++) {
        struct taken *bars = &subject->bars[t];
        TRY(aggregator_take(aggregators[t], &bars->batches[bars->n++], err));
    }
    return LAKE_OK;
}

static lake_status derive(struct subject *subject, struct aggregator **aggregators, struct lake_error *err)
{
    struct column columns[MAX_COLUMNS];
    size_t most = (size_t)(subject->rows.n_rows / BATCH_ROWS) + 2;
    for (size_t t = 0; t < subject->n_targets; t++) {
        TRY(memory_new(most, sizeof(struct batch), &subject->bars[t].batches, err));
        TRY(aggregator_new(&subject->recipes[t], subject->schema, &aggregators[t], err));
    }
    for (int64_t row = 0; row < subject->rows.n_rows; row += BATCH_ROWS) {
        const struct batch part = slice(subject, row, columns);
        for (size_t t = 0; t < subject->n_targets; t++)
            TRY(aggregator_add(aggregators[t], &part, err));
        TRY(take_bars(subject, aggregators, err));
    }
    for (size_t t = 0; t < subject->n_targets; t++)
        TRY(aggregator_finish(aggregators[t], INT64_MAX, err));
    return take_bars(subject, aggregators, err);
}

static bool write_column(const struct taken *bars, size_t column, FILE *out)
{
    bool ok = true;
    for (size_t i = 0; i < bars->n && ok; i++) {
        size_t n = (size_t)bars->batches[i].n_rows;
        ok = fwrite(bars->batches[i].columns[column].values, 8, n, out) == n;
    }
    return ok;
}

static lake_status write_bars(const struct subject *subject, FILE *out, struct lake_error *err)
{
    bool ok = true;
    for (size_t t = 0; t < subject->n_targets; t++) {
        const struct taken *bars = &subject->bars[t];
        int64_t shape[2] = {0, (int64_t)bars->batches[0].schema->n_fields};
        for (size_t i = 0; i < bars->n; i++)
            shape[0] += bars->batches[i].n_rows;
        ok = ok && fwrite(shape, sizeof shape, 1, out) == 1;
        for (size_t c = 0; c < (size_t)shape[1] && ok; c++)
            ok = write_column(bars, c, out);
    }
    return ok ? LAKE_OK : lake_fail(err, LAKE_IO, "cannot write the bars");
}

static void release_round(struct subject *subject, struct aggregator **aggregators)
{
    for (size_t t = 0; t < subject->n_targets; t++) {
        struct taken *bars = &subject->bars[t];
        for (size_t i = 0; i < bars->n; i++)
            batch_release(&bars->batches[i]);
        memory_free(bars->batches);
        *bars = (struct taken){.batches = NULL};
        aggregator_free(aggregators[t]);
        aggregators[t] = NULL;
    }
}

static lake_status run_rounds(struct subject *subject, int n_rounds, FILE *out, struct lake_error *err)
{
    struct aggregator *aggregators[MAX_TARGETS] = {NULL};
    lake_status status = LAKE_OK;
    for (int round = 0; round < n_rounds && status == LAKE_OK; round++) {
        double start = now_s(CLOCK_MONOTONIC), start_cpu = now_s(CLOCK_PROCESS_CPUTIME_ID);
        status = derive(subject, aggregators, err);
        double end_cpu = now_s(CLOCK_PROCESS_CPUTIME_ID);
        printf("%.6f %.6f\n", now_s(CLOCK_MONOTONIC) - start, end_cpu - start_cpu);
        if (status == LAKE_OK && round + 1 == n_rounds)
            status = write_bars(subject, out, err);
        release_round(subject, aggregators);
    }
    return status;
}

static lake_status run(struct subject *subject, char **arguments, struct lake_error *err)
{
    const struct data_type *type = NULL;
    const struct period *source = NULL, *target = NULL;
    subject->is_trades = strcmp(arguments[0], "trades") == 0;
    TRY(data_type_find(subject->is_trades ? "trades" : "raw", &type, err));
    TRY(period_find(subject->is_trades ? "tick" : "1m", &source, err));
    for (char **name = arguments + 5; *name != NULL && subject->n_targets < MAX_TARGETS; name++) {
        struct aggregate_recipe recipe = {.source_type = type, .source_period = source, .place = arguments[1]};
        TRY(period_find(*name, &target, err));
        TRY(bucket_grid_init(&recipe.grid, target, 0, err));
        subject->recipes[subject->n_targets++] = recipe;
    }
    TRY(read_rows(subject, arguments[1], strtoll(arguments[2], NULL, 10), err));
    FILE *out = fopen(arguments[4], "wb");
    if (out == NULL)
        return lake_fail(err, LAKE_IO, "cannot open %s", arguments[4]);
    lake_status status = run_rounds(subject, (int)strtol(arguments[3], NULL, 10), out, err);
    (void)fclose(out);
    return status;
}

int main(int argc, char **argv)
{
    static struct subject subject;
    struct lake_error err = {0};
    if (argc < 7) {
        fprintf(stderr, "usage: bench_aggregate bars|trades COLUMNS N_ROWS ROUNDS OUT TARGET …\n");
        return 2;
    }
    lake_status status = run(&subject, argv + 1, &err);
    if (status != LAKE_OK)
        fprintf(stderr, "bench_aggregate: %s\n", err.message);
    batch_release(&subject.rows);
    schema_free(subject.schema);
    return status == LAKE_OK ? 0 : 1;
}
