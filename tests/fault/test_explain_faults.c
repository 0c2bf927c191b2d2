/* lake_explain where each allocation fails in turn: what is answered is right or an error. */
#include <datalake/bars.h>

#include <errno.h>

#include "fault/fault_memory.h"
#include "unit/ops/derive_fixture.h"

enum { N_MINUTES = 120 };

/* Minutes, 15m and 1h of them, some minutes restated after that. */
static struct fixture *new_lake(void)
{
    struct fixture *fixture = fixture_new();
    fixture->n_threads = 1;
    fixture_reopen(fixture);
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, N_MINUTES), N_MINUTES);
    (void)derive_usual(fixture->lake, "BTCUSDT");
    struct bar other = bar_of(DAY_2024 + 70 * MS_PER_MINUTE);
    other.close += 1;
    (void)write_bars(fixture->lake, "BTCUSDT", &other, 1);
    return fixture;
}

static lake_status count_steps(struct ArrowArrayStream *stream, int64_t expected, struct lake_error *err)
{
    struct ArrowArray array = {0};
    int64_t n = 0;
    int result = stream->get_next(stream, &array);
    lake_status status = LAKE_OK;
    if (result == 0 && array.release != NULL) {
        n = array.length;
        array.release(&array);
    }
    if (result != 0)
        status = lake_fail(err, result == ENOMEM ? LAKE_NO_MEMORY : LAKE_IO, "%s", stream->get_last_error(stream));
    else if (n != expected)
        status = lake_fail(err, LAKE_INTERNAL, "%d steps, not %d", (int)n, (int)expected);
    stream->release(stream);
    return status;
}

static lake_status explain(struct lake *lake, const char *period, int64_t minute, int64_t n_steps,
                           struct lake_error *err)
{
    const struct lake_explain_options options = {
        .size = sizeof options,
        .dataset = {"test", "FUTURES", "BTCUSDT", NULL, period},
        .ts_ms = DAY_2024 + minute * MS_PER_MINUTE,
    };
    struct ArrowArrayStream stream = {0};
    TRY(lake_explain(lake, &options, &stream, err));
    return count_steps(&stream, n_steps, err);
}

/* A minute in two versions; an hour that is not current; bars that are not stored; a minute that is not there. */
static lake_status explain_all(void *context, struct lake_error *err)
{
    struct fixture *fixture = context;
    TRY(explain(fixture->lake, "1m", 70, 7, err));
    TRY(explain(fixture->lake, "1h", 60, 10, err));
    TRY(explain(fixture->lake, "5m", 70, 6, err));
    lake_status status = explain(fixture->lake, "1m", N_MINUTES, 0, err);
    return status == LAKE_NOT_FOUND ? LAKE_OK : status;
}

static void test_every_allocation_of_an_explanation(void **state)
{
    struct fixture *fixture = new_lake();
    (void)state;
    assert_true(sweep_memory(explain_all, fixture) >= 2 * 100);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_allocation_of_an_explanation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
