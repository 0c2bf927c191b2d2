#include "ingest/csv_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "unit/base/check.h"
#include "unit/ingest/memory_file.h"

enum { N_ROWS = 400, TEXT_BYTES = 64 << 10 };

static const struct data_type *raw;
static struct pool *pools[2];

static int set_up(void **state)
{
    (void)state;
    bool ok = data_type_find("raw", &raw, NULL) == LAKE_OK && pool_new(1, &pools[0], NULL) == LAKE_OK &&
              pool_new(4, &pools[1], NULL) == LAKE_OK;
    return ok ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    pool_free(pools[0]);
    pool_free(pools[1]);
    return 0;
}

static struct memory_file text_file(const char *text)
{
    return memory_file_of(text, strlen(text));
}

/* How a text is to be read. */
struct reading {
    struct memory_file *file;
    struct pool *pool;
    size_t block_bytes;
    bool wants_rejects;
    bool has_note; /* a text, which a small block may not show */
    struct row_position start;
    int64_t n_rows_wanted; /* stop behind the block with this row; 0: read all */
};

/* Everything a text gives: times, closes and lines of its rows in order, the lines of what was put aside, and where it stood then. */
struct content {
    int64_t n_rows, n_rejects;
    int64_t ts_ms[2 * N_ROWS];
    double close[2 * N_ROWS];
    int64_t line[2 * N_ROWS];
    int64_t rejects[2 * N_ROWS];
    int64_t size_bytes;
    struct row_position position;
    uint8_t digest[SHA256_BYTES];
};

/* The record of a row ends with its volume, which is the number of the row. */
static void check_text(struct row_source *rows, size_t run, int64_t row, int64_t number)
{
    struct lake_error err = {0};
    struct buffer text = BUFFER_INIT(TEXT_BYTES);
    const char *got = NULL;
    char want[32];
    (void)snprintf(want, sizeof want, ",%" PRId64, number);
    lake_ok(rows->ops->text(rows, run, row, &text, &err));
    lake_ok(buffer_string(&text, &got, &err));
    assert_true(text.length > strlen(want));
    assert_string_equal(got + text.length - strlen(want), want);
    buffer_release(&text);
}

static void add_run(struct content *content, struct row_source *rows, const struct row_runs *runs, size_t i)
{
    const struct row_run *run = &runs->runs[i];
    const struct batch *batch = run->batch;
    for (size_t k = 0; k < run->n_rejects; k++)
        content->rejects[content->n_rejects++] = run->rejects[k].line;
    for (int64_t row = 0; row < batch->n_rows; row++) {
        assert_true(content->n_rows < 2 * N_ROWS);
        content->ts_ms[content->n_rows] = ((const int64_t *)batch_values(batch, 0))[row];
        content->close[content->n_rows] = ((const double *)batch_values(batch, 4))[row];
        content->line[content->n_rows++] = rows->ops->line(rows, i, row);
        check_text(rows, i, row, (int64_t)((const double *)batch_values(batch, 5))[row]);
    }
}

static lake_status read_rows(struct row_source *rows, const struct reading *reading, struct content *content,
                             struct lake_error *err)
{
    struct row_runs runs;
    do {
        TRY(rows->ops->next(rows, &runs, err));
        for (size_t i = 0; i < runs.n_runs; i++)
            add_run(content, rows, &runs, i);
        content->position = rows->ops->position(rows);
    } while (runs.n_runs > 0 && (reading->n_rows_wanted == 0 || content->n_rows < reading->n_rows_wanted));
    return LAKE_OK;
}

/* Adds to the content. */
static lake_status read_on(const struct reading *reading, struct content *content, struct lake_error *err)
{
    static const char *const items[] = {"note:text"};
    struct csv_wishes wishes = {.type = raw, .decimal = '.', .columns = {.items = items, .n_items = reading->has_note}};
    struct csv_reader_options options = {reading->pool,          NULL,           &wishes,
                                         reading->wants_rejects, reading->start, reading->block_bytes};
    struct row_source *rows = NULL;
    bool has_member = false;
    lake_status status = LAKE_OK;
    reading->file->position = 0;
    TRY(source_open(memory_file_io(reading->file), "x.csv", &options.source, err));
    TRY_OUT(source_next_member(options.source, &has_member, err));
    assert_true(has_member);
    TRY_OUT(csv_reader_open(&options, &rows, err));
    TRY_OUT(read_rows(rows, reading, content, err));
    rows->ops->close(rows);
    rows = NULL;
    TRY_OUT(source_finish(options.source, content->digest, err));
    content->size_bytes = source_bytes_read(options.source);
out:
    if (rows != NULL)
        rows->ops->close(rows);
    source_close(options.source);
    return status;
}

static lake_status read_all(const struct reading *reading, struct content *content, struct lake_error *err)
{
    *content = (struct content){0};
    return read_on(reading, content, err);
}

/* Rows with blank lines, CRLF, quoted notes with line ends and repeated headers between them; want tells what they are. */
static char *make_text(struct content *want, bool has_quotes)
{
    char *text = malloc(TEXT_BYTES);
    size_t n = (size_t)sprintf(text, "note,ts,open,high,low,close,volume\n");
    int64_t line = 2;
    *want = (struct content){.n_rows = N_ROWS};
    for (int i = 0; i < N_ROWS; i++) {
        if (i % 7 == 3)
            n += (size_t)sprintf(text + n, "\r\n"), line++;
        if (i % 50 == 49)
            n += (size_t)sprintf(text + n, "note,ts,open,high,low,close,volume\n"), line++;
        want->ts_ms[i] = INT64_C(1680307200000) + i * INT64_C(60000);
        want->close[i] = i * 0.25;
        want->line[i] = line;
        bool is_quoted = has_quotes && i % 5 == 0;
        n += (size_t)sprintf(text + n, "%s,%" PRId64 ",1,2,0.5,%.2f,%d%s", is_quoted ? "\"a\n,\"\"\n\"" : "a",
                             want->ts_ms[i], want->close[i], i,
                             i + 1 == N_ROWS ? ""
                             : i % 2 == 0    ? "\n"
                                             : "\r\n");
        line += is_quoted ? 3 : 1;
    }
    want->size_bytes = (int64_t)n;
    return text;
}

static void digest_of(struct content *content, const char *text)
{
    struct lake_error err = {0};
    struct sha256 *hash = NULL;
    lake_ok(sha256_new(&hash, &err));
    lake_ok(sha256_begin(hash, &err));
    lake_ok(sha256_update(hash, text, strlen(text), &err));
    lake_ok(sha256_end(hash, content->digest, &err));
    sha256_free(hash);
}

static void test_blocks_and_threads_make_no_difference(void **state)
{
    (void)state;
    struct lake_error err = {0};
    const size_t blocks[] = {0, 40, 41, 57, 64, 100, 1000, 4096, 65536};
    struct content *want = malloc(sizeof *want), *got = malloc(sizeof *got);
    for (size_t i = 0; i < 4 * sizeof blocks / sizeof blocks[0]; i++) {
        char *text = make_text(want, i % 2 == 1);
        struct memory_file file = text_file(text);
        digest_of(want, text);
        file.most = i % 3 == 0 ? 1 : 777;
        struct reading reading = {
            .file = &file, .pool = pools[i / 2 % 2], .block_bytes = blocks[i / 4], .has_note = true};
        lake_ok(read_all(&reading, got, &err));
        assert_int_equal(got->position.offset, want->size_bytes);
        want->position = got->position;
        assert_memory_equal(got, want, sizeof *want);
        assert_int_equal(file.n_open, 0);
        free(text);
    }
    free(want);
    free(got);
}

/* Reading that stopped after some block and goes on there, in another reader, gives the rows that reading at once gives. */
static void test_reading_goes_on_where_it_stood(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct content *want = malloc(sizeof *want), *got = malloc(sizeof *got);
    for (int64_t n_first = 1; n_first <= N_ROWS; n_first += 7) {
        char *text = make_text(want, n_first % 2 == 1);
        struct memory_file file = text_file(text);
        digest_of(want, text);
        struct reading reading = {
            .file = &file, .pool = pools[0], .block_bytes = 300, .has_note = true, .n_rows_wanted = n_first};
        lake_ok(read_all(&reading, got, &err));
        assert_true(got->n_rows >= n_first);
        reading.start = got->position;
        reading.n_rows_wanted = 0;
        reading.pool = pools[1];
        reading.block_bytes = n_first % 3 == 0 ? 300 : 1000;
        lake_ok(read_on(&reading, got, &err));
        want->position = got->position;
        assert_memory_equal(got, want, sizeof *want);
        free(text);
    }
    free(want);
    free(got);
}

static void test_a_text_that_became_shorter(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct content *content = malloc(sizeof *content);
    struct memory_file file = text_file("ts,open,high,low,close,volume\n1680307200000,1,2,0.5,1.5,0\n");
    struct reading reading = {.file = &file, .pool = pools[0], .start = {100, 3}};
    lake_fails(read_all(&reading, content, &err), LAKE_CONFLICT, "x.csv: ends before byte 100");
    free(content);
}

/* Every fifth row cannot be understood, in every way there is. */
static char *make_bad_text(struct content *want)
{
    static const char *const bad[] = {"x,1,2,0.5,1,0", "1680307200000,\"1,2,0.5,1,0", "1680307200000,\"1\"1,2,0.5,1,0",
                                      "1,2",           "1680307200000,1,2,0.5,y,0",   "1680307200000,1,2,0.5,1,0,9"};
    char *text = malloc(TEXT_BYTES);
    size_t n = (size_t)sprintf(text, "ts,open,high,low,close,volume\n");
    *want = (struct content){0};
    for (int i = 0; i < N_ROWS; i++) {
        bool is_bad = i % 5 == 4;
        if (is_bad) {
            want->rejects[want->n_rejects++] = i + 2;
            n += (size_t)sprintf(text + n, "%s\n", bad[(size_t)i / 5 % (sizeof bad / sizeof bad[0])]);
            continue;
        }
        want->ts_ms[want->n_rows] = INT64_C(1680307200000) + i * INT64_C(60000);
        want->close[want->n_rows] = i;
        want->line[want->n_rows++] = i + 2;
        n += (size_t)sprintf(text + n, "%" PRId64 ",1,2,0.5,%d,%d\n", want->ts_ms[want->n_rows - 1], i, i);
    }
    want->size_bytes = (int64_t)n;
    return text;
}

static void test_records_put_aside_are_the_same_in_blocks_of_any_size(void **state)
{
    (void)state;
    struct lake_error err = {0};
    const size_t blocks[] = {0, 64, 100, 333, 1000, 4096};
    struct content *want = malloc(sizeof *want), *got = malloc(sizeof *got);
    char *text = make_bad_text(want);
    digest_of(want, text);
    for (size_t i = 0; i < 2 * sizeof blocks / sizeof blocks[0]; i++) {
        struct memory_file file = text_file(text);
        struct reading reading = {
            .file = &file, .pool = pools[i % 2], .block_bytes = blocks[i / 2], .wants_rejects = true};
        lake_ok(read_all(&reading, got, &err));
        want->position = (struct row_position){want->size_bytes, N_ROWS + 2};
        assert_memory_equal(got, want, sizeof *want);
    }
    free(text);
    free(want);
    free(got);
}

/* A line far longer than is kept, and one that is just too long: one of the rejects each. */
static void test_long_lines_are_put_aside_without_being_kept(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct content *got = malloc(sizeof *got);
    size_t n = 9 * LIMIT_CSV_LINE_BYTES;
    char *text = malloc(n + 4096);
    for (size_t i = 0; i < 3; i++) {
        size_t length = (size_t)sprintf(text, "ts,open,high,low,close,volume\n1680307200000,1,2,0.5,0,0\n");
        size_t n_long = i == 0 ? n : LIMIT_CSV_LINE_BYTES + i;
        memset(text + length, i == 2 ? ',' : 'x', n_long);
        length += n_long;
        length += (size_t)sprintf(text + length, "\n1680307260000,1,2,0.5,1,1\n1680307320000,1,2,0.5,x,1\n");
        struct memory_file file = memory_file_of(text, length);
        struct reading reading = {.file = &file, .pool = pools[1], .block_bytes = 1000, .wants_rejects = true};
        lake_ok(read_all(&reading, got, &err));
        assert_int_equal(got->n_rows, 2);
        assert_int_equal(got->line[1], 4);
        assert_int_equal(got->n_rejects, 2);
        assert_true(got->rejects[0] == 3 && got->rejects[1] == 5);
        assert_int_equal(got->position.offset, length);
    }
    free(text);
    free(got);
}

/* Enough text for several runs a block. */
static void test_runs_of_one_block_are_in_order(void **state)
{
    (void)state;
    enum { ROWS = 30000 };
    struct lake_error err = {0};
    char *text = malloc(ROWS * 48 + 64);
    size_t n = (size_t)sprintf(text, "ts,open,high,low,close,volume\n");
    for (int64_t i = 0; i < ROWS; i++)
        n += (size_t)sprintf(text + n, "%" PRId64 ",1,2,0.5,1.5,%" PRId64 "\n", INT64_C(1680307200) + i * 60, i);
    struct memory_file file = text_file(text);
    struct csv_wishes wishes = {.type = raw};
    struct csv_reader_options options = {.pool = pools[1], .wishes = &wishes};
    struct row_source *rows = NULL;
    struct row_runs runs;
    bool has_member = false;
    lake_ok(source_open(memory_file_io(&file), "x.csv", &options.source, &err));
    lake_ok(source_next_member(options.source, &has_member, &err));
    lake_ok(csv_reader_open(&options, &rows, &err));
    lake_ok(rows->ops->next(rows, &runs, &err));
    assert_true(runs.n_runs > 4);
    int64_t row = 0;
    for (size_t i = 0; i < runs.n_runs; i++) {
        const struct batch *batch = runs.runs[i].batch;
        const double *volume = batch_values(batch, 5);
        for (int64_t k = 0; k < batch->n_rows; k++)
            assert_true(volume[k] == (double)row++);
        assert_int_equal(rows->ops->line(rows, i, 0), row - batch->n_rows + 2);
    }
    assert_int_equal(row, ROWS);
    rows->ops->close(rows);
    source_close(options.source);
    text[n - 3] = 'x';
    file = text_file(text);
    struct content *content = malloc(sizeof *content);
    struct reading reading = {.file = &file, .pool = pools[1]};
    lake_fails(read_all(&reading, content, &err), LAKE_INVALID_DATA, "x.csv:30001: volume is");
    free(content);
    free(text);
}

static void assert_refused(struct memory_file file, size_t block_bytes, lake_status wanted, const char *message)
{
    struct lake_error err = {0};
    struct reading reading = {.file = &file, .pool = pools[1], .block_bytes = block_bytes};
    struct content *content = malloc(sizeof *content);
    lake_fails(read_all(&reading, content, &err), wanted, message);
    assert_int_equal(file.n_open, 0);
    free(content);
}

#define HEADER "ts,open,high,low,close,volume\n"
#define ROW "1680307200000,1,2,0.5,1.5,10\n"

static void test_errors_name_the_line(void **state)
{
    (void)state;
    assert_refused(text_file(HEADER ROW ROW ROW "1680307200000,1,2,0.5,x,10\n" ROW), 40, LAKE_INVALID_DATA,
                   "x.csv:5: close is 'x', not a number");
    assert_refused(text_file(HEADER ROW "\n" ROW "1680307200000,1,2"), 40, LAKE_INVALID_DATA,
                   "x.csv:5: the last line may be cut off: the line has 3 fields");
    assert_refused(text_file(HEADER ROW "\"1680307200000,1\n2\n" ROW), 40, LAKE_INVALID_DATA,
                   "x.csv:3: a quotation mark is not closed");
}

static void test_files_without_rows(void **state)
{
    (void)state;
    assert_refused(text_file(""), 40, LAKE_INVALID_DATA, "x.csv: the file is empty");
    const char *const headers[] = {HEADER, HEADER "\n\r\n" HEADER, "ts,open,high,low,close,volume"};
    struct content *content = malloc(sizeof *content);
    for (size_t i = 0; i < 3; i++) {
        struct lake_error err = {0};
        struct memory_file only_header = text_file(headers[i]);
        struct reading reading = {.file = &only_header, .pool = pools[0], .block_bytes = 40};
        lake_ok(read_all(&reading, content, &err));
        assert_int_equal(content->n_rows, 0);
    }
    free(content);
    struct memory_file file = text_file("");
    file.kind = IO_KIND_DIRECTORY;
    assert_refused(file, 40, LAKE_INVALID_ARGUMENT, "x.csv: is a directory");
    file.bytes = NULL;
    assert_refused(file, 40, LAKE_NOT_FOUND, "x.csv");
}

static void test_a_read_that_fails_is_reported(void **state)
{
    (void)state;
    struct memory_file file = text_file(HEADER ROW ROW ROW);
    file.most = 8;
    for (file.fails_at = 1; file.fails_at < file.length; file.fails_at += 8)
        assert_refused(file, 40, LAKE_IO, "x.csv");
}

/* What is behind the limit is not read, however long the line is. */
static void assert_refused_early(struct memory_file file, size_t block_bytes, const char *message)
{
    struct lake_error err = {0};
    struct reading reading = {.file = &file, .pool = pools[1], .block_bytes = block_bytes};
    struct content *content = malloc(sizeof *content);
    lake_fails(read_all(&reading, content, &err), LAKE_INVALID_DATA, message);
    assert_true(file.position < file.length);
    free(content);
}

static void test_long_lines_are_refused_without_being_kept(void **state)
{
    (void)state;
    size_t n = 24 * LIMIT_CSV_LINE_BYTES; /* more than the two blocks that are read ahead */
    char *text = malloc(n + 1);
    memset(text, 'x', n);
    text[n] = '\0';
    assert_refused_early(text_file(text), 0, "x.csv:1: the line is longer than 1048576 bytes");
    memcpy(text, HEADER ROW "\"", strlen(HEADER ROW "\""));
    assert_refused_early(text_file(text), 4096, "x.csv:3: the line is longer than 1048576 bytes");
    assert_refused_early(text_file(text), 0, "x.csv:3: the line is longer than 1048576 bytes");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_and_threads_make_no_difference),
        cmocka_unit_test(test_reading_goes_on_where_it_stood),
        cmocka_unit_test(test_a_text_that_became_shorter),
        cmocka_unit_test(test_records_put_aside_are_the_same_in_blocks_of_any_size),
        cmocka_unit_test(test_long_lines_are_put_aside_without_being_kept),
        cmocka_unit_test(test_runs_of_one_block_are_in_order),
        cmocka_unit_test(test_errors_name_the_line),
        cmocka_unit_test(test_files_without_rows),
        cmocka_unit_test(test_a_read_that_fails_is_reported),
        cmocka_unit_test(test_long_lines_are_refused_without_being_kept),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
