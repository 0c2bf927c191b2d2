/* Merging trades (I8): with ids, without, and both; by tables and against a plain oracle. */
#include "trade_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "column/reshape.h"
#include "lake/file_rows.h"
#include "lake/merge.h"

#define AT(us) (TRADE_DAY_US + (us))

static const struct data_type *trades(void)
{
    const struct data_type *type = NULL;
    assert_int_equal(data_type_find("trades", &type, NULL), LAKE_OK);
    return type;
}

static void sort(struct batch *in, struct batch *out)
{
    struct lake_error err = {LAKE_OK, ""};
    if (merge_sort(trades(), in, out, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    assert_true(schema_find(out->schema, MERGE_SOURCE_COLUMN) < 0);
}

/* Rows of several sources in one batch, as a write collects them. */
static void make_sourced(const struct trade *rows, const int32_t *sources, size_t n, struct batch *out)
{
    make_trades(rows, n, TRADE_ALL, out);
    assert_int_equal(batch_add_int32(out, MERGE_SOURCE_COLUMN, 0, NULL), LAKE_OK);
    int found = schema_find(out->schema, MERGE_SOURCE_COLUMN);
    assert_true(found >= 0);
    if (n > 0)
        memcpy(batch_values(out, (size_t)found), sources, n * sizeof *sources);
}

static void assert_sorts_to(const struct trade *rows, const int32_t *sources, size_t n, const char *expected)
{
    struct batch in = {0}, out = {0};
    make_sourced(rows, sources, n, &in);
    sort(&in, &out);
    assert_string_equal(trades_text(&out), expected);
    batch_release(&in);
    batch_release(&out);
}

static void assert_merges_to(const struct trade *old, size_t n_old, const struct trade *new, size_t n_new,
                             const struct merge_counts *expected_counts, const char *expected)
{
    struct batch in = {0}, stored = {0}, incoming = {0}, out = {0};
    struct merge_counts counts;
    make_trades(old, n_old, TRADE_ALL, &in);
    sort(&in, &stored);
    make_trades(new, n_new, TRADE_ALL, &in);
    sort(&in, &incoming);
    const struct merge_sides sides = {trades(), &stored, &incoming};
    assert_int_equal(merge_batches(&sides, &out, &counts, NULL), LAKE_OK);
    assert_string_equal(trades_text(&out), expected);
    assert_memory_equal(&counts, expected_counts, sizeof counts);
    batch_release(&stored);
    batch_release(&incoming);
    batch_release(&out);
}

#define N(array) (sizeof(array) / sizeof *(array))

/* ---- tables ---- */

static void test_trades_of_one_instant_are_several(void **state)
{
    static const struct trade rows[] = {{AT(5), "10", 1, 1, "buy", NULL},
                                        {AT(5), "9", 2, 1, "sell", NULL},
                                        {AT(5), NULL, 3, 1, "buy", NULL},
                                        {AT(4), "11", 4, 1, "buy", NULL}};
    static const int32_t sources[] = {0, 0, 0, 0};
    (void)state;
    assert_sorts_to(rows, sources, N(rows),
                    "4 11 4 1 buy -\n"
                    "5 9 2 1 sell -\n"
                    "5 10 1 1 buy -\n"
                    "5 - 3 1 buy -\n");
}

static void test_rows_of_one_id_are_one_and_later_values_win_by_column(void **state)
{
    static const struct trade rows[] = {{AT(5), "7", 1, 1, NULL, "first"},
                                        {AT(5), "7", NAN, 2, "buy", NULL},
                                        {AT(5), "007", 9, 9, "buy", NULL}, /* another text, another id */
                                        {AT(6), "7", 5, 5, "buy", NULL}};  /* another time */
    static const int32_t sources[] = {0, 0, 0, 0};
    (void)state;
    assert_sorts_to(rows, sources, N(rows),
                    "5 007 9 9 buy -\n"
                    "5 7 1 2 buy first\n"
                    "6 7 5 5 buy -\n");
}

static void test_equal_rows_without_id_are_counted_within_a_source(void **state)
{
    static const struct trade row = {AT(5), NULL, 1, 1, "buy", NULL};
    const struct trade rows[] = {row, row, row, row, row};
    static const int32_t of_one[] = {0, 0, 0, 0, 0}, two_and_three[] = {0, 0, 1, 1, 1}, mixed[] = {1, 0, 1, 0, 1},
                         of_five[] = {4, 2, 9, 0, 1};
    const char *text = "5 - 1 1 buy -\n";
    char expected[128];
    (void)state;
    (void)snprintf(expected, sizeof expected, "%s%s%s%s%s", text, text, text, text, text);
    assert_sorts_to(rows, of_one, 5, expected);
    (void)snprintf(expected, sizeof expected, "%s%s%s", text, text, text);
    assert_sorts_to(rows, two_and_three, 5, expected);
    assert_sorts_to(rows, mixed, 5, expected);
    assert_sorts_to(rows, of_five, 5, text);
}

/* The first of one source goes with the first of the other, the second with the second. */
static void test_counted_rows_of_two_sources_are_merged_by_number(void **state)
{
    static const struct trade rows[] = {{AT(5), NULL, 1, 1, "buy", "a"},
                                        {AT(5), NULL, 1, 1, "buy", "b"},
                                        {AT(5), NULL, 1, 1, "buy", "c"},
                                        {AT(5), NULL, 1, 1, "buy", NULL},
                                        {AT(5), NULL, 1, 1, "buy", "e"}};
    static const int32_t in_turn[] = {0, 0, 1, 1, 1}, backwards[] = {1, 1, 0, 0, 0};
    (void)state;
    assert_sorts_to(rows, in_turn, N(rows),
                    "5 - 1 1 buy c\n"
                    "5 - 1 1 buy b\n"
                    "5 - 1 1 buy e\n");
    assert_sorts_to(rows, backwards, N(rows), /* whatever the order in which they were staged */
                    "5 - 1 1 buy a\n"
                    "5 - 1 1 buy b\n"
                    "5 - 1 1 buy e\n");
}

static void test_merging_keeps_the_greater_count(void **state)
{
    static const struct trade two[] = {{AT(5), NULL, 1, 1, "buy", NULL}, {AT(5), NULL, 1, 1, "buy", NULL}};
    static const struct trade three[] = {
        {AT(5), NULL, 1, 1, "buy", NULL}, {AT(5), NULL, 1, 1, "buy", NULL}, {AT(5), NULL, 1, 1, "buy", NULL}};
    static const struct merge_counts one_new = {1, 0, 2}, all_equal = {0, 0, 2};
    const char *expected = "5 - 1 1 buy -\n5 - 1 1 buy -\n5 - 1 1 buy -\n";
    (void)state;
    assert_merges_to(two, 2, three, 3, &one_new, expected);
    assert_merges_to(three, 3, two, 2, &all_equal, expected);
    assert_merges_to(two, 2, two, 2, &all_equal, "5 - 1 1 buy -\n5 - 1 1 buy -\n");
}

static void test_rows_with_and_without_ids_stand_side_by_side(void **state)
{
    static const struct trade old[] = {{AT(5), "2", 1, 1, "buy", NULL}, {AT(5), NULL, 1, 1, "buy", "kept"}};
    static const struct trade new[] = {{AT(5), "10", 1, 1, "buy", NULL},
                                       {AT(5), "2", 1, 3, "buy", NULL},
                                       {AT(5), NULL, 1, 1, "buy", NULL},
                                       {AT(5), NULL, 1, 1, NULL, NULL}};
    static const struct merge_counts counts = {2, 1, 1};
    (void)state;
    assert_merges_to(old, N(old), new, N(new), &counts,
                     "5 2 1 3 buy -\n"
                     "5 10 1 1 buy -\n"
                     "5 - 1 1 - -\n"
                     "5 - 1 1 buy kept\n");
}

static void test_a_batch_without_the_column_has_no_ids(void **state)
{
    static const struct trade row = {AT(5), "5", 1, 1, "buy", NULL};
    struct batch in = {0}, stored = {0}, incoming = {0}, out = {0};
    struct merge_counts counts;
    (void)state;
    make_trades(&row, 1, TRADE_WITHOUT_ID, &in);
    sort(&in, &stored);
    make_trades(&row, 1, TRADE_ALL, &in);
    sort(&in, &incoming);
    const struct merge_sides sides = {trades(), &stored, &incoming};
    assert_int_equal(merge_batches(&sides, &out, &counts, NULL), LAKE_OK);
    assert_string_equal(trades_text(&out), "5 5 1 1 buy -\n5 - 1 1 buy -\n");
    assert_int_equal(counts.n_new, 1);
    batch_release(&stored);
    batch_release(&incoming);
    batch_release(&out);
}

static void test_rows_in_order_are_not_copied(void **state)
{
    static const struct trade rows[] = {{AT(5), "9", 1, 1, "buy", NULL},  {AT(5), "10", 1, 1, "buy", NULL},
                                        {AT(5), NULL, 1, 1, "buy", NULL}, {AT(5), NULL, 1, 1, "buy", NULL},
                                        {AT(6), "1", 1, 1, "buy", NULL},  {AT(7), "1", 1, 1, "buy", NULL}};
    static const int32_t sources[] = {0, 0, 1, 1, 1, 2};
    struct batch in = {0}, out = {0};
    (void)state;
    make_trades(rows, N(rows), TRADE_ALL, &in);
    const void *prices = batch_values(&in, 2);
    sort(&in, &out);
    assert_ptr_equal(batch_values(&out, 2), prices);
    batch_release(&out);
    make_sourced(rows, sources, N(rows), &in);
    prices = batch_values(&in, 2);
    sort(&in, &out);
    assert_int_equal(out.n_rows, N(rows));
    assert_ptr_not_equal(batch_values(&out, 2), prices); /* two sources at 5: perhaps there is something to fold */
    batch_release(&out);
}

/* ---- against an oracle ---- */

enum { SLOTS = 3 * 4 * 2, MOST_ROWS = 48, SOURCES = 3, ROUNDS = 1500 };

/* Slot (time, id, price): with id 0 there is none. An amount of 1 always; the note is the value that is merged. */
struct row {
    int64_t ts;
    int id, price;
    int32_t source;
    int note; /* 0: null */
};

static const char *const ids[] = {NULL, "2", "10", "x"};
static const char *const notes[] = {NULL, "a", "b", "c"};

static uint64_t seed = 7;

static uint32_t roll(uint32_t sides)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % sides;
}

static size_t make_rows(struct row *rows)
{
    size_t n = roll(MOST_ROWS);
    for (size_t i = 0; i < n; i++)
        rows[i] = (struct row){roll(3), (int)roll(4), (int)roll(2), (int32_t)roll(SOURCES), (int)roll(4)};
    return n;
}

/* What one slot holds: rows of ids have one, others as many as one source has most. */
struct slot {
    int n;
    int price[MOST_ROWS], note[MOST_ROWS];
};

static void apply(struct slot *slot, int number, const struct row *row)
{
    if (number == slot->n)
        slot->note[slot->n++] = 0;
    slot->price[number] = row->price;
    slot->note[number] = row->note == 0 ? slot->note[number] : row->note;
}

/* Slots in the order of the key: time, then ids (2, 10, x), then no id by price. */
static size_t slot_of(const struct row *row)
{
    return (size_t)row->ts * 8 + (row->id == 0 ? 6 + (size_t)row->price : (size_t)row->id);
}

/* Source by source, in order of arrival within each; rows with ids in order of arrival at all. */
static void fill_slots(const struct row *rows, size_t n, struct slot *slots)
{
    for (int32_t source = 0; source < SOURCES; source++) {
        int counts[SLOTS] = {0};
        for (size_t i = 0; i < n; i++)
            if (rows[i].id == 0 && rows[i].source == source)
                apply(&slots[slot_of(&rows[i])], counts[slot_of(&rows[i])]++, &rows[i]);
    }
    for (size_t i = 0; i < n; i++)
        if (rows[i].id != 0)
            apply(&slots[slot_of(&rows[i])], 0, &rows[i]);
}

static const char *slots_text(const struct slot *slots)
{
    static char text[64 * MOST_ROWS];
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < SLOTS; i++)
        for (int k = 0; k < slots[i].n; k++) {
            const char *id = i % 8 >= 6 ? "-" : ids[i % 8];
            const char *note = slots[i].note[k] == 0 ? "-" : notes[slots[i].note[k]];
            used += (size_t)snprintf(text + used, sizeof text - used, "%zu %s %d 1 - %s\n", i / 8, id,
                                     slots[i].price[k], note);
        }
    return text;
}

static void make_batch_of(const struct row *rows, size_t n, struct batch *out)
{
    struct trade made[MOST_ROWS];
    int32_t sources[MOST_ROWS];
    for (size_t i = 0; i < n; i++) {
        made[i] = (struct trade){AT(rows[i].ts), ids[rows[i].id], rows[i].price, 1, NULL, notes[rows[i].note]};
        sources[i] = rows[i].source;
    }
    make_sourced(made, sources, n, out);
}

static void test_sorting_folds_as_the_oracle_does(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct row rows[MOST_ROWS];
        struct slot slots[SLOTS] = {{0, {0}, {0}}};
        struct batch in = {0}, out = {0};
        size_t n = make_rows(rows);
        make_batch_of(rows, n, &in);
        fill_slots(rows, n, slots);
        sort(&in, &out);
        assert_string_equal(trades_text(&out), slots_text(slots));
        batch_release(&out);
    }
}

/* As of one operation after the other: what is stored counts as one source. */
static void test_merging_is_as_of_another_source(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct row rows[2 * MOST_ROWS];
        struct slot slots[SLOTS] = {{0, {0}, {0}}};
        struct batch in = {0}, stored = {0}, incoming = {0}, out = {0};
        struct merge_counts counts;
        size_t n = make_rows(rows), n_more = make_rows(rows + n);
        for (size_t i = 0; i < n + n_more; i++)
            rows[i].source = i >= n;
        make_batch_of(rows, n, &in);
        sort(&in, &stored);
        make_batch_of(rows + n, n_more, &in);
        sort(&in, &incoming);
        fill_slots(rows, n + n_more, slots);
        const struct merge_sides sides = {trades(), &stored, &incoming};
        assert_int_equal(merge_batches(&sides, &out, &counts, NULL), LAKE_OK);
        assert_string_equal(trades_text(&out), slots_text(slots));
        assert_int_equal(counts.n_new, out.n_rows - stored.n_rows);
        assert_int_equal(counts.n_new + counts.n_changed + counts.n_equal, incoming.n_rows);
        batch_release(&stored);
        batch_release(&incoming);
        batch_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trades_of_one_instant_are_several),
        cmocka_unit_test(test_rows_of_one_id_are_one_and_later_values_win_by_column),
        cmocka_unit_test(test_equal_rows_without_id_are_counted_within_a_source),
        cmocka_unit_test(test_counted_rows_of_two_sources_are_merged_by_number),
        cmocka_unit_test(test_merging_keeps_the_greater_count),
        cmocka_unit_test(test_rows_with_and_without_ids_stand_side_by_side),
        cmocka_unit_test(test_a_batch_without_the_column_has_no_ids),
        cmocka_unit_test(test_rows_in_order_are_not_copied),
        cmocka_unit_test(test_sorting_folds_as_the_oracle_does),
        cmocka_unit_test(test_merging_is_as_of_another_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
