/* Several symbols in one scan give what their scans one after the other give: for random subsets, ranges and options, of stored bars and of bars that are derived on
 * the way. */
#include "read_fixture.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_BARS = 1440, N_SMALL = 40, N_ROUNDS = 200, N_MANY = 270, LINE_BYTES = 256, MOST_SYMBOLS = N_SMALL + 5 };

#define ASSERT_OK(call)                                                                                                \
    do {                                                                                                               \
        struct lake_error failure_ = {LAKE_OK, ""};                                                                    \
        struct lake_error *err = &failure_;                                                                            \
        if ((call) != LAKE_OK)                                                                                         \
            fail_msg("%s: %s", #call, failure_.message);                                                               \
    } while (0)

static const char plain[] = "AAA", stale[] = "BBB_OF_A_LONG_NAME", own[] = "CCC", coarse[] = "DDD", note[] = "NOTE";

static uint32_t random_state = 11;
static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % n;
}

/* ---- a lake of all kinds ---- */

/* Bars with a column of their own, and one that is called symbol. */
static void write_own(struct lake *lake, const char *symbol, enum column_type extra_type, int64_t first, int64_t n)
{
    const struct column_field fields[] = {
        {"ts", COLUMN_TIMESTAMP_MS, 0, false}, {"open", COLUMN_DOUBLE, 0, false},  {"high", COLUMN_DOUBLE, 0, false},
        {"low", COLUMN_DOUBLE, 0, false},      {"close", COLUMN_DOUBLE, 0, false}, {"volume", COLUMN_DOUBLE, 0, true},
        {"extra", extra_type, 0, true},        {"symbol", COLUMN_INT64, 0, true},
    };
    struct schema *schema = NULL;
    struct batch batch = {0};
    struct lake_write *write = begin_write(lake, symbol, "1m");
    ASSERT_OK(schema_new(fields, sizeof fields / sizeof *fields, &schema, err));
    ASSERT_OK(batch_new(&batch, schema, n, err));
    for (int64_t i = 0; i < n; i++) {
        struct bar bar = bar_of(first + i * MS_PER_MINUTE);
        ((int64_t *)batch_values(&batch, 0))[i] = bar.ts;
        const double values[] = {bar.open, bar.high, bar.low, bar.close, bar.volume};
        for (size_t k = 0; k < 5; k++)
            ((double *)batch_values(&batch, k + 1))[i] = values[k];
        for (size_t k = 6; k < 8; k++)
            ((int64_t *)batch_values(&batch, k))[i] = 0;
        if (extra_type == COLUMN_DOUBLE)
            ((double *)batch_values(&batch, 6))[i] = (double)i;
    }
    ASSERT_OK(lake_write_append(write, &batch, err));
    batch_release(&batch);
    schema_free(schema);
    (void)commit_write(write);
}

static void write_small(struct lake *lake)
{
    for (int i = 0; i < N_SMALL; i++) {
        char symbol[16];
        snprintf(symbol, sizeof symbol, "S%02d", i);
        (void)write_bars(lake, symbol, bars_from(DAY_2024 + i * MS_PER_MINUTE, 100), 100);
    }
}

static int set_up(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake *lake = fixture->lake;
    (void)write_bars(lake, plain, bars_from(DAY_2024, 2 * DAY_BARS), 2 * DAY_BARS);
    (void)write_bars(lake, stale, bars_from(DAY_2024 + 77 * MS_PER_MINUTE, 500), 500);
    (void)write_bars(lake, stale, bars_from(DAY_2024 + 900 * MS_PER_MINUTE, DAY_BARS), DAY_BARS);
    write_own(lake, own, COLUMN_DOUBLE, DAY_2024 + MS_PER_DAY / 2, DAY_BARS);
    struct lake_write *write = begin_write(lake, coarse, "15m");
    for (int64_t i = 0; i < 150; i++) {
        struct bar bar = bar_of(DAY_2024 + i * 15 * MS_PER_MINUTE);
        append_bars(write, &bar, 1);
    }
    (void)commit_write(write);
    write_small(lake);
    (void)derive_usual(lake, plain);
    (void)derive_usual(lake, stale);
    struct bar changed = bar_of(DAY_2024 + 100 * MS_PER_MINUTE);
    changed.close = 12345;
    (void)write_bars(lake, stale, &changed, 1);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    fixture_free(*state);
    return 0;
}

/* ---- rows as text ---- */

struct lines {
    char (*items)[LINE_BYTES];
    size_t n, capacity;
    int64_t n_told, n_bars, n_incomplete;
    size_t n_batches;
    char note[512];
};

static void free_lines(struct lines *lines)
{
    free(lines->items);
    *lines = (struct lines){.n = 0};
}

static int text_of_view(const struct ArrowArray *column, int64_t row, char *to, size_t room)
{
    const uint8_t *view = (const uint8_t *)column->buffers[1] + 16 * row;
    int32_t head[4];
    memcpy(head, view, sizeof head);
    assert_true(head[0] >= 0 && head[0] <= 64);
    if (head[0] <= 12)
        return snprintf(to, room, "%.*s", head[0], (const char *)view + 4);
    const char *texts = column->buffers[2];
    assert_int_equal(column->n_buffers, 4);
    assert_int_equal(head[2], 0);
    assert_true(head[3] + head[0] <= *(const int64_t *)column->buffers[3]);
    assert_memory_equal(view + 4, texts + head[3], 4);
    return snprintf(to, room, "%.*s", head[0], texts + head[3]);
}

static int text_of(const char *format, const struct ArrowArray *column, int64_t row, char *to, size_t room)
{
    assert_int_equal(column->offset, 0);
    if (column->buffers[0] != NULL && !bit_get(column->buffers[0], row))
        return snprintf(to, room, "null");
    if (strcmp(format, "vu") == 0)
        return text_of_view(column, row, to, room);
    if (strcmp(format, "g") == 0)
        return snprintf(to, room, "%.17g", ((const double *)column->buffers[1])[row]);
    if (strcmp(format, "l") == 0 || strncmp(format, "tsm", 3) == 0)
        return snprintf(to, room, "%" PRId64, ((const int64_t *)column->buffers[1])[row]);
    if (strcmp(format, "i") == 0)
        return snprintf(to, room, "%" PRId32, ((const int32_t *)column->buffers[1])[row]);
    fail_msg("a column of the format %s", format);
    return 0;
}

/* One line of the columns of `names`, which a batch may lack; of one symbol's scan, its name comes in place of the column. */
static void add_line(struct lines *lines, const struct ArrowSchema *names, const struct ArrowSchema *schema,
                     const struct ArrowArray *array, int64_t row, const char *symbol)
{
    if (lines->n == lines->capacity) {
        lines->capacity = 2 * lines->capacity + 64;
        lines->items = realloc(lines->items, lines->capacity * sizeof *lines->items);
        assert_non_null(lines->items);
    }
    char *line = lines->items[lines->n++];
    size_t at = 0;
    for (int64_t i = 0; i < names->n_children; i++) {
        const char *name = names->children[i]->name;
        int64_t k = 0;
        while (k < schema->n_children && strcmp(schema->children[k]->name, name) != 0)
            k++;
        at += (size_t)snprintf(line + at, LINE_BYTES - at, " %s=", name);
        if (symbol != NULL && strcmp(name, "symbol") == 0)
            at += (size_t)snprintf(line + at, LINE_BYTES - at, "%s", symbol);
        else if (k == schema->n_children)
            at += (size_t)snprintf(line + at, LINE_BYTES - at, "null");
        else
            at += (size_t)text_of(schema->children[k]->format, array->children[k], row, line + at, LINE_BYTES - at);
        assert_true(at < LINE_BYTES);
    }
}

static void add_rows(struct lines *lines, struct lake_scan *scan, const struct ArrowSchema *names, const char *symbol,
                     int64_t most_rows)
{
    struct ArrowSchema schema;
    struct ArrowArray array;
    ASSERT_OK(lake_scan_schema(scan, &schema, err));
    ASSERT_OK(lake_scan_next(scan, &array, err));
    while (array.release != NULL) {
        assert_true(array.length > 0 && (most_rows == 0 || array.length <= most_rows));
        assert_int_equal(array.n_children, schema.n_children);
        for (int64_t row = 0; row < array.length; row++)
            add_line(lines, names, &schema, &array, row, symbol);
        array.release(&array);
        lines->n_batches++;
        ASSERT_OK(lake_scan_next(scan, &array, err));
    }
    int64_t n_bars = 0;
    lines->n_incomplete += lake_scan_incomplete(scan, &n_bars);
    lines->n_bars += n_bars;
    schema.release(&schema);
}

/* ---- both ways ---- */

static lake_status open_many(struct lake *lake, struct lake_scan_options options, const char *const *symbols, size_t n,
                             struct lake_scan **out, struct lake_error *error)
{
    options.size = sizeof options;
    options.dataset.symbol = "NOT LOOKED AT";
    return lake_scan_open_many(lake, &options, symbols, n, out, error);
}

static lake_status read_many(struct lake *lake, struct lake_scan_options options, const char *const *symbols, size_t n,
                             struct ArrowSchema *schema, struct lines *lines, struct lake_error *error)
{
    struct lake_scan *scan = NULL;
    *lines = (struct lines){.n = 0};
    lake_status status = open_many(lake, options, symbols, n, &scan, error);
    if (status != LAKE_OK)
        return status;
    ASSERT_OK(lake_scan_schema(scan, schema, err));
    assert_string_equal(schema->children[0]->name, "ts");
    assert_string_equal(schema->children[1]->name, "symbol");
    assert_string_equal(schema->children[1]->format, "vu");
    lines->n_told = lake_scan_rows(scan);
    snprintf(lines->note, sizeof lines->note, "%s", lake_scan_note(scan));
    add_rows(lines, scan, schema, NULL, options.batch_rows);
    lake_scan_close(scan);
    return LAKE_OK;
}

/* All columns, whichever were asked for: those that are not compared do not matter. */
static lake_status read_each(struct lake *lake, struct lake_scan_options options, const char *const *symbols, size_t n,
                             const struct ArrowSchema *names, struct lines *lines, struct lake_error *error)
{
    *lines = (struct lines){.n = 0};
    options.size = sizeof options;
    options.columns = NULL;
    for (size_t i = 0; i < n; i++) {
        struct lake_scan *scan = NULL;
        options.dataset.symbol = symbols[i];
        lake_status status = lake_scan_open(lake, &options, &scan, error);
        if (status != LAKE_OK)
            return status;
        lines->n_told = lake_scan_rows(scan) < 0 || lines->n_told < 0 ? -1 : lines->n_told + lake_scan_rows(scan);
        if (names != NULL)
            add_rows(lines, scan, names, symbols[i], 0);
        lake_scan_close(scan);
    }
    return LAKE_OK;
}

static void assert_same_lines(const struct lines *a, const struct lines *b)
{
    for (size_t i = 0; i < a->n && i < b->n; i++)
        if (strcmp(a->items[i], b->items[i]) != 0)
            fail_msg("row %zu: '%s' is not '%s'", i, a->items[i], b->items[i]);
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->n_bars, b->n_bars);
    assert_int_equal(a->n_incomplete, b->n_incomplete);
    assert_int_equal(a->n_told, b->n_told);
}

static bool check(struct lake *lake, const struct lake_scan_options *options, const char *const *symbols, size_t n)
{
    struct lines many, each;
    struct ArrowSchema schema;
    struct lake_error of_many = {LAKE_OK, ""}, of_each = {LAKE_OK, ""};
    lake_status status = read_many(lake, *options, symbols, n, &schema, &many, &of_many);
    lake_status wanted = read_each(lake, *options, symbols, n, status == LAKE_OK ? &schema : NULL, &each, &of_each);
    if ((status == LAKE_OK) != (wanted == LAKE_OK)) /* which of several errors is told does not matter */
        fail_msg("'%s' is not '%s'", of_many.message, of_each.message);
    if (status == LAKE_OK) {
        assert_same_lines(&many, &each);
        schema.release(&schema);
    }
    free_lines(&many);
    free_lines(&each);
    return status == LAKE_OK;
}

/* ---- random ---- */

static size_t random_symbols(const char **out, char (*small)[16])
{
    static const char *const kinds[] = {plain, stale, own, coarse};
    size_t n = 0;
    uint32_t share = 1 + random_below(8), first = random_below(4);
    for (uint32_t i = 0; i < 4; i++)
        if (random_below(share) < 3)
            out[n++] = kinds[(first + i) % 4];
    if (random_below(3) > 0)
        return n;
    for (int i = 0; i < N_SMALL; i++) {
        snprintf(small[i], sizeof small[i], "S%02d", i);
        out[n++] = small[i];
    }
    for (size_t i = n - 1; i > 0; i--) {
        size_t k = random_below((uint32_t)i + 1);
        const char *swapped = out[i];
        out[i] = out[k];
        out[k] = swapped;
    }
    return n;
}

static int64_t random_time(void)
{
    return DAY_2024 + ((int64_t)random_below(3 * DAY_BARS) - 100) * MS_PER_MINUTE + (random_below(4) == 0 ? 1234 : 0);
}

static void random_cut(struct lake_scan_options *options)
{
    options->has_start = random_below(3) > 0;
    options->has_end = random_below(3) > 0;
    int64_t a = random_time(), b = random_time();
    options->start_ms = a < b ? a : b;
    options->end_ms = a < b ? b : a;
    options->limit = random_below(3) == 0 ? 1 + random_below(200) : 0;
    options->tail = random_below(3) == 0 ? 1 + random_below(random_below(2) == 0 ? 9 : 400) : 0;
    options->batch_rows = random_below(2) == 0 ? 1 + random_below(random_below(2) == 0 ? 90 : 2000) : 0;
}

static struct lake_scan_options random_options(int64_t last)
{
    static const char *const periods[] = {"1m", "1m", "15m", "1h", NULL};
    static const char *const columns[] = {"volume", "extra", "symbol", "close"};
    struct lake_scan_options options = ask(NULL, periods[random_below(5)]);
    random_cut(&options);
    if (random_below(3) == 0)
        options.fill = (enum lake_fill)random_below(4);
    options.complete = random_below(6) == 0;
    if (random_below(3) == 0 && options.dataset.period != NULL && strcmp(options.dataset.period, "1h") == 0)
        options.offset = "15m";
    if (random_below(5) == 0)
        options.as_of = last - random_below(4);
    if (random_below(3) == 0) {
        options.columns = columns;
        options.n_columns = 1;
    }
    return options;
}

static int64_t last_snapshot(struct lake *lake)
{
    int64_t snapshot = 0;
    assert_int_equal(manifest_snapshot(lake->manifest, &snapshot, NULL), LAKE_OK);
    return snapshot;
}

static void test_many_are_each_one_after_the_other(void **state)
{
    struct fixture *fixture = *state;
    int64_t last = last_snapshot(fixture->lake);
    int n_read = 0;
    for (int i = 0; i < N_ROUNDS; i++) {
        const char *symbols[MOST_SYMBOLS];
        char small[N_SMALL][16];
        size_t n = random_symbols(symbols, small);
        struct lake_scan_options options = random_options(last);
        n_read += n > 0 && check(fixture->lake, &options, symbols, n);
    }
    assert_true(n_read > N_ROUNDS / 2);
}

/* So many that they are not all kept open, and opened again when their turn comes. */
static void test_very_many_symbols(void **state)
{
    static char names[N_MANY][16];
    const char *symbols[N_MANY];
    struct fixture *fixture = *state;
    for (int i = 0; i < N_MANY; i++) {
        snprintf(names[i], sizeof names[i], "MANY%03d", i);
        symbols[i] = names[i];
        (void)write_bars(fixture->lake, names[i], bars_from(DAY_2024 + i * MS_PER_MINUTE, 3), 3);
    }
    for (int i = 0; i < 3; i++) {
        struct lake_scan_options options = ask(NULL, i == 0 ? "1m" : "1h");
        options.batch_rows = i == 2 ? 50 : 0;
        assert_true(check(fixture->lake, &options, symbols, N_MANY));
    }
}

/* ---- what is there ---- */

static void test_stored_days_are_one_batch(void **state)
{
    const char *symbols[N_SMALL];
    char small[N_SMALL][16];
    struct fixture *fixture = *state;
    struct ArrowSchema schema;
    struct lines lines;
    for (int i = 0; i < N_SMALL; i++) {
        snprintf(small[i], sizeof small[i], "S%02d", i);
        symbols[i] = small[i];
    }
    ASSERT_OK(read_many(fixture->lake, ask(NULL, "1m"), symbols, N_SMALL, &schema, &lines, err));
    assert_int_equal(lines.n, N_SMALL * 100);
    assert_int_equal(lines.n_told, N_SMALL * 100);
    assert_int_equal(lines.n_batches, 1);
    assert_int_equal(schema.n_children, 7);
    schema.release(&schema);
    free_lines(&lines);
    ASSERT_OK(read_many(fixture->lake, ask(NULL, "15m"), symbols, N_SMALL, &schema, &lines, err));
    assert_int_equal(lines.n_told, -1);
    assert_true(lines.n_batches <= 2); /* of two windows */
    assert_string_equal(lines.note, "from raw 1m of FUTURES: none are stored");
    schema.release(&schema);
    free_lines(&lines);
}

static void test_columns_are_united_by_name(void **state)
{
    static const char *const symbols[] = {plain, own}, *const columns[] = {"extra", "symbol", "ts", "close"};
    static const char *const wrong[] = {"close", "extar"};
    static const char *const united[] = {"ts", "symbol", "open", "high", "low", "close", "volume", "extra"};
    struct fixture *fixture = *state;
    struct ArrowSchema schema;
    struct lines lines;
    struct lake_error failure = {LAKE_OK, ""};
    struct lake_scan_options options = ask(NULL, "1m");
    ASSERT_OK(read_many(fixture->lake, options, symbols, 2, &schema, &lines, err));
    assert_int_equal(schema.n_children, 8);
    for (size_t i = 0; i < 8; i++)
        assert_string_equal(schema.children[i]->name, united[i]);
    assert_true((schema.children[7]->flags & ARROW_FLAG_NULLABLE) != 0);
    assert_non_null(strstr(lines.items[0], " symbol=AAA open="));
    assert_non_null(strstr(lines.items[0], " extra=null"));
    assert_non_null(strstr(lines.items[2 * DAY_BARS + 3], " symbol=CCC open="));
    assert_non_null(strstr(lines.items[2 * DAY_BARS + 3], " extra=3"));
    schema.release(&schema);
    free_lines(&lines);
    options.columns = columns;
    options.n_columns = 4;
    for (int i = 0; i < 2; i++) { /* stored; and read apart */
        ASSERT_OK(read_many(fixture->lake, options, symbols, 2, &schema, &lines, err));
        assert_int_equal(schema.n_children, 4);
        assert_string_equal(schema.children[2]->name, "extra");
        assert_string_equal(schema.children[3]->name, "close");
        schema.release(&schema);
        free_lines(&lines);
        options.fill = LAKE_FILL_PREVIOUS;
    }
    options.columns = wrong;
    options.n_columns = 2;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(read_many(fixture->lake, options, symbols, 2, &schema, &lines, &failure),
                         LAKE_INVALID_ARGUMENT);
        assert_non_null(strstr(failure.message, "there is no column 'extar'; the columns are ts, open, high"));
        options.fill = LAKE_FILL_NONE;
    }
}

static void test_columns_of_other_types_are_refused(void **state)
{
    static const char *const symbols[] = {plain, own, note};
    static const char *const columns[] = {"close"};
    struct fixture *fixture = *state;
    struct ArrowSchema schema;
    struct lines lines;
    struct lake_error failure = {LAKE_OK, ""};
    struct lake_scan_options options = ask(NULL, "1m");
    write_own(fixture->lake, note, COLUMN_INT64, DAY_2024, 5);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(read_many(fixture->lake, options, symbols, 3, &schema, &lines, &failure),
                         LAKE_INVALID_ARGUMENT);
        assert_string_equal(failure.message,
                            "column extra is double in TEST/FUTURES/CCC/raw/1m and int64 in TEST/FUTURES/NOTE/raw/1m: "
                            "read them apart, or name other columns");
        options.fill = LAKE_FILL_PREVIOUS;
    }
    options.columns = columns;
    options.n_columns = 1;
    for (int i = 0; i < 2; i++) {
        options.fill = i == 0 ? LAKE_FILL_NONE : LAKE_FILL_NULL;
        assert_true(check(fixture->lake, &options, symbols, 3));
    }
}

static void test_the_note_tells_what_differs(void **state)
{
    static const char *const symbols[] = {plain, stale, coarse, own}, *const same[] = {own, "S01"};
    struct fixture *fixture = *state;
    struct ArrowSchema schema;
    struct lines lines;
    ASSERT_OK(read_many(fixture->lake, ask(NULL, "15m"), symbols, 4, &schema, &lines, err));
    assert_string_equal(lines.note,
                        "FUTURES agg 15m; but BBB_OF_A_LONG_NAME FUTURES agg 15m from raw 1m of FUTURES: agg 15m is "
                        "not current, DDD FUTURES raw 15m, CCC FUTURES agg 15m from raw 1m of FUTURES: none are "
                        "stored");
    schema.release(&schema);
    free_lines(&lines);
    ASSERT_OK(read_many(fixture->lake, ask(NULL, "4h"), same, 2, &schema, &lines, err));
    assert_string_equal(lines.note, "from raw 1m of FUTURES: none are stored");
    schema.release(&schema);
    free_lines(&lines);
}

static void test_the_first_ones_dataset_is_told(void **state)
{
    static const char *const symbols[] = {coarse, plain};
    struct fixture *fixture = *state;
    struct lake_scan *scan = NULL;
    bool was_chosen = false;
    ASSERT_OK(open_many(fixture->lake, ask(NULL, NULL), symbols, 2, &scan, err));
    const struct lake_selection dataset = lake_scan_dataset(scan, &was_chosen);
    assert_string_equal(dataset.symbol, coarse);
    assert_string_equal(dataset.period, "15m");
    assert_true(was_chosen); /* of the other one's */
    lake_scan_close(scan);
}

/* ---- what is not ---- */

static void assert_fails(struct lake *lake, const char *period, const char *const *symbols, size_t n,
                         lake_status status, const char *message)
{
    struct lake_error failure = {LAKE_OK, ""};
    struct lake_scan *scan = NULL;
    assert_int_equal(open_many(lake, ask(NULL, period), symbols, n, &scan, &failure), status);
    assert_string_equal(failure.message, message);
    assert_null(scan);
}

static void test_symbols_that_are_not_there_are_all_named(void **state)
{
    static const char *const one[] = {plain, "BBC"}, *const several[] = {"BBC", plain, "NOTHING", "S1"};
    static const char *const twice[] = {plain, own, "aaa"}, *const unified[] = {"A/AA", own, plain};
    static const char *const none[] = {plain, NULL};
    struct lake *lake = ((struct fixture *)*state)->lake;
    assert_fails(lake, "1m", one, 2, LAKE_NOT_FOUND, "there is no dataset TEST BBC 1m; there is TEST CCC");
    for (int i = 0; i < 2; i++)
        assert_fails(lake, i == 0 ? "1m" : "15m", several, 4, LAKE_NOT_FOUND,
                     "3 of 4 symbols of test have no dataset that fits: BBC (there is TEST CCC), NOTHING, S1 "
                     "(there is TEST S01, TEST S10, TEST S11)");
    assert_fails(lake, "1m", twice, 3, LAKE_INVALID_ARGUMENT, "symbol AAA is named twice");
    assert_fails(lake, "1m", unified, 3, LAKE_INVALID_ARGUMENT, "symbol AAA is named twice");
    assert_fails(lake, "1m", none, 2, LAKE_INVALID_ARGUMENT, "symbol 1 is not given");
    assert_fails(lake, "1m", none, 0, LAKE_INVALID_ARGUMENT, "no symbol is named");
    assert_fails(lake, "7m", one, 1, LAKE_INVALID_ARGUMENT,
                 "period '7m' is none of 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1mo tick event");
}

static void test_very_many_that_are_not_there(void **state)
{
    static char names[200][16];
    const char *symbols[200];
    struct fixture *fixture = *state;
    struct lake_error failure = {LAKE_OK, ""};
    struct lake_scan *scan = NULL;
    for (int i = 0; i < 200; i++) {
        snprintf(names[i], sizeof names[i], "MISSING%03d", i);
        symbols[i] = names[i];
    }
    assert_int_equal(open_many(fixture->lake, ask(NULL, "1m"), symbols, 200, &scan, &failure), LAKE_NOT_FOUND);
    assert_non_null(strstr(failure.message, " or more of 200 symbols of test have no dataset that fits: MISSING0"));
    assert_non_null(strstr(failure.message, ", …"));
}

/* ---- batches ---- */

static void test_closing_in_the_middle(void **state)
{
    static const char *const symbols[] = {plain, stale, own};
    struct fixture *fixture = *state;
    for (int i = 0; i < 6; i++) {
        struct lake_scan_options options = ask(NULL, i % 2 == 0 ? "1m" : "15m");
        struct lake_scan *scan = NULL;
        struct ArrowArray array = {.release = NULL}, other = {.release = NULL};
        options.batch_rows = 7;
        ASSERT_OK(open_many(fixture->lake, options, symbols, 3, &scan, err));
        if (i > 1)
            ASSERT_OK(lake_scan_next(scan, &array, err));
        if (i > 3)
            ASSERT_OK(lake_scan_next(scan, &other, err));
        lake_scan_close(scan);
        if (array.release != NULL) {
            assert_int_equal(array.length, 7); /* which outlives the scan */
            array.release(&array);
        }
        if (other.release != NULL)
            other.release(&other);
    }
}

/* A consumer may take a column out, let go of the rest, and read it when the lake is closed. */
static void test_columns_outlive_all(void **state)
{
    static const char *const symbols[] = {stale, plain};
    struct fixture *fixture = *state;
    struct lake_scan *scan = NULL;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema, named;
    struct ArrowArray array, symbol, close;
    char text[64];
    ASSERT_OK(open_many(fixture->lake, ask(NULL, "1m"), symbols, 2, &scan, err));
    ASSERT_OK(lake_scan_take_stream(scan, &stream, err));
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    assert_int_equal(stream.get_next(&stream, &array), 0);
    symbol = *array.children[1];
    array.children[1]->release = NULL;
    close = *array.children[5];
    array.children[5]->release = NULL;
    named = *schema.children[1];
    schema.children[1]->release = NULL;
    schema.release(&schema);
    array.release(&array);
    stream.release(&stream);
    fixture_reopen(fixture);
    assert_string_equal(named.name, "symbol");
    assert_string_equal(schema.release == NULL ? "gone" : "there", "gone");
    (void)text_of("vu", &symbol, 0, text, sizeof text);
    assert_string_equal(text, stale);
    (void)text_of("vu", &symbol, symbol.length - 1, text, sizeof text);
    assert_string_equal(text, plain);
    assert_true(((const double *)close.buffers[1])[0] == bar_of(DAY_2024 + 77 * MS_PER_MINUTE).close);
    symbol.release(&symbol);
    close.release(&close);
    named.release(&named);
}

/* ---- one snapshot ---- */

static void test_all_are_of_one_snapshot(void **state)
{
    static const char *const symbols[] = {plain, own, "S05"};
    struct fixture *fixture = *state;
    for (int i = 0; i < 3; i++) {
        struct lake_scan_options options = ask(NULL, i == 1 ? "15m" : "1m");
        struct lake_scan *scan = NULL;
        struct ArrowSchema schema;
        struct lines before, during = {.n = 0};
        options.batch_rows = 100;
        options.fill = i == 2 ? LAKE_FILL_PREVIOUS : LAKE_FILL_NONE;
        ASSERT_OK(read_many(fixture->lake, options, symbols, 3, &schema, &before, err));
        ASSERT_OK(open_many(fixture->lake, options, symbols, 3, &scan, err));
        (void)delete_bars(fixture->lake, own, DAY_2024, DAY_2024 + 3 * MS_PER_DAY);
        (void)delete_bars(fixture->lake, "S05", DAY_2024, DAY_2024 + MS_PER_DAY);
        add_rows(&during, scan, &schema, NULL, 100);
        during.n_told = before.n_told;
        assert_same_lines(&during, &before);
        lake_scan_close(scan);
        schema.release(&schema);
        free_lines(&before);
        free_lines(&during);
        (void)undo_operation(fixture->lake, 0);
        (void)undo_operation(fixture->lake, last_snapshot(fixture->lake) - 2);
    }
}

/* ---- threads ---- */

struct reading {
    struct lake *lake;
    size_t n_coarse, n_fine, n_wrong;
};

static size_t count_rows(struct lake *lake, const char *period)
{
    static const char *const symbols[] = {plain, stale, own, coarse};
    struct lake_scan_options options = ask(NULL, period);
    struct lake_scan *scan = NULL;
    struct ArrowArray array = {.release = NULL};
    size_t n = 0;
    lake_status status = open_many(lake, options, symbols, 4, &scan, NULL);
    while (status == LAKE_OK) {
        status = lake_scan_next(scan, &array, NULL);
        if (status != LAKE_OK || array.release == NULL)
            break;
        n += (size_t)array.length;
        array.release(&array);
    }
    lake_scan_close(scan);
    return status == LAKE_OK ? n : 0;
}

static void *read_often(void *context)
{
    struct reading *reading = context;
    for (int i = 0; i < 12; i++) {
        reading->n_wrong += count_rows(reading->lake, "15m") != reading->n_coarse;
        reading->n_wrong += count_rows(reading->lake, NULL) != reading->n_fine;
    }
    return NULL;
}

static void test_threads_read_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct reading readings[4];
    pthread_t threads[4];
    size_t n_coarse = count_rows(fixture->lake, "15m"), n_fine = count_rows(fixture->lake, NULL);
    assert_true(n_coarse > 500 && n_fine > 6000);
    for (size_t i = 0; i < 4; i++) {
        readings[i] = (struct reading){fixture->lake, n_coarse, n_fine, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, read_often, &readings[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(readings[i].n_wrong, 0);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_many_are_each_one_after_the_other),
        TEST(test_very_many_symbols),
        TEST(test_stored_days_are_one_batch),
        TEST(test_columns_are_united_by_name),
        TEST(test_columns_of_other_types_are_refused),
        TEST(test_the_note_tells_what_differs),
        TEST(test_the_first_ones_dataset_is_told),
        TEST(test_symbols_that_are_not_there_are_all_named),
        TEST(test_very_many_that_are_not_there),
        TEST(test_closing_in_the_middle),
        TEST(test_columns_outlive_all),
        TEST(test_all_are_of_one_snapshot),
        TEST(test_threads_read_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
