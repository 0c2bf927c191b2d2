/* Trades in any order, split and repetition: one content. With ids whatever the sources; without them as long as each source holds
 * all of its own. */
#include "trade_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRADES = 300, ROUNDS = 200, MOST_PARTS = 5, MANY_TRADES = 60000, MANY_DAYS = 40, SMALL_MEMORY = 2 << 20 };

static uint64_t seed = 20240101;

static uint32_t roll(uint32_t sides)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % sides;
}

static int set_up(void **state)
{
    *state = fixture_new();
    return 0;
}

static int tear_down(void **state)
{
    fixture_free(*state);
    return 0;
}

/* Several in most microseconds, over two days; ids of digits, of several lengths, and others. */
static const struct trade *make_all(bool with_ids)
{
    static struct trade trades[TRADES];
    static char ids[TRADES][24];
    for (size_t i = 0; i < TRADES; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "%s%zu", i % 7 == 0 ? "t-" : i % 11 == 0 ? "0" : "", i * 37);
        trades[i] = (struct trade){TRADE_DAY_US + (int64_t)(i / 6) * (INT64_C(2000000) * 3600 * 24 / (TRADES / 6)),
                                   with_ids ? ids[i] : NULL,
                                   with_ids ? (double)i : (double)(i % 2),
                                   1,
                                   i % 3 == 0 ? "sell" : "buy",
                                   NULL};
    }
    return trades;
}

static void shuffle(struct trade *trades, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t k = roll((uint32_t)i);
        struct trade kept = trades[i - 1];
        trades[i - 1] = trades[k];
        trades[k] = kept;
    }
}

static struct lake_write *begin(struct lake *lake, const char *symbol)
{
    const struct lake_selection dataset = {"test", NULL, symbol, "trades", NULL};
    struct lake_write *write = NULL;
    assert_int_equal(lake_write_begin(lake, &dataset, "ingest", &write, NULL), LAKE_OK);
    return write;
}

static void begin_source(struct lake_write *write)
{
    assert_int_equal(lake_write_begin_source(write, NULL), LAKE_OK);
}

struct hashes {
    size_t n;
    uint8_t sha256[MANY_DAYS][SHA256_BYTES];
};

static struct hashes hashes_of(struct lake *lake, const char *symbol)
{
    const struct manifest_filter filter = {.symbol = symbol};
    struct arena arena = ARENA_INIT(1 << 20);
    struct manifest_dataset *datasets = NULL;
    struct manifest_content *contents = NULL;
    struct hashes hashes = {0, {{0}}};
    size_t n = 0;
    assert_int_equal(manifest_find_datasets(lake->manifest, &filter, &arena, &datasets, &n, NULL), LAKE_OK);
    assert_int_equal(n, 1);
    assert_int_equal(
        manifest_find_contents(lake->manifest, datasets[0].id, 0, 100000, &arena, &contents, &hashes.n, NULL), LAKE_OK);
    assert_true(hashes.n <= MANY_DAYS);
    for (size_t i = 0; i < hashes.n; i++)
        memcpy(hashes.sha256[i], contents[i].sha256, SHA256_BYTES);
    arena_release(&arena);
    return hashes;
}

static void assert_same(struct lake *lake, const char *symbol, const struct hashes *expected)
{
    struct hashes found = hashes_of(lake, symbol);
    assert_int_equal(found.n, expected->n);
    assert_memory_equal(found.sha256, expected->sha256, sizeof found.sha256);
}

/* A part of the trades, cut at random, each appended in batches, sources and operations begun at random between them. */
static void write_in_parts(struct lake *lake, const char *symbol, const struct trade *trades)
{
    struct lake_write *write = begin(lake, symbol);
    for (size_t at = 0; at < TRADES;) {
        size_t n = 1 + roll(TRADES / MOST_PARTS);
        n = n < TRADES - at ? n : TRADES - at;
        append_trades(write, trades + at, n, roll(2) == 0 ? TRADE_ALL : TRADE_WITHOUT_NOTE);
        at += n;
        if (roll(3) == 0)
            begin_source(write);
        if (roll(4) != 0)
            continue;
        commit_write(write);
        write = begin(lake, symbol);
    }
    commit_write(write);
}

static void test_trades_with_ids_in_any_order_split_and_repetition(void **state)
{
    struct fixture *fixture = *state;
    struct trade trades[TRADES];
    char symbol[16] = "ORDERED";
    memcpy(trades, make_all(true), sizeof trades);
    struct lake_write *write = begin(fixture->lake, symbol);
    append_trades(write, trades, TRADES, TRADE_ALL);
    assert_int_equal(commit_write(write).rows_new, TRADES);
    struct hashes expected = hashes_of(fixture->lake, symbol);
    assert_int_equal(expected.n, 2);
    for (int round = 0; round < ROUNDS; round++) {
        (void)snprintf(symbol, sizeof symbol, "S%d", round);
        shuffle(trades, TRADES);
        write_in_parts(fixture->lake, symbol, trades);
        assert_same(fixture->lake, symbol, &expected);
        if (round % 8 != 0)
            continue;
        shuffle(trades, TRADES);
        write_in_parts(fixture->lake, symbol, trades);
        assert_same(fixture->lake, symbol, &expected);
    }
    assert_int_equal(count_problems(fixture->lake), 0);
}

/* Each source is all of them, in another order; any number of sources and operations. */
static void test_trades_without_ids_in_any_order_of_whole_sources(void **state)
{
    struct fixture *fixture = *state;
    struct trade trades[TRADES];
    char symbol[16] = "ORDERED";
    memcpy(trades, make_all(false), sizeof trades);
    struct lake_write *write = begin(fixture->lake, symbol);
    append_trades(write, trades, TRADES, TRADE_WITHOUT_ID);
    assert_int_equal(commit_write(write).rows_new, TRADES);
    struct hashes expected = hashes_of(fixture->lake, symbol);
    for (int round = 0; round < ROUNDS; round++) {
        (void)snprintf(symbol, sizeof symbol, "S%d", round);
        write = begin(fixture->lake, symbol);
        for (uint32_t source = 0, n = 1 + roll(3); source < n; source++) {
            size_t cut = roll(TRADES);
            if (source > 0)
                begin_source(write);
            shuffle(trades, TRADES);
            append_trades(write, trades, cut, TRADE_WITHOUT_ID);
            append_trades(write, trades + cut, TRADES - cut, TRADE_ALL); /* other columns: staged in between */
        }
        commit_write(write);
        assert_same(fixture->lake, symbol, &expected);
    }
    assert_int_equal(count_problems(fixture->lake), 0);
}

/* More than fits into memory, in no order: rows lie on disk and in memory at the same time before they meet. */
static void test_many_trades_in_no_order(void **state)
{
    struct fixture *fixture = *state;
    struct trade *trades = calloc(MANY_TRADES, sizeof *trades);
    assert_non_null(trades);
    for (size_t i = 0; i < MANY_TRADES; i++) {
        /* Groups of up to four equal ones; every fifth has an id. */
        int64_t group = (int64_t)(i / 4 + i % 4 / 3);
        int64_t ts = TRADE_DAY_US + group % MANY_DAYS * (MS_PER_DAY * 1000) + group / MANY_DAYS;
        trades[i] = (struct trade){ts, i % 5 == 0 ? "7" : NULL, 1, 2, "buy", NULL};
    }
    struct lake_write *write = begin(fixture->lake, "ORDERED");
    append_trades(write, trades, MANY_TRADES, TRADE_WITHOUT_NOTE);
    int64_t n_rows = commit_write(write).rows_new;
    struct hashes expected = hashes_of(fixture->lake, "ORDERED");
    assert_int_equal(expected.n, MANY_DAYS);
    fixture->lake->memory_bytes = SMALL_MEMORY;
    write = begin(fixture->lake, "SHUFFLED");
    for (int source = 0; source < 3; source++) {
        begin_source(write);
        shuffle(trades, MANY_TRADES);
        for (size_t at = 0; at < MANY_TRADES; at += 1000)
            append_trades(write, trades + at, 1000, TRADE_WITHOUT_NOTE);
    }
    assert_true(count_paths(fixture, ".lake/staging", ".run") > 1);
    struct lake_write_result result = commit_write(write);
    assert_int_equal(result.rows_read, 3 * MANY_TRADES);
    assert_int_equal(result.rows_new, n_rows);
    assert_same(fixture->lake, "SHUFFLED", &expected);
    free(trades);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_trades_with_ids_in_any_order_split_and_repetition, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_trades_without_ids_in_any_order_of_whole_sources, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_trades_in_no_order, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
