#include "ingest/csv_reader.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "ingest/csv_digits.h"
#include "ingest/csv_scan.h"

enum {
    BLOCK_BYTES = 4 << 20,
    RUN_BYTES = 64 << 10, /* smaller runs are not worth a task */
    RUNS_PER_THREAD = 4,
    TASK_HASH = 0,
    TASK_READ = 1,
    N_OTHER_TASKS = 2
};

/* One of the two buffers: bytes carried over, then bytes read. */
struct block {
    char *bytes;
    size_t capacity; /* without the padding */
    size_t start;    /* of the first record not yet parsed */
    size_t length;
    size_t read_from, read_to; /* what came from the file, not yet hashed */
};

struct csv_reader {
    struct csv_reader_options options;
    char *path;
    int file;
    bool is_open;
    bool is_at_end; /* of the file */
    bool has_rows;
    struct sha256 *hash;
    uint8_t digest[SHA256_BYTES];
    struct csv_layout layout;
    struct block blocks[2];
    size_t current;           /* the block whose runs the caller has, or is about to get */
    struct csv_block parsing; /* its text, for the parser */
    int64_t next_line;        /* of the first record not yet parsed */
    int64_t size_bytes;
    struct csv_run *runs;
    size_t n_runs, max_runs;
};

static lake_status reserve_block(struct block *block, size_t capacity, struct lake_error *err)
{
    if (capacity <= block->capacity)
        return LAKE_OK;
    TRY(memory_resize(&block->bytes, capacity + CSV_PADDING_BYTES, 1, err));
    block->capacity = capacity;
    return LAKE_OK;
}

/* Reads until the block is full or the file ends. The last line gets a line feed where the file has none. */
static lake_status fill_block(struct csv_reader *reader, struct block *block, struct lake_error *err)
{
    struct io io = reader->options.io;
    while (!reader->is_at_end && block->length < block->capacity) {
        int64_t n =
            io.ops->read(io.context, reader->file, block->bytes + block->length, block->capacity - block->length);
        if (n < 0)
            return lake_fail_errno(err, (int)-n, "cannot read", reader->path);
        reader->is_at_end = n == 0;
        block->length += (size_t)n;
        reader->size_bytes += n;
    }
    block->read_to = block->length;
    if (reader->is_at_end && block->length > block->start && block->bytes[block->length - 1] != '\n')
        block->bytes[block->length++] = '\n';
    memset(block->bytes + block->length, 0, CSV_PADDING_BYTES - 1);
    return LAKE_OK;
}

static lake_status read_more(struct csv_reader *reader, struct block *block, struct lake_error *err)
{
    TRY(reserve_block(block, block->length + reader->options.block_bytes, err));
    return fill_block(reader, block, err);
}

lake_status csv_reader_check(struct io io, const char *path, int64_t *size_bytes, struct lake_error *err)
{
    struct io_status status;
    int result = io.ops->status(io.context, path, &status);
    if (result < 0)
        return lake_fail_errno(err, -result, "cannot open", path);
    if (status.kind == IO_KIND_DIRECTORY)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: is a directory; name the CSV files in it", path);
    *size_bytes = status.size_bytes;
    return LAKE_OK;
}

static lake_status open_file(struct csv_reader *reader, struct lake_error *err)
{
    struct io io = reader->options.io;
    int64_t size_bytes;
    TRY(csv_reader_check(io, reader->path, &size_bytes, err));
    reader->file = io.ops->open(io.context, reader->path, IO_READ);
    if (reader->file < 0)
        return lake_fail_errno(err, -reader->file, "cannot open", reader->path);
    reader->is_open = true;
    return LAKE_OK;
}

static struct csv_span unparsed(const struct block *block)
{
    return (struct csv_span){block->bytes + block->start, block->length - block->start};
}

/* Reads the first block. A first line that is too long is given to the layout all the same, which looks at what it is. */
static lake_status detect(struct csv_reader *reader, struct lake_error *err)
{
    struct block *block = &reader->blocks[0];
    bool has_line = false;
    while (!reader->is_at_end && !has_line && block->length <= LIMIT_CSV_LINE_BYTES) {
        TRY(read_more(reader, block, err));
        has_line = memchr(block->bytes, '\n', block->length) != NULL;
    }
    struct csv_span text = unparsed(block);
    if (!has_line && text.length > LIMIT_CSV_LINE_BYTES)
        block->bytes[text.length++] = '\n';
    TRY(csv_layout_detect(&reader->layout, reader->path, reader->options.type, text, err));
    block->start = reader->layout.body;
    reader->next_line = reader->layout.body_line;
    return LAKE_OK;
}

static lake_status prepare(struct csv_reader *reader, struct lake_error *err)
{
    reader->max_runs = pool_threads(reader->options.pool) * RUNS_PER_THREAD;
    TRY(memory_new(reader->max_runs, sizeof *reader->runs, &reader->runs, err));
    for (size_t i = 0; i < reader->max_runs; i++)
        csv_rows_init(&reader->runs[i].rows);
    TRY(sha256_new(&reader->hash, err));
    return sha256_begin(reader->hash, err);
}

lake_status csv_reader_open(const struct csv_reader_options *options, struct csv_reader **out, struct lake_error *err)
{
    struct csv_reader *reader = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *reader, &reader, err));
    reader->options = *options;
    if (options->block_bytes == 0)
        reader->options.block_bytes = BLOCK_BYTES;
    TRY_OUT(memory_copy_string(options->path, &reader->path, err));
    TRY_OUT(open_file(reader, err));
    TRY_OUT(prepare(reader, err));
    TRY_OUT(detect(reader, err));
out:
    if (status == LAKE_OK)
        *out = reader;
    else
        csv_reader_close(reader);
    return status;
}

void csv_reader_close(struct csv_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->is_open)
        (void)reader->options.io.ops->close(reader->options.io.context, reader->file);
    for (size_t i = 0; reader->runs != NULL && i < reader->max_runs; i++)
        csv_rows_release(&reader->runs[i].rows);
    memory_free(reader->runs);
    memory_free(reader->blocks[0].bytes);
    memory_free(reader->blocks[1].bytes);
    csv_layout_release(&reader->layout);
    sha256_free(reader->hash);
    memory_free(reader->path);
    memory_free(reader);
}

static lake_status fail_open_record(const struct csv_reader *reader, size_t length, struct lake_error *err)
{
    if (length > LIMIT_CSV_LINE_BYTES)
        return lake_fail(err, LAKE_INVALID_DATA,
                         "%s:%" PRId64 ": the line is longer than %zu bytes; is a quotation mark not closed?",
                         reader->path, reader->next_line, LIMIT_CSV_LINE_BYTES);
    return lake_fail(err, LAKE_INVALID_DATA, "%s:%" PRId64 ": a quotation mark is not closed", reader->path,
                     reader->next_line);
}

/* Cuts the block into runs; reads on while not one record is whole. No runs: the end of the file. */
static lake_status cut_block(struct csv_reader *reader, struct block *block, const char **ends, struct lake_error *err)
{
    for (;;) {
        struct csv_span text = unparsed(block);
        size_t n = text.length / RUN_BYTES;
        n = n < 1 ? 1 : n < reader->max_runs ? n : reader->max_runs;
        reader->n_runs = csv_cut(text, reader->layout.separator, ends, n);
        if (reader->n_runs > 0 || (text.length == 0 && reader->is_at_end))
            return LAKE_OK;
        if (reader->is_at_end || text.length > LIMIT_CSV_LINE_BYTES)
            return fail_open_record(reader, text.length, err);
        TRY(read_more(reader, block, err));
    }
}

static lake_status start_runs(struct csv_reader *reader, struct block *block, struct lake_error *err)
{
    const char **ends = NULL;
    lake_status status = LAKE_OK;
    TRY(memory_new(reader->max_runs, sizeof *ends, &ends, err));
    TRY_OUT(cut_block(reader, block, ends, err));
    const char *text = block->bytes + block->start;
    reader->parsing = (struct csv_block){&reader->layout, reader->path, text, reader->next_line};
    for (size_t i = 0; i < reader->n_runs; i++) {
        reader->runs[i].text = text;
        reader->runs[i].end = text = ends[i];
    }
    block->start = (size_t)(text - block->bytes);
out:
    memory_free(ends);
    return status;
}

/* The beginning of a record at the block's end is where the next block begins. */
static lake_status carry_over(struct csv_reader *reader, const struct block *from, struct block *to,
                              struct lake_error *err)
{
    struct csv_span rest = unparsed(from);
    TRY(reserve_block(to, rest.length + reader->options.block_bytes, err));
    memcpy(to->bytes, rest.data, rest.length);
    to->start = 0;
    to->length = to->read_from = to->read_to = rest.length;
    return LAKE_OK;
}

static lake_status run_task(void *context, size_t index, size_t worker, struct lake_error *err)
{
    struct csv_reader *reader = context;
    struct block *block = &reader->blocks[reader->current];
    (void)worker;
    if (index == TASK_HASH)
        return sha256_update(reader->hash, block->bytes + block->read_from, block->read_to - block->read_from, err);
    if (index == TASK_READ)
        return fill_block(reader, &reader->blocks[1 - reader->current], err);
    struct csv_run *run = &reader->runs[index - N_OTHER_TASKS];
    return csv_parse(&reader->parsing, run->text, run->end, &run->rows, err);
}

static lake_status finish(struct csv_reader *reader, struct lake_error *err)
{
    if (!reader->has_rows)
        return lake_fail(err, LAKE_INVALID_DATA, "%s: there is a header, but no row", reader->path);
    return sha256_end(reader->hash, reader->digest, err);
}

lake_status csv_reader_next(struct csv_reader *reader, struct csv_runs *out, struct lake_error *err)
{
    struct block *block = &reader->blocks[reader->current];
    *out = (struct csv_runs){NULL, 0};
    TRY(start_runs(reader, block, err));
    if (reader->n_runs == 0)
        return finish(reader, err);
    TRY(carry_over(reader, block, &reader->blocks[1 - reader->current], err));
    TRY(pool_run(reader->options.pool, N_OTHER_TASKS + reader->n_runs, run_task, reader, err));
    for (size_t i = 0; i < reader->n_runs; i++) {
        reader->next_line += reader->runs[i].rows.n_lines;
        reader->has_rows = reader->has_rows || reader->runs[i].rows.batch.n_rows > 0;
    }
    reader->current = 1 - reader->current;
    *out = (struct csv_runs){reader->runs, reader->n_runs};
    return LAKE_OK;
}

const struct csv_layout *csv_reader_layout(const struct csv_reader *reader)
{
    return &reader->layout;
}

int64_t csv_reader_bar_ms(const struct csv_reader *reader)
{
    const char *text = reader->parsing.text;
    const char *end = reader->runs[reader->n_runs - 1].end;
    while (text < end && csv_layout_skips(&reader->layout, text, end, &text))
        continue;
    return text < end ? csv_layout_bar_ms(&reader->layout, text) : 0;
}

int64_t csv_reader_line(const struct csv_reader *reader, size_t run, int64_t row)
{
    return csv_row_line(&reader->parsing, reader->runs[run].text, reader->runs[run].end, row);
}

int64_t csv_reader_size_bytes(const struct csv_reader *reader)
{
    return reader->size_bytes;
}

const uint8_t *csv_reader_digest(const struct csv_reader *reader)
{
    return reader->digest;
}
