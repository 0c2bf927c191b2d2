/* Times the CSV parser alone, on one thread: a file that is in the page cache, read in pieces, into columns that are summed up.
 *
 *     build/release/bench/bench_parse FILE.csv [ROUNDS]
 *
 * Prints the best processor time of all rounds in seconds, the rows, and for each column its name and the sum of its values' bits, for
 * parse.py to hold against others. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "ingest/csv_digits.h"
#include "ingest/csv_parse.h"
#include "io/io.h"

enum { PIECE_BYTES = 512 << 10, MAX_COLUMNS = 64 };

struct subject {
    const char *path;
    int file;
    char *bytes;
    struct csv_wishes wishes;
    struct csv_layout layout;
    struct csv_run run;
    int64_t n_rows;
    uint64_t sums[MAX_COLUMNS];
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Sums are not part of what is timed. */
static double add_sums(struct subject *subject)
{
    double start = now_s();
    const struct batch *batch = &subject->run.rows.batch;
    for (size_t c = 0; c < batch->schema->n_fields && c < MAX_COLUMNS; c++) {
        const uint64_t *bits = batch_values(batch, c);
        if (!column_type_has_offsets(batch->schema->fields[c].type))
            for (int64_t row = 0; row < batch->n_rows; row++)
                subject->sums[c] += bits[row];
    }
    subject->n_rows += batch->n_rows;
    return now_s() - start;
}

static lake_status read_piece(struct subject *subject, size_t *length, int64_t offset, struct lake_error *err)
{
    struct io io = io_system();
    int64_t n = io.ops->read_at(io.context, subject->file, subject->bytes, PIECE_BYTES, offset);
    if (n < 0)
        return lake_fail_errno(err, (int)-n, "cannot read", subject->path);
    *length = (size_t)n;
    while (*length > 0 && subject->bytes[*length - 1] != '\n')
        --*length;
    memset(subject->bytes + *length, 0, CSV_PADDING_BYTES);
    return LAKE_OK;
}

/* Reads and parses the file once; *seconds is what that took. */
static lake_status parse_file(struct subject *subject, double *seconds, struct lake_error *err)
{
    double start = now_s(), without = 0;
    int64_t offset = (int64_t)subject->layout.body;
    size_t length = 0;
    memset(subject->sums, 0, sizeof subject->sums);
    subject->n_rows = 0;
    for (;;) {
        TRY(read_piece(subject, &length, offset, err));
        if (length == 0)
            break;
        struct csv_block block = {.layout = &subject->layout, .place = subject->path, .text = subject->bytes};
        subject->run.text = subject->bytes;
        subject->run.end = subject->bytes + length;
        TRY(csv_parse(&block, &subject->run, err));
        without += add_sums(subject);
        offset += (int64_t)length;
    }
    *seconds = now_s() - start - without;
    return LAKE_OK;
}

static lake_status prepare(struct subject *subject, struct lake_error *err)
{
    struct io io = io_system();
    size_t length = 0;
    subject->file = io.ops->open(io.context, subject->path, IO_READ);
    if (subject->file < 0)
        return lake_fail_errno(err, -subject->file, "cannot open", subject->path);
    TRY(memory_new(PIECE_BYTES + CSV_PADDING_BYTES, 1, &subject->bytes, err));
    TRY(read_piece(subject, &length, 0, err));
    struct csv_input input = {.place = subject->path, .wishes = &subject->wishes, .block = {subject->bytes, length}};
    return csv_layout_detect(&subject->layout, &input, err);
}

static lake_status run(struct subject *subject, int rounds, struct lake_error *err)
{
    double best = 1e12, seconds = 0;
    TRY(prepare(subject, err));
    for (int round = 0; round < rounds; round++) {
        TRY(parse_file(subject, &seconds, err));
        best = seconds < best ? seconds : best;
    }
    printf("%.6f %" PRId64 "\n", best, subject->n_rows);
    for (size_t c = 0; c < subject->layout.schema->n_fields && c < MAX_COLUMNS; c++)
        printf("%s %" PRIu64 "\n", subject->layout.schema->fields[c].name, subject->sums[c]);
    return LAKE_OK;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: bench_parse FILE.csv [ROUNDS]\n");
        return 2;
    }
    struct subject subject = {.path = argv[1], .file = -1};
    struct lake_error err = {0};
    csv_run_init(&subject.run);
    lake_status status = run(&subject, argc > 2 ? (int)strtol(argv[2], NULL, 10) : 10, &err);
    if (status != LAKE_OK)
        fprintf(stderr, "bench_parse: %s\n", err.message);
    csv_run_release(&subject.run);
    csv_layout_release(&subject.layout);
    memory_free(subject.bytes);
    return status == LAKE_OK ? 0 : 1;
}
