/* The quick loops against the plain ones: the same bits, whatever the values and however rows are divided. */
#include "ops/aggregate_gather.h"

#include <math.h>
#include <stdlib.h>

#include "unit/base/check.h"

enum { MAX_CELLS = 21, MAX_EACH = 70, MAX_ROWS = MAX_CELLS * MAX_EACH, N_ROUNDS = 1200 };

static uint64_t state_of_random = 88172645463325252u;

static uint64_t random_bits(void)
{
    state_of_random ^= state_of_random << 13;
    state_of_random ^= state_of_random >> 7;
    state_of_random ^= state_of_random << 17;
    return state_of_random;
}

static double doubles[MAX_ROWS];
static int64_t integers[MAX_ROWS];
static uint8_t present[MAX_ROWS];

static void make_values(void)
{
    static const double strange[] = {NAN, INFINITY, -INFINITY, 0.0, -0.0};
    uint64_t odds = random_bits() % 3 == 0 ? 2 : 200, large = random_bits() % 2 == 0 ? 3 : 1000;
    for (int i = 0; i < MAX_ROWS; i++) {
        double sign = random_bits() % 2 ? 1 : -1;
        doubles[i] =
            random_bits() % odds == 0 ? strange[random_bits() % 5] : sign * (double)(random_bits() % 100000) / 7;
        integers[i] = (int64_t)(random_bits() % large == 0 ? random_bits() >> 8 : random_bits() % 1000);
        present[i] = random_bits() % 3 > 0;
    }
}

/* Zeros of both signs, and now and then a number on one side of them. */
static void make_zeros(void)
{
    double side = random_bits() % 2 ? 1 : -1;
    uint64_t n_kinds = 1 + random_bits() % 3;
    for (int i = 0; i < MAX_ROWS; i++) {
        const double kinds[] = {-0.0, 0.0, side * (double)(random_bits() % 9)};
        doubles[i] = kinds[random_bits() % n_kinds];
    }
}

static struct gather_rows rows_from(bool is_double, bool has_nulls, int64_t row)
{
    const void *values = is_double ? (const void *)(doubles + row) : (const void *)(integers + row);
    return (struct gather_rows){values, has_nulls ? present + row : NULL, is_double};
}

struct cells {
    uint64_t values[MAX_CELLS]; /* bits: memory for either type */
    uint8_t has[MAX_CELLS];
};

/* As plainly as it can be said. */
static uint64_t plain(enum gathering gathering, const struct gather_rows *rows, int64_t n, uint8_t *has)
{
    uint64_t bits = 0;
    double number = 0;
    int64_t integer = 0;
    *has = gathering == GATHER_COUNT;
    for (int64_t i = 0; i < n; i++) {
        if (rows->present != NULL && !rows->present[i])
            continue;
        double x = rows->is_double ? ((const double *)rows->values)[i] : 0;
        int64_t y = rows->is_double ? 0 : ((const int64_t *)rows->values)[i];
        bool is_first = gathering == GATHER_COUNT ? false : !*has;
        bool is_less = rows->is_double ? x < number || isnan(number) : y < integer;
        bool is_more = rows->is_double ? x > number || isnan(number) : y > integer;
        if (gathering == GATHER_COUNT)
            integer++;
        else if (is_first || gathering == GATHER_LAST || (gathering == GATHER_MIN && is_less) ||
                 (gathering == GATHER_MAX && is_more))
            number = x, integer = y;
        else if (gathering == GATHER_SUM)
            number += x, integer = (int64_t)((uint64_t)integer + (uint64_t)y);
        *has = 1;
    }
    if (rows->is_double && gathering != GATHER_COUNT)
        memcpy(&bits, &number, sizeof bits);
    else
        bits = (uint64_t)integer;
    return bits;
}

static void check_same(uint64_t got, uint64_t wanted, bool is_double)
{
    double x, y;
    memcpy(&x, &got, sizeof x);
    memcpy(&y, &wanted, sizeof y);
    if (got != wanted && !(is_double && isnan(x) && isnan(y)))
        fail_msg("%016llx (%g) is not %016llx (%g)", (unsigned long long)got, x, (unsigned long long)wanted, y);
}

static void check_whole(enum gathering gathering, bool is_double, int64_t n_each, int64_t n_cells)
{
    struct cells cells;
    const struct gather_rows rows = rows_from(is_double, false, 0);
    const struct gather_cells out = {cells.values, cells.has};
    gather_begin(gathering, &out, n_cells);
    bool fits = gather_whole(gathering, &rows, n_each, n_cells, &out);
    for (int64_t i = 0; i < n_cells && fits; i++) {
        const struct gather_rows of_cell = rows_from(is_double, false, i * n_each);
        uint8_t has = 0;
        uint64_t wanted = plain(gathering, &of_cell, n_each, &has);
        assert_int_equal(cells.has[i], has);
        check_same(cells.values[i], wanted, is_double && gathering != GATHER_COUNT);
    }
}

/* Rows of one cell, in runs of any length. */
static void check_runs(enum gathering gathering, bool is_double, bool has_nulls, int64_t n)
{
    struct cells cells;
    const struct gather_cells out = {cells.values, cells.has};
    const struct gather_rows all = rows_from(is_double, has_nulls, 0);
    uint8_t has = 0;
    uint64_t wanted = plain(gathering, &all, n, &has);
    gather_begin(gathering, &out, 1);
    for (int64_t row = 0; row < n;) {
        int64_t part = 1 + (int64_t)(random_bits() % (uint64_t)(n - row));
        const struct gather_rows rows = rows_from(is_double, has_nulls, row);
        if (!gather_run(gathering, &rows, part, &out))
            return; /* beyond 64 bits: the wanted sum wraps */
        row += part;
    }
    assert_int_equal(cells.has[0], has);
    if (has)
        check_same(cells.values[0], wanted, is_double && gathering != GATHER_COUNT);
}

static void test_quick_and_plain_agree(void **state)
{
    (void)state;
    for (int round = 0; round < N_ROUNDS; round++) {
        int64_t n_each = 1 + (int64_t)(random_bits() % MAX_EACH), n_cells = 1 + (int64_t)(random_bits() % MAX_CELLS);
        if (round % 20 == 0)
            make_values();
        if (round % 40 == 20)
            make_zeros();
        for (int gathering = GATHER_FIRST; gathering < N_GATHERINGS; gathering++)
            for (int is_double = 0; is_double < 2; is_double++) {
                check_whole((enum gathering)gathering, is_double, n_each, n_cells);
                check_runs((enum gathering)gathering, is_double, false, n_each * n_cells);
                check_runs((enum gathering)gathering, is_double, true, n_each);
            }
    }
}

static void test_sums_at_the_end_of_the_range(void **state)
{
    (void)state;
    struct cells cells;
    const struct gather_cells out = {cells.values, cells.has};
    const struct gather_rows rows = {integers, NULL, false};
    static const struct {
        int64_t values[3];
        bool fits;
    } cases[] = {
        {{INT64_MAX - 1, 1, 0}, true},      {{INT64_MAX, 1, -1}, false},      {{INT64_MAX, 1, 0}, false},
        {{INT64_MIN, 0, -1}, false},        {{INT64_MIN + 1, -1, 0}, true},   {{INT64_MIN, INT64_MAX, 1}, true},
        {{1, INT64_MAX, INT64_MIN}, false}, {{INT64_C(1) << 40, 5, 6}, true}, {{INT64_MAX, INT64_MIN, 5}, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memcpy(integers, cases[i].values, sizeof cases[i].values);
        gather_begin(GATHER_SUM, &out, 1);
        assert_int_equal(gather_run(GATHER_SUM, &rows, 3, &out), cases[i].fits);
        assert_int_equal(gather_whole(GATHER_SUM, &rows, 3, 1, &out), cases[i].fits);
        uint64_t sum = (uint64_t)cases[i].values[0] + (uint64_t)cases[i].values[1] + (uint64_t)cases[i].values[2];
        if (cases[i].fits)
            assert_int_equal(cells.values[0], sum);
    }
}

/* Each gathering has its row: an absent one would be a call of nothing. */
static void test_nothing_present_is_no_value(void **state)
{
    (void)state;
    for (int gathering = GATHER_FIRST; gathering < N_GATHERINGS; gathering++)
        for (int is_double = 0; is_double < 2; is_double++) {
            struct cells cells = {.has = {7}};
            const struct gather_cells out = {cells.values, cells.has};
            const struct gather_rows rows = rows_from(is_double, true, 0);
            memset(present, 0, sizeof present);
            gather_begin((enum gathering)gathering, &out, 1);
            assert_true(gather_run((enum gathering)gathering, &rows, 9, &out));
            assert_int_equal(cells.has[0], gathering == GATHER_COUNT);
            assert_int_equal(cells.values[0], 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quick_and_plain_agree),
        cmocka_unit_test(test_sums_at_the_end_of_the_range),
        cmocka_unit_test(test_nothing_present_is_no_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
