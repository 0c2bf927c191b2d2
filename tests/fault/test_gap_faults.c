/* Gaps and coverage where each allocation, and each file operation, fails in turn: what is answered is right or an error. */
#include "unit/ops/gap_fixture.h"

#include <errno.h>

#include "fault/fault_io.h"
#include "fault/fault_memory.h"

enum { N_GAPS = 3, N_MONTHS = 2, DAY = 1440 };

static int64_t minute(int64_t n)
{
    return DAY_2024 + n * MS_PER_MINUTE;
}

static void write_minutes(struct lake *lake, int64_t first, size_t n)
{
    (void)write_bars(lake, "BTCUSDT", bars_from(minute(first), n), n);
}

/* A hole, a deletion, days between. */
static struct fixture *new_lake(void)
{
    struct fixture *fixture = fixture_new();
    fixture->n_threads = 1;
    fixture_reopen(fixture);
    write_minutes(fixture->lake, 0, 10);
    write_minutes(fixture->lake, 20, 20);
    write_minutes(fixture->lake, 40 * DAY, 5);
    (void)delete_bars(fixture->lake, "BTCUSDT", minute(30), minute(35));
    return fixture;
}

/* ---- the work ---- */

static lake_status count(struct ArrowArrayStream *stream, int64_t expected, struct lake_error *err)
{
    struct ArrowArray array = {0};
    int64_t n = 0;
    int result = 0;
    lake_status status = LAKE_OK;
    for (;;) {
        result = stream->get_next(stream, &array);
        if (result != 0 || array.release == NULL)
            break;
        n += array.length;
        array.release(&array);
    }
    if (result != 0)
        status = lake_fail(err, result == ENOMEM ? LAKE_NO_MEMORY : LAKE_IO, "%s", stream->get_last_error(stream));
    else if (n != expected)
        status = lake_fail(err, LAKE_INTERNAL, "%d rows, not %d", (int)n, (int)expected);
    stream->release(stream);
    return status;
}

static lake_status look(struct lake *lake, struct lake_error *err)
{
    const struct lake_gaps_options options = {.size = sizeof options};
    struct lake_gaps_result result = {.size = sizeof result};
    struct ArrowArrayStream stream = {0};
    TRY(lake_list_gaps(lake, &options, &result, &stream, err));
    TRY(count(&stream, N_GAPS, err));
    if (result.n_present != 30 || result.n_expected != 40 * DAY + 5 || result.n_reasons != 2)
        return lake_fail(err, LAKE_INTERNAL, "other sums");
    TRY(lake_list_coverage(lake, NULL, &stream, err));
    return count(&stream, N_MONTHS, err);
}

static lake_status look_at_fixture(void *context, struct lake_error *err)
{
    const struct fixture *fixture = context;
    return look(fixture->lake, err);
}

static void test_an_allocation_fails(void **state)
{
    struct fixture *fixture = new_lake();
    (void)state;
    assert_true(sweep_memory(look_at_fixture, fixture) > 30);
    fixture_free(fixture);
}

static lake_status open_and_look(void *context, struct io io, struct lake_error *err)
{
    struct fixture *fixture = context;
    lake_status status = fixture_try_open(fixture, io, err);
    if (status == LAKE_OK)
        status = look(fixture->lake, err);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    return status;
}

static void test_a_file_operation_fails(void **state)
{
    struct fixture *fixture = new_lake();
    (void)state;
    const struct io_sweep sweep = {
        .work = open_and_look,
        .context = fixture,
        .tolerated = "open close lock write remove random list status file_status make_directory sync "
                     "is_network rename remove_directory real_path read_at read",
    };
    assert_true(sweep_io(&sweep) > 5);
    fixture_reopen(fixture);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_allocation_fails),
        cmocka_unit_test(test_a_file_operation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
