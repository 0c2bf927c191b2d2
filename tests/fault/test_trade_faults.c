/* Trades while allocations fail: what is sorted, counted and kept for another staging is either committed or not. */
#include "unit/lake/trade_fixture.h"

#include <stdio.h>
#include <string.h>

#include "fault/fault_memory.h"

#define AT(us) (TRADE_DAY_US + (us))

enum { MOST_CALLS = 20000, TEXT_BYTES = 2048 };

/* Out of order; equal ones; with and without ids. */
static const struct trade first[] = {{AT(7), NULL, 1, 1, "buy", NULL},
                                     {AT(5), NULL, 1, 1, "buy", NULL},
                                     {AT(5), NULL, 1, 1, "buy", NULL},
                                     {AT(5), "10", 1, 1, "buy", NULL},
                                     {AT(5), "9", 1, 1, "buy", NULL}};
static const struct trade second[] = {{AT(5), NULL, 1, 1, "buy", "x"}, {AT(5), "9", 2, 2, "sell", "y"}};

enum { N_FIRST = sizeof first / sizeof *first, N_SECOND = sizeof second / sizeof *second };

static const char before[] = "7 - 1 1 buy -\n";
static const char after[] = "5 9 2 2 sell y\n5 10 1 1 buy -\n5 - 1 1 buy x\n5 - 1 1 buy -\n7 - 1 1 buy -\n";

/* Two sources: the second has other columns, so that the day is staged twice. */
static lake_status write_both(struct lake *lake, const struct batch *batches, struct lake_error *err)
{
    static const struct lake_selection dataset = {"test", NULL, "btcusdt", "trades", NULL};
    struct lake_write *write = NULL;
    struct lake_write_result result;
    lake_status status = LAKE_OK;
    TRY_OUT(lake_write_begin(lake, &dataset, "ingest", &write, err));
    TRY_OUT(lake_write_append(write, &batches[0], err));
    TRY_OUT(lake_write_begin_source(write, err));
    TRY_OUT(lake_write_append(write, &batches[1], err));
    TRY_OUT(lake_write_commit(write, &result, err));
out:
    lake_write_free(write);
    return status;
}

/* Whether the fault was reached. */
static bool try_without_memory(int64_t n, bool for_ever, const struct batch *batches)
{
    struct fixture *fixture = fixture_new();
    struct lake_error err = {LAKE_OK, ""};
    write_trades(fixture->lake, "trades", first, 1, TRADE_WITHOUT_ID);
    fault_memory_arm(n, for_ever);
    lake_status status = write_both(fixture->lake, batches, &err);
    int64_t n_allocations = fault_memory_disarm();
    if (status != LAKE_OK && status != LAKE_NO_MEMORY)
        fail_msg("allocation %d: %s", (int)n, err.message);
    fixture_reopen(fixture);
    const char *found = scan_trades(fixture->lake, "trades", DAY_2024, DAY_2024 + 1);
    bool is_committed = strcmp(found, after) == 0;
    if (!is_committed && (status == LAKE_OK || strcmp(found, before) != 0))
        fail_msg("allocation %d:\n%s", (int)n, found);
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    fixture_free(fixture);
    return n_allocations >= n;
}

/* Every allocation, or one in `step`. */
static void sweep(bool for_ever, int64_t step)
{
    struct batch batches[2] = {{0}, {0}};
    int64_t n = 1;
    make_trades(first, N_FIRST, TRADE_WITHOUT_NOTE, &batches[0]);
    make_trades(second, N_SECOND, TRADE_ALL, &batches[1]);
    while (try_without_memory(n, for_ever, batches)) {
        assert_true(n < MOST_CALLS);
        n += step;
    }
    assert_true(n > 100);
    batch_release(&batches[0]);
    batch_release(&batches[1]);
}

static void test_an_allocation_fails(void **state)
{
    (void)state;
    sweep(false, 3);
}

static void test_allocations_fail_from_some_point_on(void **state)
{
    (void)state;
    sweep(true, 17);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_allocation_fails),
        cmocka_unit_test(test_allocations_fail_from_some_point_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
