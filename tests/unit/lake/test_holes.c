/* Holes of days: against a naive count of slots over random days, bytes that are none, and where they are recorded. */
#include "change_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "lake/content.h"
#include "lake/holes.h"

enum { DAY = 1440, MOST_ROWS = 2000, RANDOM_DAYS = 300 };

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % below;
}

static const struct period *find_period(const char *name)
{
    const struct period *period = NULL;
    assert_int_equal(period_find(name, &period, NULL), LAKE_OK);
    return period;
}

static void encode(const struct period *period, const int64_t *values, size_t n, int64_t per_ms, struct buffer *out)
{
    const struct time_values times = {values, (int64_t)n, per_ms};
    buffer_init(out, MIB);
    assert_int_equal(holes_encode(period, &times, out, NULL), LAKE_OK);
}

/* ---- against a model ---- */

/* Marks each slot that has a bar, and reads off where none is. */
static void assert_holes(const struct period *period, const int64_t *values, size_t n, const struct buffer *bytes)
{
    bool has_bar[DAY] = {false};
    struct holes_reader reader;
    struct hole hole;
    bool has_one = true;
    int64_t slot = 0, last = (values[n - 1] - values[0]) / period->length_ms;
    for (size_t i = 0; i < n; i++)
        has_bar[(values[i] - values[0]) / period->length_ms] = true;
    holes_begin(&reader, period, values[0], bytes->data, bytes->length);
    while (has_one) {
        assert_int_equal(holes_next(&reader, &hole, &has_one, NULL), LAKE_OK);
        while (slot <= last && has_bar[slot])
            slot++;
        assert_int_equal(has_one, slot <= last);
        if (!has_one)
            break;
        assert_int_equal(hole.start_ms, values[0] + slot * period->length_ms);
        while (!has_bar[slot])
            slot++;
        assert_int_equal(hole.end_ms, values[0] + slot * period->length_ms);
    }
}

static size_t make_times(const struct period *period, uint32_t *seed, int64_t *values)
{
    size_t n = 0, slots = (size_t)(MS_PER_DAY / period->length_ms);
    uint32_t percent = draw(seed, 101);
    int64_t phase = draw(seed, 4) == 0 ? draw(seed, 30) : 0;
    for (size_t slot = 0; slot < slots; slot++)
        if (n == 0 || draw(seed, 100) < percent)
            values[n++] = DAY_2024 + (int64_t)slot * period->length_ms + phase;
    return n;
}

static void test_random_days(void **state)
{
    static const char *const names[] = {"1m", "5m", "1h", "12h"};
    static int64_t values[MOST_ROWS], micros[MOST_ROWS];
    uint32_t seed = 7;
    (void)state;
    for (int i = 0; i < RANDOM_DAYS; i++) {
        const struct period *period = find_period(names[i % 4]);
        struct buffer bytes, same;
        size_t n = make_times(period, &seed, values);
        for (size_t k = 0; k < n; k++)
            micros[k] = values[k] * 1000;
        encode(period, values, n, 1, &bytes);
        assert_holes(period, values, n, &bytes);
        encode(period, micros, n, 1000, &same);
        assert_int_equal(same.length, bytes.length);
        if (bytes.length > 0)
            assert_memory_equal(same.data, bytes.data, bytes.length);
        buffer_release(&bytes);
        buffer_release(&same);
    }
}

/* Stamps that jump off the grid take the slot that they fall into, two may share one. */
static void test_bars_off_the_grid(void **state)
{
    static const int64_t values[] = {0, 60000, 60500, 150000, 179999, 300000};
    struct buffer bytes;
    (void)state;
    encode(find_period("1m"), values, 6, 1, &bytes);
    assert_int_equal(bytes.length, 2);
    assert_int_equal(bytes.data[0], 3); /* minutes 0, 1, 2 */
    assert_int_equal(bytes.data[1], 2); /* 3 and 4 */
    buffer_release(&bytes);
}

static void test_where_nothing_is_looked_for(void **state)
{
    static const int64_t values[] = {0, 7200000};
    static const char *const names[] = {"1d", "3d", "1w", "1mo", "tick", "event"};
    struct buffer bytes;
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        encode(find_period(names[i]), values, 2, 1, &bytes);
        assert_int_equal(bytes.length, 0);
        buffer_release(&bytes);
    }
    encode(find_period("2h"), values, 2, 1, &bytes);
    assert_int_equal(bytes.length, 0);
    buffer_release(&bytes);
}

/* ---- bytes that are none ---- */

static lake_status read_all(const uint8_t *data, size_t n)
{
    struct holes_reader reader;
    struct hole hole;
    bool has_one = true;
    lake_status status = LAKE_OK;
    holes_begin(&reader, find_period("1m"), DAY_2024, data, n);
    while (status == LAKE_OK && has_one)
        status = holes_next(&reader, &hole, &has_one, NULL);
    return status;
}

static void test_bytes_that_are_none(void **state)
{
    static const uint8_t cases[][8] = {
        {0x01},                               /* half a pair */
        {0x80},                               /* half a number */
        {0x00, 0x01},                         /* no bar before */
        {0x01, 0x00},                         /* nothing missing */
        {0x81, 0x00, 0x01},                   /* longer than need be */
        {0xA1, 0x0B, 0x01},                   /* 1441 minutes */
        {0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F}, /* 2^35 */
        {0x01, 0x9F, 0x0B},                   /* all others, so that no bar is left */
    };
    static const size_t lengths[] = {1, 1, 2, 2, 3, 3, 6, 3};
    static const uint8_t sound[] = {0x01, 0x9E, 0x0B};
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        assert_int_equal(read_all(cases[i], lengths[i]), LAKE_CORRUPT);
    assert_int_equal(read_all(sound, sizeof sound), LAKE_OK);
    assert_int_equal(read_all(sound, 0), LAKE_OK);
}

/* ---- where they are recorded ---- */

static void assert_recorded(struct lake *lake, size_t day, const uint8_t *bytes, size_t n_bytes)
{
    size_t n = 0;
    const struct manifest_content *days = live_contents(lake, "BTCUSDT", &n);
    assert_true(day < n);
    assert_non_null(days[day].holes);
    assert_int_equal(days[day].n_holes_bytes, n_bytes);
    if (n_bytes > 0)
        assert_memory_equal(days[day].holes, bytes, n_bytes);
}

static void test_every_way_records_them(void **state)
{
    static const uint8_t ten_after_five[] = {5, 10}, ten_and_one[] = {5, 10, 85, 1};
    struct fixture *fixture = fixture_new();
    struct bar *bars = calloc(DAY, sizeof *bars);
    (void)state;
    assert_non_null(bars);
    memcpy(bars, bars_from(DAY_2024, DAY), DAY * sizeof *bars);
    (void)write_bars(fixture->lake, "BTCUSDT", bars, 5);
    assert_recorded(fixture->lake, 0, NULL, 0);
    (void)write_bars(fixture->lake, "BTCUSDT", bars + 15, DAY - 15);
    assert_recorded(fixture->lake, 0, ten_after_five, 2);
    (void)delete_bars(fixture->lake, "BTCUSDT", bars[100].ts, bars[101].ts);
    assert_recorded(fixture->lake, 0, ten_and_one, 4);
    (void)undo_operation(fixture->lake, 0);
    assert_recorded(fixture->lake, 0, ten_after_five, 2);
    (void)write_bars(fixture->lake, "BTCUSDT", bars, DAY);
    assert_recorded(fixture->lake, 0, NULL, 0);
    free(bars);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_days),
        cmocka_unit_test(test_bars_off_the_grid),
        cmocka_unit_test(test_where_nothing_is_looked_for),
        cmocka_unit_test(test_bytes_that_are_none),
        cmocka_unit_test(test_every_way_records_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
