/* Random CSV text of every quirk against a plain model that knows what it wrote: the rows, what is put aside and the lines are the model's, in blocks and
 * runs of any size, by one thread and by four. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/csv_reader.h"
#include "unit/base/check.h"
#include "unit/ingest/memory_file.h"

enum { ROUNDS = 120, MOST_ROWS = 600, TEXT_BYTES = 256 << 10, NOTE_BYTES = 16, SURE_ROWS = 12, SMALLEST_BLOCK = 1400 };

#define FIRST_MS INT64_C(1680307200000)

/* A row as it was written. */
struct model_row {
    int64_t ts_ms, line;
    double close;
    bool has_volume, has_note;
    int64_t volume;
    char note[NOTE_BYTES];
};

struct model {
    char text[TEXT_BYTES];
    size_t length;
    struct model_row rows[MOST_ROWS];
    int64_t rejects[MOST_ROWS]; /* lines */
    size_t n_rows, n_rejects;
    int64_t line;
    bool is_quoted; /* quotes are used where they need not be */
    const char *line_end;
};

static struct model *model;
static struct pool *pools[2];
static uint64_t random_state = 88172645463325252;

static uint64_t below(uint64_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (random_state >> 8) % n;
}

static int set_up(void **state)
{
    (void)state;
    model = malloc(sizeof *model);
    return model != NULL && pool_new(1, &pools[0], NULL) == LAKE_OK && pool_new(4, &pools[1], NULL) == LAKE_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    pool_free(pools[0]);
    pool_free(pools[1]);
    free(model);
    return 0;
}

static void add(const char *text)
{
    size_t n = strlen(text);
    assert_true(n < TEXT_BYTES - model->length);
    memcpy(model->text + model->length, text, n);
    model->length += n;
    for (size_t i = 0; i < n; i++)
        model->line += text[i] == '\n';
}

static void add_field(const char *text, bool may_quote)
{
    bool is_quoted = may_quote && model->is_quoted && below(4) == 0;
    add(is_quoted ? "\"" : "");
    add(text);
    add(is_quoted ? "\"" : "");
}

/* Blanks, commas, quotation marks and line ends in a text of a few bytes; sometimes none. */
static void add_note(struct model_row *row)
{
    static const char *const words[] = {"a", "7", "\xc3\xa9", "b c", ",", "\"", "\n", "x\"y"};
    size_t n_words = model->is_quoted ? 8 : 4;
    row->has_note = below(5) != 0;
    row->note[0] = '\0';
    if (!row->has_note)
        return;
    strcat(row->note, words[below(4)]);
    strcat(row->note, words[below(n_words)]);
    strcat(row->note, words[below(3)]);
    if (strpbrk(row->note, ",\"\n") == NULL) {
        add_field(row->note, true);
        return;
    }
    add("\"");
    for (const char *p = row->note; *p != '\0'; p++) {
        char byte[2] = {*p, '\0'};
        add(*p == '"' ? "\"\"" : byte);
    }
    add("\"");
}

static void add_numbers(struct model_row *row)
{
    static const char *const nulls[] = {"", "NULL", "nan", "-"};
    char text[64];
    uint64_t cents = below(10000000), places = below(3);
    row->close = (double)cents / 100;
    (void)snprintf(text, sizeof text, places == 0 ? " %" PRIu64 ".%02" PRIu64 : "%" PRIu64 ".%02" PRIu64, cents / 100,
                   cents % 100);
    if (places == 2)
        (void)snprintf(text, sizeof text, "%" PRIu64 "e-2", cents);
    add_field(text, places != 0);
    add(",");
    row->has_volume = model->n_rows < SURE_ROWS || below(4) != 0;
    row->volume = row->has_volume ? (int64_t)below(1000000) : 0;
    (void)snprintf(text, sizeof text, "%" PRId64, row->volume);
    add_field(row->has_volume ? text : nulls[below(4)], true);
}

static void add_time(const struct model_row *row)
{
    char text[64];
    switch (below(3)) {
    case 0: (void)snprintf(text, sizeof text, "%" PRId64, row->ts_ms); break;
    case 1: (void)snprintf(text, sizeof text, "%" PRId64, row->ts_ms / 1000); break;
    default: (void)snprintf(text, sizeof text, "%" PRId64 ".000", row->ts_ms / 1000); break;
    }
    add_field(text, true);
    add(",1,2,0.5,");
}

static void add_row(void)
{
    struct model_row *row = &model->rows[model->n_rows];
    row->ts_ms = FIRST_MS + (int64_t)model->n_rows * 60000;
    row->line = model->line;
    add_time(row);
    add_numbers(row);
    add(",");
    add_note(row);
    add(model->n_rows >= SURE_ROWS && below(20) == 0 ? ",, " : "");
    model->n_rows++;
}

#define HEADER "ts,open,high,low,close,volume,note"

/* Something that is no row: stepped over, or put aside. */
static void add_other(void)
{
    static const char *const skipped[] = {"", "  ", HEADER};
    static const char *const bad[] = {"1680307200000,1,2,x,1,2,a",      "1680307200000,1,2",
                                      "\"1680307200000\"1,1,2,3,4,5,a", "7,1,2,3,4,5,b",
                                      "1680307200000,1,2,3,4,5,a,b",    "1680307200000,1,2,3,4,5,\xff"};
    if (below(2) == 0) {
        add(skipped[below(3)]);
        return;
    }
    model->rejects[model->n_rejects++] = model->line;
    add(bad[below(sizeof bad / sizeof bad[0])]);
}

static void make_model(uint64_t round)
{
    model->length = model->n_rows = model->n_rejects = 0;
    model->line = 1;
    model->is_quoted = round % 3 == 0;
    model->line_end = round % 2 == 0 ? "\n" : "\r\n";
    size_t n_rows = SURE_ROWS + below(MOST_ROWS - SURE_ROWS);
    uint64_t one_other_in = 2 + below(200);
    add(HEADER);
    add(model->line_end);
    while (model->n_rows < n_rows) {
        if (model->n_rows >= SURE_ROWS && model->n_rejects < MOST_ROWS && below(one_other_in) == 0)
            add_other();
        else
            add_row();
        if (model->n_rows < n_rows || round % 5 != 0)
            add(model->line_end);
    }
}

static void check_row(const struct batch *batch, int64_t i, const struct model_row *want)
{
    const struct column *volume = &batch->columns[5], *note = &batch->columns[6];
    size_t length = (size_t)(note->offsets[i + 1] - note->offsets[i]);
    assert_true(((const int64_t *)batch_values(batch, 0))[i] == want->ts_ms);
    assert_true(((const double *)batch_values(batch, 4))[i] == want->close);
    assert_int_equal(column_is_valid(volume, i), want->has_volume);
    assert_true(((const double *)volume->values)[i] == (double)want->volume);
    assert_int_equal(column_is_valid(note, i), want->has_note);
    assert_int_equal(length, strlen(want->note));
    assert_memory_equal((const char *)note->values + note->offsets[i], want->note, length);
}

/* How many rows and rejects were checked so far. */
struct progress {
    size_t n_rows, n_rejects;
};

static void check_run(struct row_source *rows, const struct row_runs *runs, size_t i, struct progress *progress)
{
    const struct row_run *run = &runs->runs[i];
    int64_t n_nulls = 0;
    for (int64_t row = 0; row < run->batch->n_rows; row++, progress->n_rows++) {
        assert_true(progress->n_rows < model->n_rows);
        check_row(run->batch, row, &model->rows[progress->n_rows]);
        n_nulls += !model->rows[progress->n_rows].has_volume;
        assert_int_equal(rows->ops->line(rows, i, row), model->rows[progress->n_rows].line);
    }
    assert_int_equal(run->batch->columns[5].null_count, n_nulls);
    for (size_t k = 0; k < run->n_rejects; k++, progress->n_rejects++) {
        assert_true(progress->n_rejects < model->n_rejects);
        assert_int_equal(run->rejects[k].line, model->rejects[progress->n_rejects]);
    }
}

static void check_reading(struct pool *pool, size_t block_bytes)
{
    static const char *const items[] = {"note:text"};
    struct lake_error err = {0};
    struct memory_file file = memory_file_of(model->text, model->length);
    struct csv_wishes wishes = {.decimal = '.', .columns = {.items = items, .n_items = 1}};
    struct csv_reader_options options = {
        .pool = pool, .wishes = &wishes, .wants_rejects = true, .block_bytes = block_bytes};
    struct row_source *rows = NULL;
    struct row_runs runs;
    struct progress progress = {0, 0};
    bool has_member = false;
    lake_ok(source_open(memory_file_io(&file), "x.csv", &options.source, &err));
    lake_ok(source_next_member(options.source, &has_member, &err));
    lake_ok(csv_reader_open(&options, &rows, &err));
    do {
        lake_ok(rows->ops->next(rows, &runs, &err));
        for (size_t i = 0; i < runs.n_runs; i++)
            check_run(rows, &runs, i, &progress);
    } while (runs.n_runs > 0);
    assert_int_equal(progress.n_rows, model->n_rows);
    assert_int_equal(progress.n_rejects, model->n_rejects);
    assert_int_equal(rows->ops->position(rows).offset, model->length);
    rows->ops->close(rows);
    source_close(options.source);
}

static void test_rows_are_those_of_the_model(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        make_model(round);
        check_reading(pools[0], 0);
        check_reading(pools[1], SMALLEST_BLOCK + below(4000));
        check_reading(pools[round % 2], 16 << 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows_are_those_of_the_model)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
