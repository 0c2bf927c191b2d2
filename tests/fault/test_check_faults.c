/* Checking bars where each allocation, and each file operation, fails in turn: what is answered is right or an error. */
#include "unit/lake/change_fixture.h"

#include <errno.h>

#include <datalake/bars.h>

#include "fault/fault_io.h"
#include "fault/fault_memory.h"

enum { N_MINUTES = 120, N_ROWS = N_MINUTES + 2, N_FINDINGS = 5 };

static void add_bars(struct lake *lake, const char *period, const struct bar *bars, size_t n)
{
    struct lake_write *write = begin_write(lake, "BTCUSDT", period);
    append_bars(write, bars, n);
    (void)commit_write(write);
}

/* Minutes one of which is wrong and one stands still, and hours that are not what they give. */
static struct fixture *new_lake(void)
{
    struct fixture *fixture = fixture_new();
    struct bar minutes[N_MINUTES];
    fixture->n_threads = 1;
    fixture_reopen(fixture);
    for (int i = 0; i < N_MINUTES; i++)
        minutes[i] = (struct bar){DAY_2024 + i * MS_PER_MINUTE, 100, 101, 99, 100 + 0.1 * (i % 3), 1};
    const struct bar hours[] = {{DAY_2024, 100, 101, 99, 100.2, 50}, {DAY_2024 + MS_PER_HOUR, 100, 101, 99, 100.2, 70}};
    minutes[10].close = 102;
    minutes[20] = (struct bar){minutes[20].ts, 100, 100, 100, 100, 0};
    minutes[30].high = 150;
    add_bars(fixture->lake, "1m", minutes, N_MINUTES);
    add_bars(fixture->lake, "1h", hours, 2);
    return fixture;
}

/* ---- the work ---- */

static lake_status count(struct ArrowArrayStream *stream, int64_t *n, struct lake_error *err)
{
    struct ArrowArray array = {0};
    int result = 0;
    *n = 0;
    for (;;) {
        result = stream->get_next(stream, &array);
        if (result != 0 || array.release == NULL)
            break;
        *n += array.length;
        array.release(&array);
    }
    lake_status status = LAKE_OK;
    if (result != 0)
        status = lake_fail(err, result == ENOMEM ? LAKE_NO_MEMORY : LAKE_IO, "%s", stream->get_last_error(stream));
    stream->release(stream);
    return status;
}

static lake_status look(struct lake *lake, struct lake_error *err)
{
    const struct lake_check_options options = {.size = sizeof options};
    struct lake_check_result result = {.size = sizeof result};
    struct ArrowArrayStream stream = {0};
    int64_t n = 0;
    TRY(lake_check_bars(lake, &options, &result, &stream, err));
    TRY(count(&stream, &n, err));
    if (n != N_FINDINGS || result.n_wrong != 1 || result.n_suspect != N_FINDINGS - 1 || result.n_rows != N_ROWS)
        return lake_fail(err, LAKE_INTERNAL, "%d rows, %d wrong, %d suspect", (int)n, (int)result.n_wrong,
                         (int)result.n_suspect);
    return LAKE_OK;
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
