#include "ingest/csv_reader.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "ingest/csv_blocks.h"
#include "ingest/csv_digits.h"
#include "ingest/csv_format.h"
#include "ingest/csv_parse.h"
#include "ingest/csv_scan.h"

enum {
    BLOCK_BYTES = 4 << 20,
    RUN_BYTES = 64 << 10, /* smaller runs are not worth a task */
    RUNS_PER_THREAD = 4,
    TASK_HASH = 0,
    TASK_READ = 1,
    N_OTHER_TASKS = 2
};

struct csv_reader {
    struct row_source base;
    struct csv_reader_options options;
    struct csv_layout layout;
    struct csv_blocks blocks;
    struct csv_block parsing;     /* the text of the runs, for the parser */
    struct row_position position; /* of the first record that is not yet parsed */
    int64_t end_offset;           /* of what the runs were cut from */
    struct csv_span left;         /* of that: records behind too many rejects */
    char *long_line;              /* the beginning of one that is put aside; NULL until there is one */
    bool has_records, has_rows;   /* so far: any, and any that is a row or was put aside */
    struct csv_run *runs;
    const char **ends;    /* of the runs, while they are cut */
    int64_t *first_lines; /* of the runs */
    struct row_run *given;
    size_t n_runs, max_runs;
    const struct csv_field *misfit; /* why next failed */
    enum column_type wider;
};

static struct csv_reader *reader_of(struct row_source *rows)
{
    return (struct csv_reader *)rows;
}

/* ---- opening ---- */

static lake_status fail_long_line(const struct csv_reader *reader, struct lake_error *err)
{
    return lake_fail(err, LAKE_INVALID_DATA, "%s:%" PRId64 ": the line is longer than %zu bytes; is it a CSV file?",
                     reader->base.place, reader->position.line, LIMIT_CSV_LINE_BYTES);
}

/* What has no line end for so long may be something else, which is then named. */
static lake_status fail_first_line(const struct csv_reader *reader, struct csv_span block, struct lake_error *err)
{
    size_t mark_bytes = 0;
    TRY(csv_format_check(reader->base.place, block, &mark_bytes, err));
    block.length = LIMIT_CSV_LINE_BYTES;
    TRY(csv_format_check_text(reader->base.place, block, 0, err));
    return fail_long_line(reader, err);
}

/* Reads the first block. */
static lake_status detect(struct csv_reader *reader, struct lake_error *err)
{
    struct csv_buffer *block = csv_blocks_current(&reader->blocks);
    struct csv_input input = {.place = reader->base.place, .wishes = reader->options.wishes};
    bool has_line = false;
    while (!reader->blocks.is_at_end && !has_line && block->length <= LIMIT_CSV_LINE_BYTES) {
        TRY(csv_blocks_extend(&reader->blocks, err));
        has_line = memchr(block->bytes, '\n', block->length) != NULL;
    }
    input.block = csv_buffer_rest(block);
    input.is_whole = reader->blocks.is_at_end;
    if (!has_line && input.block.length > LIMIT_CSV_LINE_BYTES)
        return fail_first_line(reader, input.block, err);
    file_name_read(source_name(reader->options.source), &input.name);
    TRY(csv_layout_detect(&reader->layout, &input, err));
    block->start = reader->layout.body;
    reader->position = (struct row_position){(int64_t)reader->layout.body, reader->layout.body_line};
    return LAKE_OK;
}

/* Goes on where an earlier reading stood. */
static lake_status skip_to_start(struct csv_reader *reader, struct lake_error *err)
{
    struct row_position start = reader->options.start;
    if (start.offset <= reader->position.offset)
        return LAKE_OK;
    reader->position = start;
    reader->has_records = reader->has_rows = true; /* who read those asked then */
    return csv_blocks_skip(&reader->blocks, start.offset, err);
}

static lake_status prepare(struct csv_reader *reader, struct lake_error *err)
{
    size_t n = pool_threads(reader->options.pool) * RUNS_PER_THREAD;
    TRY(memory_new(n, sizeof *reader->runs, &reader->runs, err));
    for (; reader->max_runs < n; reader->max_runs++)
        csv_run_init(&reader->runs[reader->max_runs]);
    TRY(memory_new(n, sizeof *reader->ends, &reader->ends, err));
    TRY(memory_new(n, sizeof *reader->first_lines, &reader->first_lines, err));
    return memory_new(n, sizeof *reader->given, &reader->given, err);
}

static void close_reader(struct row_source *self)
{
    struct csv_reader *reader = reader_of(self);
    /* What was read is noted for hashing where it lies, until now. An error would be met again by who finishes the source. */
    lake_status status = source_hash(reader->options.source, NULL);
    (void)status;
    for (size_t i = 0; i < reader->max_runs; i++)
        csv_run_release(&reader->runs[i]);
    memory_free(reader->runs);
    memory_free(reader->ends);
    memory_free(reader->first_lines);
    memory_free(reader->given);
    memory_free(reader->long_line);
    csv_blocks_release(&reader->blocks);
    csv_layout_release(&reader->layout);
    memory_free(reader);
}

/* ---- blocks ---- */

static size_t count_runs(const struct csv_reader *reader, size_t length)
{
    size_t n = length / RUN_BYTES;
    return n < 1 ? 1 : n < reader->max_runs ? n : reader->max_runs;
}

/* Runs that begin at text and end at reader->ends. */
static void set_runs(struct csv_reader *reader, const char *text, size_t n)
{
    const struct csv_reader_options *options = &reader->options;
    reader->n_runs = n;
    for (size_t i = 0; i < n; i++) {
        reader->runs[i].text = i == 0 ? text : reader->ends[i - 1];
        reader->runs[i].end = reader->ends[i];
    }
    reader->parsing = (struct csv_block){.layout = &reader->layout,
                                         .place = reader->base.place,
                                         .text = text,
                                         .first_line = reader->position.line,
                                         .cut_off = reader->parsing.cut_off,
                                         .has_zone = options->wishes->has_zone && reader->layout.is_time_local,
                                         .wants_rejects = options->wants_rejects};
}

/* A line that does not end within the block becomes a run of its own: a record that is too long, which is what of it is kept. */
static lake_status take_long_line(struct csv_reader *reader, struct lake_error *err)
{
    struct csv_buffer *block = csv_blocks_current(&reader->blocks);
    size_t length = LIMIT_CSV_LINE_BYTES + 1;
    if (!reader->options.wants_rejects)
        return fail_long_line(reader, err);
    if (reader->long_line == NULL)
        TRY(memory_new(length + 1 + CSV_PADDING_BYTES, 1, &reader->long_line, err));
    memcpy(reader->long_line, block->bytes + block->start, length);
    reader->long_line[length] = '\n';
    reader->ends[0] = reader->long_line + length + 1;
    set_runs(reader, reader->long_line, 1);
    return csv_blocks_skip_line(&reader->blocks, err);
}

/* Cuts the current block into runs; reads on while not one record is whole. No runs: the end of the member. */
static lake_status cut_block(struct csv_reader *reader, struct lake_error *err)
{
    struct csv_buffer *block = csv_blocks_current(&reader->blocks);
    for (;;) {
        struct csv_cut cut = {csv_buffer_rest(block), reader->layout.separator, reader->blocks.is_at_end};
        size_t n = csv_cut(&cut, reader->ends, count_runs(reader, cut.text.length));
        if (n > 0 || (cut.text.length == 0 && cut.is_last)) {
            reader->parsing.cut_off = block->is_cut_off ? block->bytes + block->length : NULL;
            set_runs(reader, cut.text.data, n);
            block->start += n > 0 ? (size_t)(reader->ends[n - 1] - cut.text.data) : 0;
            return LAKE_OK;
        }
        if (cut.text.length > LIMIT_CSV_LINE_BYTES)
            return take_long_line(reader, err);
        TRY(csv_blocks_extend(&reader->blocks, err));
    }
}

static lake_status run_task(void *context, size_t index, size_t worker, struct lake_error *err)
{
    struct csv_reader *reader = context;
    (void)worker;
    if (index == TASK_HASH)
        return source_hash(reader->options.source, err);
    if (index == TASK_READ)
        return csv_blocks_fill(&reader->blocks, csv_blocks_next(&reader->blocks), err);
    return csv_parse(&reader->parsing, &reader->runs[index - N_OTHER_TASKS], err);
}

static lake_status run_left_task(void *context, size_t index, size_t worker, struct lake_error *err)
{
    return run_task(context, index + N_OTHER_TASKS, worker, err);
}

/* The lowest run that failed is the one whose error next reports. */
static void note_misfit(struct csv_reader *reader)
{
    for (size_t i = 0; i < reader->n_runs && reader->misfit == NULL; i++) {
        reader->misfit = reader->runs[i].misfit;
        reader->wider = reader->runs[i].wider;
    }
}

/* The runs up to the first that was left early are given; the rest of the block comes with the next call. */
static void give_runs(struct csv_reader *reader, struct csv_span text, struct row_runs *out)
{
    const char *end = text.data + text.length, *stopped = end;
    size_t n = 0;
    for (; n < reader->n_runs && stopped == end; n++) {
        struct csv_run *run = &reader->runs[n];
        reader->first_lines[n] = reader->position.line;
        for (size_t i = 0; i < run->n_rejects; i++)
            run->rejects[i].line += reader->position.line;
        reader->given[n] = (struct row_run){&run->rows.batch, run->rejects, run->n_rejects, run->n_others};
        reader->position.line += run->n_lines;
        reader->has_rows = reader->has_rows || run->rows.batch.n_rows > 0 || run->n_rejects > 0;
        reader->has_records = reader->has_records || reader->has_rows || run->n_others > 0;
        if (run->stopped != run->end)
            stopped = run->stopped;
    }
    reader->n_runs = n;
    reader->left = (struct csv_span){stopped, (size_t)(end - stopped)};
    reader->position.offset = reader->end_offset - (int64_t)reader->left.length;
    if (stopped == reader->parsing.cut_off)
        reader->position.offset--;
    *out = (struct row_runs){reader->given, n};
}

/* A member that only ever held a header is an empty one. */
static lake_status finish(const struct csv_reader *reader, struct lake_error *err)
{
    if (!reader->has_records || reader->has_rows)
        return LAKE_OK;
    return lake_fail(err, LAKE_INVALID_DATA, "%s: no row is of the symbol that is asked for", reader->base.place);
}

static lake_status parse_left(struct csv_reader *reader, struct row_runs *out, struct lake_error *err)
{
    struct csv_cut cut = {reader->left, reader->layout.separator, true};
    set_runs(reader, cut.text.data, csv_cut(&cut, reader->ends, count_runs(reader, cut.text.length)));
    TRY(pool_run(reader->options.pool, reader->n_runs, run_left_task, reader, err));
    give_runs(reader, cut.text, out);
    return LAKE_OK;
}

static lake_status parse_block(struct csv_reader *reader, struct row_runs *out, struct lake_error *err)
{
    TRY(cut_block(reader, err));
    if (reader->n_runs == 0) {
        TRY(source_hash(reader->options.source, err));
        return finish(reader, err);
    }
    const struct csv_buffer *block = csv_blocks_current(&reader->blocks);
    const char *text = reader->runs[0].text, *end = reader->runs[reader->n_runs - 1].end;
    reader->end_offset = block->offset + (int64_t)block->start;
    TRY(csv_blocks_carry(&reader->blocks, err));
    TRY(pool_run(reader->options.pool, N_OTHER_TASKS + reader->n_runs, run_task, reader, err));
    give_runs(reader, (struct csv_span){text, (size_t)(end - text)}, out);
    reader->blocks.current = 1 - reader->blocks.current;
    return LAKE_OK;
}

static lake_status next_runs(struct row_source *self, struct row_runs *out, struct lake_error *err)
{
    struct csv_reader *reader = reader_of(self);
    *out = (struct row_runs){NULL, 0};
    reader->misfit = NULL;
    lake_status status = reader->left.length > 0 ? parse_left(reader, out, err) : parse_block(reader, out, err);
    if (status != LAKE_OK)
        note_misfit(reader);
    return status;
}

/* ---- places ---- */

static int64_t line_of_row(struct row_source *self, size_t run, int64_t row)
{
    struct csv_reader *reader = reader_of(self);
    int64_t line = 0;
    (void)csv_run_find(&reader->parsing, &reader->runs[run], row, &line);
    return reader->first_lines[run] + line;
}

static lake_status text_of_row(struct row_source *self, size_t run, int64_t row, struct buffer *out,
                               struct lake_error *err)
{
    struct csv_reader *reader = reader_of(self);
    int64_t line = 0;
    struct csv_record record = csv_run_find(&reader->parsing, &reader->runs[run], row, &line);
    if (record.text == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: there is no row %" PRId64 " in run %zu of the block",
                         reader->base.place, row, run);
    struct csv_span text = csv_record_text(record);
    return buffer_append(out, text.data, text.length, err);
}

static struct row_position position(const struct row_source *self)
{
    return ((const struct csv_reader *)self)->position;
}

static const struct row_source_ops ops = {next_runs, line_of_row, text_of_row, position, close_reader};

lake_status csv_reader_open(const struct csv_reader_options *options, struct row_source **out, struct lake_error *err)
{
    struct csv_reader *reader = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *reader, &reader, err));
    reader->options = *options;
    reader->position = (struct row_position){0, 1};
    reader->base = (struct row_source){.ops = &ops, .place = source_place(options->source)};
    csv_blocks_init(&reader->blocks, options->source, options->block_bytes == 0 ? BLOCK_BYTES : options->block_bytes);
    TRY_OUT(prepare(reader, err));
    TRY_OUT(detect(reader, err));
    TRY_OUT(skip_to_start(reader, err));
    reader->base.type = reader->layout.type;
    reader->base.schema = reader->layout.schema;
out:
    if (status == LAKE_OK)
        *out = &reader->base;
    else
        close_reader(&reader->base);
    return status;
}

const struct csv_layout *csv_reader_layout(const struct row_source *rows)
{
    return &((const struct csv_reader *)rows)->layout;
}

int64_t csv_reader_bar_ms(const struct row_source *rows)
{
    const struct csv_reader *reader = (const struct csv_reader *)rows;
    for (size_t i = 0; i < reader->n_runs; i++) {
        int64_t line = 0;
        if (reader->runs[i].rows.batch.n_rows > 0)
            return csv_layout_bar_ms(&reader->layout, csv_run_find(&reader->parsing, &reader->runs[i], 0, &line).text);
    }
    return 0;
}

bool csv_reader_widened(const struct row_source *rows, const char **name, enum column_type *type)
{
    const struct csv_reader *reader = (const struct csv_reader *)rows;
    if (reader->misfit == NULL)
        return false;
    *name = reader->misfit->meaning.name;
    *type = reader->wider;
    return true;
}
