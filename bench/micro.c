/* Times the codec alone, on one data file in memory and one thread: opening it, each column, all columns, and writing its rows.
 *
 *     cmake --preset release -DLAKE_BENCH=ON && cmake --build --preset release --target bench_micro
 *     build/release/bench/bench_micro FILE.parquet [ROUNDS]
 *
 * For profiling: what it prints is the best of all rounds, in microseconds. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "io/file.h"
#include "parquet/reader.h"
#include "parquet/writer.h"

struct subject {
    const char *path;
    struct buffer bytes;
    struct parquet_reader *reader;
    struct parquet_writer *writer;
    struct schema *schema;
    struct batch batch;
    struct buffer written;
    size_t column;
};

typedef lake_status (*timed_call)(struct subject *subject, struct lake_error *err);

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static lake_status open_file(struct subject *subject, struct lake_error *err)
{
    struct parquet_source source = parquet_source_bytes(subject->path, subject->bytes.data, subject->bytes.length);
    return parquet_reader_open(subject->reader, source, err);
}

static lake_status read_column(struct subject *subject, struct lake_error *err)
{
    struct parquet_target target = {.values = batch_values(&subject->batch, subject->column)};
    return parquet_reader_read(subject->reader, subject->column, 0, subject->batch.n_rows, &target, err);
}

static lake_status read_file(struct subject *subject, struct lake_error *err)
{
    TRY(open_file(subject, err));
    for (subject->column = 0; subject->column < subject->schema->n_fields; subject->column++)
        TRY(read_column(subject, err));
    return LAKE_OK;
}

static lake_status write_file(struct subject *subject, struct lake_error *err)
{
    struct parquet_writer_options options = {.doubles = PARQUET_DOUBLES_FAST, .compression = PARQUET_SNAPPY};
    buffer_clear(&subject->written);
    struct parquet_sink sink = parquet_sink_buffer(&subject->written);
    TRY(parquet_writer_begin(subject->writer, subject->schema, &options, sink, err));
    TRY(parquet_writer_append(subject->writer, &subject->batch, 0, subject->batch.n_rows, err));
    return parquet_writer_finish(subject->writer, err);
}

/* Prints the best time of a call. */
static lake_status time_call(struct subject *subject, const char *name, timed_call call, int rounds,
                             struct lake_error *err)
{
    double best = 1e12;
    for (int round = 0; round < rounds; round++) {
        double start = now_us();
        TRY(call(subject, err));
        double took = now_us() - start;
        best = took < best ? took : best;
    }
    printf("%-24s %9.2f us\n", name, best);
    return LAKE_OK;
}

/* The schema and an empty batch of the file; only fixed-width columns without nulls, as bars have them. */
static lake_status prepare(struct subject *subject, struct lake_error *err)
{
    TRY(file_read_all(io_system(), subject->path, LIMIT_ENGINE_BYTES, &subject->bytes, err));
    TRY(open_file(subject, err));
    const struct parquet_file *file = parquet_reader_file(subject->reader);
    struct column_field fields[64];
    if (file->n_columns > sizeof fields / sizeof fields[0])
        return lake_fail(err, LAKE_UNSUPPORTED, "%s: %zu columns", subject->path, file->n_columns);
    for (size_t i = 0; i < file->n_columns; i++) {
        fields[i] = file->columns[i].field;
        if (column_type_width(&fields[i]) == 0)
            return lake_fail(err, LAKE_UNSUPPORTED, "%s: %s is not of fixed width", subject->path, fields[i].name);
    }
    TRY(schema_new(fields, file->n_columns, &subject->schema, err));
    return batch_new(&subject->batch, subject->schema, file->n_rows, err);
}

static lake_status run(struct subject *subject, int rounds, struct lake_error *err)
{
    TRY(parquet_reader_new(&subject->reader, err));
    TRY(parquet_writer_new(&subject->writer, err));
    TRY(prepare(subject, err));
    printf("%s: %" PRId64 " rows, %zu bytes\n", subject->path, subject->batch.n_rows, subject->bytes.length);
    TRY(time_call(subject, "open", open_file, rounds, err));
    TRY(time_call(subject, "open and read", read_file, rounds, err));
    for (size_t i = 0; i < subject->schema->n_fields; i++) {
        subject->column = i;
        TRY(time_call(subject, subject->schema->fields[i].name, read_column, rounds, err));
    }
    return time_call(subject, "write", write_file, rounds, err);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: bench_micro FILE.parquet [ROUNDS]\n");
        return 2;
    }
    int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 2000;
    struct subject subject = {
        .path = argv[1], .bytes = BUFFER_INIT(LIMIT_ENGINE_BYTES), .written = BUFFER_INIT(LIMIT_ENGINE_BYTES)};
    struct lake_error err = {0};
    lake_status status = run(&subject, rounds, &err);
    if (status != LAKE_OK)
        fprintf(stderr, "bench_micro: %s\n", err.message);
    batch_release(&subject.batch);
    schema_free(subject.schema);
    parquet_writer_free(subject.writer);
    parquet_reader_free(subject.reader);
    buffer_release(&subject.written);
    buffer_release(&subject.bytes);
    return status == LAKE_OK ? 0 : 1;
}
