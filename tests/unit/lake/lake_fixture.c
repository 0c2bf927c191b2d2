#define _XOPEN_SOURCE 700
#include "lake_fixture.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "lake/write_state.h"

enum { MOST_BARS = 20000, OPEN_FILES = 16 };

static const struct column_field bar_fields[] = {
    {"ts", COLUMN_TIMESTAMP_MS, 0, false}, {"open", COLUMN_DOUBLE, 0, true},  {"high", COLUMN_DOUBLE, 0, true},
    {"low", COLUMN_DOUBLE, 0, true},       {"close", COLUMN_DOUBLE, 0, true}, {"volume", COLUMN_DOUBLE, 0, true}};

#define ASSERT_OK(call)                                                                                                \
    do {                                                                                                               \
        struct lake_error error_ = {LAKE_OK, ""};                                                                      \
        struct lake_error *err = &error_;                                                                              \
        if ((call) != LAKE_OK)                                                                                         \
            fail_msg("%s", error_.message);                                                                            \
    } while (0)

lake_status fixture_try_open(struct fixture *fixture, struct io io, struct lake_error *err)
{
    char data_root[FIXTURE_PATH_BYTES + 16], db_path[FIXTURE_PATH_BYTES + 16];
    (void)snprintf(data_root, sizeof data_root, "%s/data", fixture->root);
    (void)snprintf(db_path, sizeof db_path, "%s/manifest.db", fixture->root);
    struct lake_options options = {.size = sizeof options,
                                   .data_root = data_root,
                                   .db_path = db_path,
                                   .create = true,
                                   .n_threads = fixture->n_threads};
    lake_close(fixture->lake);
    fixture->lake = NULL;
    return lake_open_with(&options, io, &fixture->lake, err);
}

void fixture_reopen(struct fixture *fixture)
{
    ASSERT_OK(fixture_try_open(fixture, io_system(), err));
}

struct fixture *fixture_new(void)
{
    const char *given = getenv("TMPDIR");
    /* Thousands of lakes are made and synced: in memory where there is such a filesystem. */
    const char *base = given != NULL ? given : access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    fixture->n_threads = 2;
    (void)snprintf(fixture->root, sizeof fixture->root, "%s/lake-test-XXXXXX", base);
    assert_non_null(mkdtemp(fixture->root));
    fixture_reopen(fixture);
    return fixture;
}

static int remove_path(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

void fixture_free(struct fixture *fixture)
{
    lake_close(fixture->lake);
    assert_int_equal(nftw(fixture->root, remove_path, OPEN_FILES, FTW_DEPTH | FTW_PHYS), 0);
    free(fixture);
}

struct bar bar_of(int64_t ts)
{
    double base = 100.0 + (double)((ts / MS_PER_MINUTE) % 9973) / 100.0;
    struct bar bar = {ts, base, base + 0.75, base - 0.5, base + 0.25, base * 3.0};
    return bar;
}

const struct bar *bars_from(int64_t first, size_t n)
{
    static struct bar bars[MOST_BARS];
    assert_in_range(n, 0, MOST_BARS);
    for (size_t i = 0; i < n; i++)
        bars[i] = bar_of(first + (int64_t)i * MS_PER_MINUTE);
    return bars;
}

static double price_of(const struct bar *bar, size_t column)
{
    const double prices[] = {bar->open, bar->high, bar->low, bar->close, bar->volume};
    return prices[column - 1];
}

void make_batch(const struct bar *bars, size_t n, struct batch *out)
{
    struct schema *schema = NULL;
    ASSERT_OK(schema_new(bar_fields, sizeof bar_fields / sizeof *bar_fields, &schema, err));
    ASSERT_OK(batch_new(out, schema, (int64_t)n, err));
    out->owns_schema = true;
    int64_t *ts = batch_values(out, 0);
    for (size_t i = 0; i < n; i++)
        ts[i] = bars[i].ts;
    for (size_t column = 1; column < schema->n_fields; column++) {
        double *values = batch_values(out, column);
        for (size_t i = 0; i < n; i++) {
            double price = price_of(&bars[i], column);
            values[i] = isnan(price) ? 0.0 : price;
            if (!isnan(price))
                continue;
            ASSERT_OK(batch_add_validity(out, column, err));
            bit_set(out->columns[column].validity, (int64_t)i, false);
            out->columns[column].null_count++;
        }
    }
}

struct lake_write *begin_write(struct lake *lake, const char *symbol, const char *period)
{
    struct lake_write *write = NULL;
    const struct lake_selection dataset = {"test", NULL, symbol, NULL, period};
    ASSERT_OK(lake_write_begin(lake, &dataset, "ingest", &write, err));
    return write;
}

void append_bars(struct lake_write *write, const struct bar *bars, size_t n)
{
    struct batch batch = {0};
    make_batch(bars, n, &batch);
    ASSERT_OK(lake_write_append(write, &batch, err));
    batch_release(&batch);
}

void settle_write(struct lake_write *write)
{
    ASSERT_OK(write_settle(write, err));
}

struct lake_write_result commit_write(struct lake_write *write)
{
    struct lake_write_result result;
    ASSERT_OK(lake_write_commit(write, &result, err));
    lake_write_free(write);
    return result;
}

struct lake_write_result write_bars(struct lake *lake, const char *symbol, const struct bar *bars, size_t n)
{
    struct lake_write *write = begin_write(lake, symbol, "1m");
    append_bars(write, bars, n);
    return commit_write(write);
}

static double read_price(const struct ArrowArray *column, int64_t row)
{
    const uint8_t *validity = column->buffers[0];
    const double *values = column->buffers[1];
    return validity != NULL && !bit_get(validity, row) ? (double)NAN : values[row];
}

void copy_bars(const struct ArrowArray *array, struct bar *to)
{
    const int64_t *ts = array->children[0]->buffers[1];
    for (int64_t row = 0; row < array->length; row++) {
        struct bar bar = {ts[row],
                          read_price(array->children[1], row),
                          read_price(array->children[2], row),
                          read_price(array->children[3], row),
                          read_price(array->children[4], row),
                          read_price(array->children[5], row)};
        to[row] = bar;
    }
}

struct bar *read_bars(struct lake *lake, const char *symbol, int64_t start, int64_t end, size_t *n)
{
    struct lake_scan *scan = NULL;
    struct ArrowArray array;
    struct lake_scan_options options = {.size = sizeof options,
                                        .dataset = {"test", NULL, symbol, NULL, "1m"},
                                        .has_start = true,
                                        .has_end = true,
                                        .start_ms = start,
                                        .end_ms = end};
    ASSERT_OK(lake_scan_open(lake, &options, &scan, err));
    size_t n_rows = (size_t)lake_scan_rows(scan);
    struct bar *bars = calloc(n_rows + 1, sizeof *bars);
    *n = 0;
    ASSERT_OK(lake_scan_next(scan, &array, err));
    while (array.release != NULL) {
        copy_bars(&array, bars + *n);
        *n += (size_t)array.length;
        array.release(&array);
        ASSERT_OK(lake_scan_next(scan, &array, err));
    }
    assert_int_equal(*n, n_rows);
    lake_scan_close(scan);
    return bars;
}

void assert_bars_equal(const struct bar *a, const struct bar *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(a[i].ts, b[i].ts);
        for (size_t column = 1; column < 6; column++) {
            double x = price_of(&a[i], column), y = price_of(&b[i], column);
            if (!(isnan(x) && isnan(y)))
                assert_memory_equal(&x, &y, sizeof x);
        }
    }
}

static const char *text_of(const struct ArrowArray *column, int64_t row, int *n)
{
    const int32_t *offsets = column->buffers[1];
    const char *bytes = column->buffers[2];
    *n = offsets[row + 1] - offsets[row];
    return bytes == NULL ? "" : bytes + offsets[row];
}

/* So that a test that fails says what was found. */
static void print_problems(struct ArrowArrayStream *problems)
{
    struct ArrowArray array;
    while (problems->get_next(problems, &array) == 0 && array.release != NULL) {
        for (int64_t row = 0; row < array.length; row++) {
            for (int column = 0; column < 3; column++) {
                int n = 0;
                const char *text = text_of(array.children[column], row, &n);
                print_message("%s%.*s", column == 0 ? "problem: " : ", ", n, text);
            }
            print_message("\n");
        }
        array.release(&array);
    }
}

static struct lake_verify_result verify(struct lake *lake)
{
    struct lake_verify_options options = {.size = sizeof options, .depth = LAKE_VERIFY_FULL};
    struct lake_verify_result result = {.size = sizeof result};
    struct ArrowArrayStream problems;
    ASSERT_OK(lake_verify(lake, &options, &result, &problems, err));
    print_problems(&problems);
    problems.release(&problems);
    return result;
}

int64_t count_problems(struct lake *lake)
{
    return verify(lake).n_problems;
}

int64_t count_files(struct lake *lake)
{
    return verify(lake).n_files;
}

/* nftw has no context argument. */
static size_t found_paths;
static const char *wanted_ending;
static char found_path[1024];

static int count_path(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)where;
    size_t n = strlen(path), n_ending = wanted_ending == NULL ? 0 : strlen(wanted_ending);
    if (kind == FTW_F && n >= n_ending &&
        strcmp(path + n - n_ending, wanted_ending == NULL ? "" : wanted_ending) == 0) {
        found_paths++;
        (void)snprintf(found_path, sizeof found_path, "%s", path);
    }
    return 0;
}

size_t count_paths(const struct fixture *fixture, const char *below, const char *ending)
{
    char path[FIXTURE_PATH_BYTES + 64];
    (void)snprintf(path, sizeof path, "%s/%s", fixture->root, below);
    found_paths = 0;
    wanted_ending = ending;
    (void)nftw(path, count_path, OPEN_FILES, FTW_PHYS);
    return found_paths;
}

const char *first_file(const struct fixture *fixture)
{
    assert_true(count_paths(fixture, "data", ".parquet") > 0);
    return found_path;
}
