/* Random rows with conflicts, over several sources, in random order, committed in several ingests: equal to a model that knows nothing
 * of files. Bars: of each column the last value that is there counts. Trades with ids: the same by time and id. Trades without: as many of
 * each kind as the source that has most of them. */
#include "ingest_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit/base/check.h"

enum { ROUNDS = 12, MOST_INGESTS = 3, MOST_FILES = 3, COLUMNS = 4, LINE_BYTES = 200, FILE_BYTES = 100000 };
enum { MINUTES = 3000, KINDS = 60 };

static const struct ingest_tuning small = {.save_from_bytes = 1, .save_every_bytes = 2 << 10, .block_bytes = 1 << 10};

static uint32_t seed;

static uint32_t draw(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)(seed >> 8) * n) >> 24);
}

static void ingest_all(const char *const *sources, size_t n, const char *type, struct lake_ingest_result *result)
{
    struct lake_error err = {0};
    struct lake_ingest_options options = options_of(sources, n);
    options.dataset.type = type;
    options.dataset.period = type == NULL ? "1m" : NULL;
    options.checks = LAKE_CHECK_OFF;
    *result = (struct lake_ingest_result){.size = sizeof *result};
    lake_ok(ingest_run(fixture->lake, &options, &small, result, &err));
}

/* ---- bars ---- */

struct model_bar {
    bool is_there;
    double values[COLUMNS + 1]; /* open, high, low, close, volume; 0: null */
};

/* A file of random bars, some of whose values are missing, which the model takes in the same order. */
static void draw_bars(char *text, struct model_bar *model, int64_t *n_rows)
{
    size_t at = (size_t)snprintf(text, FILE_BYTES, BAR_HEADER);
    int64_t n = 1 + draw(400), from = draw(MINUTES);
    bool is_shuffled = draw(3) == 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t minute = is_shuffled ? draw(MINUTES) : (from + i - (i % 37 == 0 ? draw(5) : 0) + MINUTES) % MINUTES;
        struct model_bar *bar = &model[minute];
        bar->is_there = true;
        at += (size_t)snprintf(text + at, LINE_BYTES, "%lld", (long long)(DAY_2024 + minute * MS_PER_MINUTE));
        for (int k = 0; k <= COLUMNS; k++) {
            double value = draw(4) == 0 ? 0 : 1 + draw(1000) / 8.0;
            if (value != 0)
                bar->values[k] = value;
            at += (size_t)(value == 0 ? snprintf(text + at, LINE_BYTES, ",")
                                      : snprintf(text + at, LINE_BYTES, ",%.3f", value));
        }
        text[at++] = '\n';
    }
    text[at] = '\0';
    *n_rows += n;
}

static void assert_value(double value, bool is_valid, double wanted)
{
    assert_int_equal(is_valid, wanted != 0);
    if (is_valid)
        assert_true(value == wanted);
}

static void assert_bars(const struct model_bar *model)
{
    struct lake_error err = {0};
    struct lake_scan *scan = NULL;
    struct ArrowArray array = {.release = NULL};
    struct lake_scan_options options = {.size = sizeof options, .dataset = {.exchange = "test", .symbol = "BTCUSDT"}};
    int64_t minute = 0;
    lake_ok(lake_scan_open(fixture->lake, &options, &scan, &err));
    for (;;) {
        lake_ok(lake_scan_next(scan, &array, &err));
        if (array.release == NULL)
            break;
        const int64_t *ts = array.children[0]->buffers[1];
        for (int64_t row = 0; row < array.length; row++, minute++) {
            while (minute < MINUTES && !model[minute].is_there)
                minute++;
            assert_true(minute < MINUTES && ts[row] == DAY_2024 + minute * MS_PER_MINUTE);
            for (int k = 0; k <= COLUMNS; k++) {
                const struct ArrowArray *column = array.children[k + 1];
                const uint8_t *validity = column->buffers[0];
                assert_value(((const double *)column->buffers[1])[row], validity == NULL || bit_get(validity, row),
                             model[minute].values[k]);
            }
        }
        array.release(&array);
    }
    while (minute < MINUTES)
        assert_false(model[minute++].is_there);
    lake_scan_close(scan);
}

static void test_bars(void **state)
{
    (void)state;
    static struct model_bar model[MINUTES];
    static char texts[MOST_FILES][FILE_BYTES];
    for (uint32_t round = 0; round < ROUNDS; round++) {
        seed = round;
        memset(model, 0, sizeof model);
        for (uint32_t k = 1 + draw(MOST_INGESTS); k > 0; k--) {
            struct lake_ingest_result result;
            const char *sources[MOST_FILES];
            char name[32];
            int64_t n_rows = 0;
            size_t n = 1 + draw(MOST_FILES);
            for (size_t i = 0; i < n; i++) {
                draw_bars(texts[i], model, &n_rows);
                (void)snprintf(name, sizeof name, "s%zu.csv", i);
                sources[i] = write_source(name, texts[i]);
            }
            ingest_all(sources, n, NULL, &result);
            assert_int_equal(result.rows_read, n_rows);
            assert_bars(model);
            /* The same again changes nothing. */
            ingest_all(sources + n - 1, 1, NULL, &result);
            assert_int_equal(result.snapshot, 0);
        }
        ingest_tear_down(state);
        ingest_set_up(state);
    }
}

/* ---- trades ---- */

/* A trade of a kind: kinds differ in time, price or amount, several of them in one millisecond. */
static int print_trade(char *text, uint32_t kind, uint32_t id, uint32_t price)
{
    long long us = DAY_2024 * 1000 + kind / 3 * 500;
    if (id == 0)
        return snprintf(text, LINE_BYTES, "%lld,%u,%u,%s\n", us, price, 1 + kind % 2, kind % 3 == 0 ? "buy" : "sell");
    return snprintf(text, LINE_BYTES, "%lld,%u,%u,%u,%s\n", us, id, price, 1 + kind % 2,
                    kind % 3 == 0 ? "buy" : "sell");
}

static int64_t count_rows(void)
{
    struct lake_error err = {0};
    struct lake_scan *scan = NULL;
    struct lake_scan_options options = {.size = sizeof options,
                                        .dataset = {.exchange = "test", .symbol = "BTCUSDT", .type = "trades"}};
    lake_ok(lake_scan_open(fixture->lake, &options, &scan, &err));
    int64_t n = lake_scan_rows(scan);
    lake_scan_close(scan);
    return n;
}

/* Every line of the model is among the stored ones exactly so often. */
static void assert_lines(const char *const *lines, const int64_t *counts, size_t n)
{
    char *text = read_text("BTCUSDT", "trades");
    int64_t n_all = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t found = 0;
        for (const char *p = strstr(text, lines[i]); p != NULL; p = strstr(p + 1, lines[i]))
            found++;
        assert_int_equal(found, counts[i]);
        n_all += counts[i];
    }
    assert_int_equal(count_rows(), n_all);
    free(text);
}

/* The line of a trade without id as the lake prints it. */
static void print_stored(char *out, uint32_t kind, uint32_t id, uint32_t price)
{
    char time[CALENDAR_TEXT_BYTES], id_text[16] = "";
    (void)calendar_format_us(DAY_2024 * 1000 + kind / 3 * 500, time);
    if (id != 0)
        (void)snprintf(id_text, sizeof id_text, "%u,", id);
    (void)snprintf(out, LINE_BYTES, "\n%s,%s%u,%u,%s\n", time, id_text, price, 1 + kind % 2,
                   kind % 3 == 0 ? "buy" : "sell");
}

static void draw_counted(char *text, int64_t counts[KINDS])
{
    size_t at = (size_t)snprintf(text, FILE_BYTES, "ts,price,amount,side\n");
    int64_t here[KINDS] = {0};
    for (uint32_t n = 1 + draw(200); n > 0; n--) {
        uint32_t kind = draw(KINDS);
        at += (size_t)print_trade(text + at, kind, 0, 100 + kind);
        here[kind]++;
    }
    for (int i = 0; i < KINDS; i++)
        counts[i] = here[i] > counts[i] ? here[i] : counts[i];
}

static void test_trades_without_ids_are_counted_by_source(void **state)
{
    (void)state;
    static char texts[FILE_BYTES], lines[KINDS][LINE_BYTES];
    const char *line_of[KINDS];
    for (uint32_t round = 0; round < ROUNDS; round++) {
        int64_t counts[KINDS] = {0};
        seed = 100 + round;
        for (uint32_t i = 0; i < KINDS; i++) {
            print_stored(lines[i], i, 0, 100 + i);
            /* Lines follow each other: one line feed is shared, so only the one behind is looked for. */
            line_of[i] = lines[i] + 1;
        }
        for (uint32_t k = 1 + draw(MOST_INGESTS); k > 0; k--) {
            struct lake_ingest_result result;
            const char *sources[MOST_FILES];
            char name[32];
            size_t n = 1 + draw(MOST_FILES);
            for (size_t i = 0; i < n; i++) {
                draw_counted(texts, counts);
                (void)snprintf(name, sizeof name, "s%zu.csv", i);
                sources[i] = write_source(name, texts);
            }
            ingest_all(sources, n, "trades", &result);
            assert_lines(line_of, counts, KINDS);
            ingest_all(sources, n, "trades", &result);
            assert_int_equal(result.snapshot, 0);
        }
        ingest_tear_down(state);
        ingest_set_up(state);
    }
}

static void test_trades_with_ids_are_kept_once(void **state)
{
    (void)state;
    static char text[FILE_BYTES], lines[KINDS][LINE_BYTES];
    const char *line_of[KINDS];
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t prices[KINDS] = {0};
        int64_t counts[KINDS] = {0};
        seed = 200 + round;
        for (uint32_t k = 1 + draw(MOST_INGESTS); k > 0; k--) {
            struct lake_ingest_result result;
            size_t at = (size_t)snprintf(text, sizeof text, "ts,id,price,amount,side\n");
            for (uint32_t n = 1 + draw(300); n > 0; n--) {
                uint32_t kind = draw(KINDS);
                prices[kind] = 100 + draw(900);
                counts[kind] = 1;
                at += (size_t)print_trade(text + at, kind, 1000 + kind, prices[kind]);
            }
            const char *sources[] = {write_source("t.csv", text)};
            ingest_all(sources, 1, "trades", &result);
            for (uint32_t i = 0; i < KINDS; i++) {
                print_stored(lines[i], i, 1000 + i, prices[i]);
                line_of[i] = lines[i] + 1;
            }
            assert_lines(line_of, counts, KINDS);
        }
        ingest_tear_down(state);
        ingest_set_up(state);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ingest_set_up, ingest_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_bars),
        TEST(test_trades_without_ids_are_counted_by_source),
        TEST(test_trades_with_ids_are_kept_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
