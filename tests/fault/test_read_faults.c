/* Reading bars that are derived on the way, filled and cut, where each allocation fails in turn: what is answered is right or an error. */
#include "unit/ops/derive_fixture.h"

#include <string.h>

#include "fault/fault_memory.h"

enum { N_BARS = 300, HOLE_FIRST = 70, HOLE_END = 200 };

static const char symbol[] = "BTCUSDT";

struct reading {
    struct lake *lake;
    struct lake_scan_options options;
    int64_t n_rows;
};

/* Five hours of minutes with a hole. */
static struct fixture *new_lake(void)
{
    struct fixture *fixture = fixture_new();
    (void)write_bars(fixture->lake, symbol, bars_from(DAY_2024, HOLE_FIRST), HOLE_FIRST);
    (void)write_bars(fixture->lake, symbol, bars_from(DAY_2024 + HOLE_END * MS_PER_MINUTE, N_BARS - HOLE_END),
                     N_BARS - HOLE_END);
    return fixture;
}

static lake_status count_rows(struct lake_scan *scan, int64_t *n, struct lake_error *err)
{
    struct ArrowArray array;
    *n = 0;
    for (;;) {
        lake_status status = lake_scan_next(scan, &array, err);
        if (status != LAKE_OK || array.release == NULL)
            return status;
        *n += array.length;
        array.release(&array);
    }
}

static lake_status read_rows(void *context, struct lake_error *err)
{
    const struct reading *reading = context;
    struct lake_scan *scan = NULL;
    int64_t n = 0;
    lake_status status = lake_scan_open(reading->lake, &reading->options, &scan, err);
    if (status == LAKE_OK)
        status = count_rows(scan, &n, err);
    lake_scan_close(scan);
    if (status == LAKE_OK && n != reading->n_rows)
        return lake_fail(err, LAKE_INTERNAL, "%d rows, not %d", (int)n, (int)reading->n_rows);
    return status;
}

static struct lake_scan_options ask(const char *period, enum lake_fill fill)
{
    static const char *const columns[] = {"volume"};
    return (struct lake_scan_options){.size = sizeof(struct lake_scan_options),
                                      .dataset = {"test", NULL, symbol, NULL, period},
                                      .columns = columns,
                                      .n_columns = 1,
                                      .batch_rows = 7,
                                      .fill = fill};
}

/* Complete bars of 15m are those of the first hour and from 03:30 to 05:00. */
static void test_derived_on_the_way(void **state)
{
    struct fixture *fixture = new_lake();
    struct reading reading = {fixture->lake, ask("15m", LAKE_FILL_ZERO_VOLUME), 5};
    (void)state;
    reading.options.complete = true;
    reading.options.tail = 8;
    reading.options.limit = 5;
    assert_true(sweep_memory(read_rows, &reading) > 100);
    fixture_free(fixture);
}

static void test_stored_and_filled(void **state)
{
    struct fixture *fixture = new_lake();
    struct reading reading = {fixture->lake, ask("1m", LAKE_FILL_PREVIOUS), 60};
    (void)state;
    reading.options.has_start = reading.options.has_end = true;
    reading.options.start_ms = DAY_2024 + 80 * MS_PER_MINUTE; /* both ends in the hole */
    reading.options.end_ms = DAY_2024 + 140 * MS_PER_MINUTE;
    assert_true(sweep_memory(read_rows, &reading) > 50);
    fixture_free(fixture);
}

static void test_stale_and_current(void **state)
{
    struct fixture *fixture = new_lake();
    struct reading reading = {fixture->lake, ask("1h", LAKE_FILL_NONE), 4};
    (void)state;
    (void)derive_usual(fixture->lake, symbol);
    assert_true(sweep_memory(read_rows, &reading) > 20);
    (void)write_bars(fixture->lake, symbol, bars_from(DAY_2024 + N_BARS * MS_PER_MINUTE, 1), 1);
    reading.n_rows = 5;
    assert_true(sweep_memory(read_rows, &reading) > 50);
    fixture_free(fixture);
}

/* ---- several symbols ---- */

static const char *const symbols[] = {"BTCUSDT", "ETHUSDT_OF_A_LONG_NAME", "SOLUSDT"};

/* As a stream, whose errors are told by its own functions. */
static lake_status read_stream(struct ArrowArrayStream *stream, int64_t *n, struct lake_error *err)
{
    struct ArrowSchema schema;
    struct ArrowArray array;
    int result = stream->get_schema(stream, &schema);
    if (result == 0)
        schema.release(&schema);
    while (result == 0) {
        result = stream->get_next(stream, &array);
        if (result != 0 || array.release == NULL)
            break;
        *n += array.length;
        array.release(&array);
    }
    lake_status status = result == 0 ? LAKE_OK : lake_fail(err, LAKE_NO_MEMORY, "%s", stream->get_last_error(stream));
    stream->release(stream);
    return status;
}

static lake_status read_many(void *context, struct lake_error *err)
{
    const struct reading *reading = context;
    struct lake_scan *scan = NULL;
    struct ArrowArrayStream stream;
    int64_t n = 0;
    TRY(lake_scan_open_many(reading->lake, &reading->options, symbols, 3, &scan, err));
    TRY(lake_scan_take_stream(scan, &stream, err));
    TRY(read_stream(&stream, &n, err));
    return n == reading->n_rows ? LAKE_OK
                                : lake_fail(err, LAKE_INTERNAL, "%d rows, not %d", (int)n, (int)reading->n_rows);
}

static void test_several_symbols(void **state)
{
    struct fixture *fixture = new_lake();
    struct reading reading = {fixture->lake, ask("1m", LAKE_FILL_NONE), 170 + 3 + 5};
    (void)state;
    (void)write_bars(fixture->lake, symbols[1], bars_from(DAY_2024, 3), 3);
    (void)write_bars(fixture->lake, symbols[2], bars_from(DAY_2024 + MS_PER_MINUTE, 5), 5);
    assert_true(sweep_memory(read_many, &reading) > 30); /* stored */
    reading.options.has_start = true;
    reading.options.start_ms = DAY_2024 + 2 * MS_PER_MINUTE;
    reading.n_rows = 168 + 1 + 4;
    assert_true(sweep_memory(read_many, &reading) > 30); /* with files that are cut */
    reading.options.dataset.period = "15m";
    reading.options.columns = NULL;
    reading.options.has_start = false;
    reading.options.fill = LAKE_FILL_PREVIOUS;
    reading.n_rows = 20 + 1 + 1;
    assert_true(sweep_memory(read_many, &reading) > 100); /* derived on the way */
    (void)derive_usual(fixture->lake, NULL);
    reading.options.fill = LAKE_FILL_NONE;
    reading.n_rows = 12 + 1 + 1;
    assert_true(sweep_memory(read_many, &reading) > 30); /* stored, and looked at whether they are current */
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_derived_on_the_way),
        cmocka_unit_test(test_stored_and_filled),
        cmocka_unit_test(test_stale_and_current),
        cmocka_unit_test(test_several_symbols),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
