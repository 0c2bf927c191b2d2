/* Rows that are spilled come back grouped by partition, in order of arrival, whatever their columns and however many runs there are;
 * and never others than were put in. */
#include "lake_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "column/builder.h"
#include "lake/partition_set.h"
#include "lake/spill.h"
#include "unit/base/check.h"

enum { N_DAYS = 9, MOST_ROWS = 40000, MEMORY_BYTES = 32 << 10 };

/* Every kind of array a column may have; rows may lack the last. */
static const struct column_field fields[] = {
    {"ts", COLUMN_TIMESTAMP_MS, 0, false}, {"number", COLUMN_INT64, 0, false}, {"small", COLUMN_INT32, 0, true},
    {"flag", COLUMN_BOOL, 0, true},        {"text", COLUMN_UTF8, 0, true},
};
enum { N_FIELDS = sizeof fields / sizeof fields[0], N_FEWER = N_FIELDS - 1 };

struct bench {
    struct fixture *fixture;
    struct partition_set set; /* for its staging */
    struct spill spill;
    uint64_t random;
    int64_t n_rows;
    int64_t days[MOST_ROWS]; /* of row `number` */
    bool is_narrow[MOST_ROWS];
};

static int64_t draw(struct bench *bench, int64_t n)
{
    bench->random = bench->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)((bench->random >> 33) % (uint64_t)n);
}

static struct bench *bench_new(size_t memory_bytes)
{
    struct lake_error err = {0};
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    bench->fixture = fixture_new();
    bench->random = 1;
    lake_ok(partition_set_init(&bench->set, bench->fixture->lake, "test", &err));
    lake_ok(partition_set_open_staging(&bench->set, &err));
    spill_init(&bench->spill, bench->fixture->lake, GRAIN_DAY, memory_bytes);
    bench->spill.staging = &bench->set.staging;
    return bench;
}

static void bench_free(struct bench *bench)
{
    spill_release(&bench->spill);
    partition_set_release(&bench->set);
    assert_int_equal(count_paths(bench->fixture, ".lake/staging", NULL), 0);
    fixture_free(bench->fixture);
    free(bench);
}

/* ---- rows ---- */

static void text_of_row(int64_t number, char text[16])
{
    (void)snprintf(text, 16, "%.*s%d", (int)(number % 7), "abcdefg", (int)number);
}

/* What row `number` holds; nulls by its number. */
static void cells_of_row(const struct bench *bench, int64_t number, struct cell cells[N_FIELDS], char text[16])
{
    text_of_row(number, text);
    cells[0] = (struct cell){CELL_INT64, DAY_2024 + bench->days[number] * MS_PER_DAY + number % 1000, 0, NULL};
    cells[1] = (struct cell){CELL_INT64, number, 0, NULL};
    cells[2] = (struct cell){number % 3 == 0 ? CELL_NULL : CELL_INT64, -number, 0, NULL};
    cells[3] = (struct cell){number % 5 == 0 ? CELL_NULL : CELL_BOOL, number % 2, 0, NULL};
    cells[4] = (struct cell){number % 4 == 0 ? CELL_NULL : CELL_TEXT, 0, 0, text};
}

/* Appends n rows of random days as one batch, with all columns or with fewer. */
static void append_rows(struct bench *bench, int64_t n, bool is_narrow)
{
    struct lake_error err = {0};
    struct schema *schema = NULL;
    struct batch_builder *builder = NULL;
    struct batch batch = {0};
    lake_ok(schema_new(fields, is_narrow ? N_FEWER : N_FIELDS, &schema, &err));
    lake_ok(batch_builder_new(schema, &builder, &err));
    for (int64_t i = 0; i < n; i++) {
        struct cell cells[N_FIELDS];
        char text[16];
        int64_t number = bench->n_rows++;
        assert_true(number < MOST_ROWS);
        bench->days[number] = draw(bench, N_DAYS) - N_DAYS / 2;
        bench->is_narrow[number] = is_narrow;
        cells_of_row(bench, number, cells, text);
        lake_ok(batch_builder_append_cells(builder, cells, &err));
    }
    lake_ok(batch_builder_take(builder, &batch, &err));
    lake_ok(spill_append(&bench->spill, &batch, 0, n, &err));
    batch_release(&batch);
    batch_builder_free(builder);
    schema_free(schema);
}

/* ---- what comes out ---- */

struct taken {
    const struct bench *bench;
    int64_t n_rows, start_ms, number; /* of the row before */
};

static void check_text(const struct taken *taken, const struct batch *batch, int64_t row, int64_t number)
{
    char text[16];
    int found = schema_find(batch->schema, "text");
    bool is_null = number % 4 == 0 || taken->bench->is_narrow[number];
    if (found < 0) {
        assert_true(is_null);
        return;
    }
    const struct column *column = &batch->columns[found];
    assert_int_equal(column_is_valid(column, row), !is_null);
    if (is_null)
        return;
    text_of_row(number, text);
    int32_t n = column->offsets[row + 1] - column->offsets[row];
    assert_int_equal(n, strlen(text));
    assert_memory_equal((const char *)column->values + column->offsets[row], text, (size_t)n);
}

static void check_row(struct taken *taken, const struct batch *batch, int64_t row)
{
    int64_t number = ((const int64_t *)batch_values(batch, 1))[row];
    int64_t day_ms = DAY_2024 + taken->bench->days[number] * MS_PER_DAY;
    assert_int_equal(((const int64_t *)batch_values(batch, 0))[row], day_ms + number % 1000);
    assert_int_equal(day_ms, taken->start_ms);
    assert_true(number > taken->number); /* as they came */
    assert_int_equal(column_is_valid(&batch->columns[2], row), number % 3 != 0);
    if (number % 3 != 0)
        assert_int_equal(((const int32_t *)batch_values(batch, 2))[row], -number);
    assert_int_equal(column_is_valid(&batch->columns[3], row), number % 5 != 0);
    if (number % 5 != 0)
        assert_int_equal(bit_get(batch_values(batch, 3), row), number % 2);
    check_text(taken, batch, row, number);
    taken->number = number;
    taken->n_rows++;
}

static lake_status take_rows(void *context, int64_t start_ms, const struct batch *batch, struct lake_error *err)
{
    struct taken *taken = context;
    (void)err;
    assert_true(start_ms >= taken->start_ms); /* by time */
    if (start_ms != taken->start_ms)
        taken->number = -1;
    taken->start_ms = start_ms;
    assert_true(batch->n_rows > 0);
    for (int64_t row = 0; row < batch->n_rows; row++)
        check_row(taken, batch, row);
    return LAKE_OK;
}

static lake_status merge(struct bench *bench, struct taken *taken, struct lake_error *err)
{
    const struct spill_taker taker = {take_rows, taken};
    *taken = (struct taken){bench, 0, INT64_MIN, -1};
    return spill_merge(&bench->spill, &taker, err);
}

static void assert_all_come_back(struct bench *bench)
{
    struct lake_error err = {0};
    struct taken taken;
    lake_ok(merge(bench, &taken, &err));
    assert_int_equal(taken.n_rows, bench->n_rows);
    assert_int_equal(bench->spill.n_runs, 0);
    assert_int_equal(count_paths(bench->fixture, ".lake/staging", ".run"), 0);
}

/* ---- tests ---- */

static void test_rows_come_back_by_partition_in_order_of_arrival(void **state)
{
    struct lake_error err = {0};
    struct bench *bench = bench_new(MEMORY_BYTES);
    (void)state;
    for (int i = 0; i < 20; i++)
        append_rows(bench, 1 + draw(bench, 400), false);
    lake_ok(spill_flush(&bench->spill, &err));
    assert_true(bench->spill.n_runs > 1);
    int64_t n = 0;
    for (size_t i = 0; i < bench->spill.n_runs; i++)
        n += bench->spill.runs[i].n_rows;
    assert_int_equal(n, bench->n_rows);
    assert_all_come_back(bench);
    append_rows(bench, 100, false); /* it begins anew */
    lake_ok(spill_flush(&bench->spill, &err));
    assert_int_equal(bench->spill.n_runs, 1);
    bench_free(bench);
}

/* The windows of two runs are all that fits: so there are passes over passes. */
static void test_many_runs_are_joined_first(void **state)
{
    struct lake_error err = {0};
    struct bench *bench = bench_new(4096);
    (void)state;
    for (int i = 0; i < 40; i++)
        append_rows(bench, 200, false);
    lake_ok(spill_flush(&bench->spill, &err));
    assert_true(bench->spill.n_runs > 30);
    assert_all_come_back(bench);
    bench_free(bench);
}

static void test_columns_may_come_and_go(void **state)
{
    struct lake_error err = {0};
    struct bench *bench = bench_new(4096);
    (void)state;
    for (int i = 0; i < 30; i++)
        append_rows(bench, 1 + draw(bench, 200), i < 5 || i % 3 == 0);
    lake_ok(spill_flush(&bench->spill, &err));
    assert_all_come_back(bench);
    bench_free(bench);
}

/* A safe point's runs stay when they are merged, and a later process goes on from them. */
static void test_runs_of_another_process(void **state)
{
    struct lake_error err = {0};
    struct bench *bench = bench_new(MEMORY_BYTES);
    struct spill *spill = &bench->spill;
    (void)state;
    for (int i = 0; i < 10; i++)
        append_rows(bench, 500, false);
    lake_ok(spill_flush(spill, &err));
    size_t n = spill->n_runs;
    struct spill_run *runs = spill->runs;
    assert_true(n > 3);
    spill->runs = NULL;
    spill->n_runs = 0;
    spill_release(spill);
    spill_init(spill, bench->fixture->lake, GRAIN_DAY, MEMORY_BYTES);
    spill->staging = &bench->set.staging;
    for (size_t i = 0; i < n; i++) {
        lake_ok(spill_add_run(spill, runs[i].path, runs[i].size_bytes, runs[i].n_rows, &err));
        spill->runs[i].is_saved = true;
        memory_free(runs[i].path);
    }
    memory_free(runs);
    append_rows(bench, 1000, false);
    lake_ok(spill_flush(spill, &err));
    struct taken taken;
    lake_ok(merge(bench, &taken, &err));
    assert_int_equal(taken.n_rows, 6000);
    assert_int_equal(count_paths(bench->fixture, ".lake/staging", ".run"), n);
    bench_free(bench);
}

/* The path of a run's file. */
static void path_of(const struct bench *bench, size_t run, char path[512])
{
    (void)snprintf(path, 512, "%s/.lake/%s", bench->fixture->root, bench->spill.runs[run].path);
}

static void flip_byte(const char *path, long at)
{
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_true(fputc(byte ^ 0x10, file) != EOF);
    assert_int_equal(fclose(file), 0);
}

static void test_no_damaged_byte_goes_unnoticed(void **state)
{
    struct lake_error err = {0};
    struct bench *bench = bench_new(MEMORY_BYTES);
    struct taken taken;
    char path[512];
    (void)state;
    append_rows(bench, 300, false);
    lake_ok(spill_flush(&bench->spill, &err));
    assert_int_equal(bench->spill.n_runs, 1);
    path_of(bench, 0, path);
    for (long at = 0; at < bench->spill.runs[0].size_bytes; at += at < 400 ? 1 : 37) {
        flip_byte(path, at);
        lake_fails(merge(bench, &taken, &err), LAKE_CORRUPT, ".run");
        flip_byte(path, at);
    }
    assert_all_come_back(bench);
    bench_free(bench);
}

/* Also where a run ends between two blocks. */
static void test_no_lost_end_goes_unnoticed(void **state)
{
    struct lake_error err = {0};
    struct bench *bench = bench_new(MEMORY_BYTES);
    struct taken taken;
    char path[512];
    (void)state;
    append_rows(bench, 300, false);
    lake_ok(spill_flush(&bench->spill, &err));
    path_of(bench, 0, path);
    int64_t size = bench->spill.runs[0].size_bytes;
    for (int64_t n = size - 8; n > 0; n -= 8) {
        assert_int_equal(truncate(path, (off_t)n), 0);
        lake_fails(merge(bench, &taken, &err), LAKE_CORRUPT, ".run");
        bench->spill.runs[0].size_bytes = n; /* and were its size unknown, its rows are not */
        lake_fails(merge(bench, &taken, &err), LAKE_CORRUPT, ".run");
        bench->spill.runs[0].size_bytes = size;
    }
    bench_free(bench);
}

static lake_status append_to(void *context, int64_t start_ms, const struct batch *batch, struct lake_error *err)
{
    (void)start_ms;
    return batch_builder_append(context, batch, 0, batch->n_rows, err);
}

/* Within one as they came: day 40 before day 31. */
static void test_months_are_partitions_too(void **state)
{
    struct lake_error err = {0};
    struct bench *bench = bench_new(MEMORY_BYTES);
    const int64_t days[] = {40, -1, 0, 70, 30, 31, -31}; /* since 2024-01-01 */
    const int64_t sorted[] = {-1, -31, 0, 30, 40, 31, 70};
    struct bar bars[7];
    struct batch batch = {0};
    (void)state;
    bench->spill.grain = GRAIN_MONTH;
    for (int i = 0; i < 7; i++)
        bars[i] = bar_of(DAY_2024 + days[i] * MS_PER_DAY);
    make_batch(bars, 7, &batch);
    lake_ok(spill_append(&bench->spill, &batch, 0, 7, &err));
    lake_ok(spill_flush(&bench->spill, &err));
    batch_release(&batch);
    struct batch_builder *rows = NULL;
    lake_ok(batch_builder_new(bench->spill.schema, &rows, &err));
    const struct spill_taker taker = {append_to, rows};
    lake_ok(spill_merge(&bench->spill, &taker, &err));
    lake_ok(batch_builder_take(rows, &batch, &err));
    assert_int_equal(batch.n_rows, 7);
    for (int i = 0; i < 7; i++)
        assert_int_equal(((const int64_t *)batch_values(&batch, 0))[i], DAY_2024 + sorted[i] * MS_PER_DAY);
    batch_release(&batch);
    batch_builder_free(rows);
    bench_free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_come_back_by_partition_in_order_of_arrival),
        cmocka_unit_test(test_many_runs_are_joined_first),
        cmocka_unit_test(test_columns_may_come_and_go),
        cmocka_unit_test(test_runs_of_another_process),
        cmocka_unit_test(test_no_damaged_byte_goes_unnoticed),
        cmocka_unit_test(test_no_lost_end_goes_unnoticed),
        cmocka_unit_test(test_months_are_partitions_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
