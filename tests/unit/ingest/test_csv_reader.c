#include "ingest/csv_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

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

static struct csv_reader_options options_of(struct memory_file *file, struct pool *pool, size_t block_bytes)
{
    return (struct csv_reader_options){memory_file_io(file), pool, "x.csv", raw, block_bytes};
}

/* Everything a file gives: times, closes and lines of its rows in order. */
struct content {
    int64_t n_rows;
    int64_t ts_ms[2 * N_ROWS];
    double close[2 * N_ROWS];
    int64_t line[2 * N_ROWS];
    int64_t size_bytes;
    uint8_t digest[SHA256_BYTES];
};

static void add_run(struct content *content, const struct csv_reader *reader, const struct csv_runs *runs, size_t i)
{
    const struct batch *batch = &runs->runs[i].rows.batch;
    for (int64_t row = 0; row < batch->n_rows; row++) {
        assert_true(content->n_rows < 2 * N_ROWS);
        content->ts_ms[content->n_rows] = ((const int64_t *)batch_values(batch, 0))[row];
        content->close[content->n_rows] = ((const double *)batch_values(batch, 4))[row];
        content->line[content->n_rows++] = csv_reader_line(reader, i, row);
    }
}

static lake_status read_all(const struct csv_reader_options *options, struct content *content, struct lake_error *err)
{
    struct csv_reader *reader = NULL;
    struct csv_runs runs;
    lake_status status = LAKE_OK;
    *content = (struct content){0};
    TRY(csv_reader_open(options, &reader, err));
    do {
        TRY_OUT(csv_reader_next(reader, &runs, err));
        for (size_t i = 0; i < runs.n_runs; i++)
            add_run(content, reader, &runs, i);
    } while (runs.n_runs > 0);
    content->size_bytes = csv_reader_size_bytes(reader);
    memcpy(content->digest, csv_reader_digest(reader), SHA256_BYTES);
out:
    csv_reader_close(reader);
    return status;
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
        struct csv_reader_options options = options_of(&file, pools[i / 2 % 2], blocks[i / 4]);
        lake_ok(read_all(&options, got, &err));
        assert_memory_equal(got, want, sizeof *want);
        assert_int_equal(file.n_open, 0);
        free(text);
    }
    free(want);
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
    struct csv_reader_options options = options_of(&file, pools[1], 0);
    struct csv_reader *reader = NULL;
    struct csv_runs runs;
    lake_ok(csv_reader_open(&options, &reader, &err));
    lake_ok(csv_reader_next(reader, &runs, &err));
    assert_true(runs.n_runs > 4);
    int64_t row = 0;
    for (size_t i = 0; i < runs.n_runs; i++) {
        const double *volume = batch_values(&runs.runs[i].rows.batch, 5);
        for (int64_t k = 0; k < runs.runs[i].rows.batch.n_rows; k++)
            assert_true(volume[k] == (double)row++);
        assert_int_equal(csv_reader_line(reader, i, 0), row - runs.runs[i].rows.batch.n_rows + 2);
    }
    assert_int_equal(row, ROWS);
    csv_reader_close(reader);
    text[n - 3] = 'x';
    file = text_file(text);
    struct content *content = malloc(sizeof *content);
    lake_fails(read_all(&options, content, &err), LAKE_INVALID_DATA, "x.csv:30001: volume is");
    free(content);
    free(text);
}

static void assert_refused(struct memory_file file, size_t block_bytes, lake_status wanted, const char *message)
{
    struct lake_error err = {0};
    struct csv_reader_options options = options_of(&file, pools[1], block_bytes);
    struct content *content = malloc(sizeof *content);
    lake_fails(read_all(&options, content, &err), wanted, message);
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
                   "x.csv:5: the line has 3 fields");
    assert_refused(text_file(HEADER ROW "\"1680307200000,1\n2\n" ROW), 40, LAKE_INVALID_DATA,
                   "x.csv:3: a quotation mark is not closed");
}

static void test_files_without_rows(void **state)
{
    (void)state;
    assert_refused(text_file(""), 40, LAKE_INVALID_DATA, "x.csv: the file is empty");
    assert_refused(text_file(HEADER), 40, LAKE_INVALID_DATA, "x.csv: there is a header, but no row");
    assert_refused(text_file(HEADER "\n\r\n" HEADER), 40, LAKE_INVALID_DATA, "x.csv: there is a header, but no row");
    assert_refused(text_file("ts,open,high,low,close,volume"), 40, LAKE_INVALID_DATA,
                   "x.csv: there is a header, but no row");
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
    struct csv_reader_options options = options_of(&file, pools[1], block_bytes);
    struct content *content = malloc(sizeof *content);
    lake_fails(read_all(&options, content, &err), LAKE_INVALID_DATA, message);
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
        cmocka_unit_test(test_runs_of_one_block_are_in_order),
        cmocka_unit_test(test_errors_name_the_line),
        cmocka_unit_test(test_files_without_rows),
        cmocka_unit_test(test_a_read_that_fails_is_reported),
        cmocka_unit_test(test_long_lines_are_refused_without_being_kept),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
