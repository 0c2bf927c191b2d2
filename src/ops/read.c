/* The public way to rows: of one symbol (ops/read_one.h), or of several (ops/read_many.h). */
#include <datalake/lake.h>

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "column/arrow.h"
#include "lake/handle.h"
#include "ops/read_many.h"

struct lake_scan {
    struct lake *lake;
    struct read_one one;
    struct read_many *many; /* not NULL: of several symbols, and `one` has no part in it */
    int own_symbol;         /* of several: a column of theirs that is called as that of their symbols; -1: none */
};

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static lake_status check_options(const struct lake_scan_options *options, struct lake_error *err)
{
    if (options == NULL || options->size != sizeof *options)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "scan options have an unknown size");
    if (options->limit < 0 || options->tail < 0 || options->batch_rows < 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "limit, tail and batch rows cannot be negative");
    if (options->has_start && options->has_end && options->start_ms > options->end_ms)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the range starts after its end");
    if (options->as_of < 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "a snapshot cannot be negative");
    if ((int)options->fill < LAKE_FILL_NONE || (int)options->fill > LAKE_FILL_ZERO_VOLUME)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "there is no way to fill with the number %d", (int)options->fill);
    if (is_given(options->offset) && is_given(options->origin))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "an offset and an origin say the same; leave one out");
    return LAKE_OK;
}

/* ---- opening ---- */

lake_status lake_scan_open(struct lake *lake, const struct lake_scan_options *options, struct lake_scan **out,
                           struct lake_error *err)
{
    const struct read_request request = {.options = options};
    struct lake_scan *scan = NULL;
    *out = NULL;
    TRY(check_options(options, err));
    TRY(memory_new(1, sizeof *scan, &scan, err));
    lake_status status = read_one_open(lake, &request, &scan->one, err);
    scan->lake = lake;
    if (status == LAKE_OK)
        *out = scan;
    else
        memory_free(scan);
    return status;
}

lake_status lake_scan_open_many(struct lake *lake, const struct lake_scan_options *options, const char *const *symbols,
                                size_t n_symbols, struct lake_scan **out, struct lake_error *err)
{
    const struct scan_symbols named = {symbols, n_symbols};
    struct lake_scan *scan = NULL;
    *out = NULL;
    TRY(check_options(options, err));
    TRY(memory_new(1, sizeof *scan, &scan, err));
    lake_status status = read_many_open(lake, options, &named, &scan->many, err);
    if (status != LAKE_OK) {
        memory_free(scan);
        return status;
    }
    scan->lake = lake;
    scan->own_symbol = schema_find(read_many_schema(scan->many), SYMBOL_COLUMN);
    *out = scan;
    return LAKE_OK;
}

void lake_scan_close(struct lake_scan *scan)
{
    if (scan == NULL)
        return;
    read_many_close(scan->many);
    read_one_close(&scan->one);
    memory_free(scan);
}

/* ---- what is known of it ---- */

int64_t lake_scan_rows(const struct lake_scan *scan)
{
    return scan->many != NULL ? read_many_rows(scan->many) : scan->one.n_rows;
}

struct lake_selection lake_scan_dataset(const struct lake_scan *scan, bool *chosen)
{
    bool was_chosen = scan->one.source.was_chosen;
    const struct manifest_dataset *dataset =
        scan->many != NULL ? read_many_dataset(scan->many, &was_chosen) : &scan->one.source.dataset;
    if (chosen != NULL)
        *chosen = was_chosen;
    return (struct lake_selection){dataset->exchange, dataset->market, dataset->symbol, dataset->type, dataset->period};
}

const char *lake_scan_note(const struct lake_scan *scan)
{
    return scan->many != NULL ? read_many_note(scan->many) : scan->one.source.note;
}

int64_t lake_scan_incomplete(const struct lake_scan *scan, int64_t *n_bars)
{
    const struct completeness known = scan->many != NULL ? read_many_known(scan->many) : scan->one.known;
    if (n_bars != NULL)
        *n_bars = known.n_bars;
    return known.n_incomplete;
}

static const struct schema *given_schema(const struct lake_scan *scan)
{
    return scan->many != NULL ? read_many_schema(scan->many) : read_one_schema(&scan->one);
}

lake_status lake_scan_schema(const struct lake_scan *scan, struct ArrowSchema *out, struct lake_error *err)
{
    TRY(arrow_export_schema(given_schema(scan), out, err));
    return scan->many == NULL ? LAKE_OK : symbol_column_add_schema(out, err);
}

/* ---- rows ---- */

static lake_status next_batch(void *context, struct batch *out, struct lake_error *err)
{
    struct lake_scan *scan = context;
    return scan->many != NULL ? read_many_next(scan->many, out, err) : read_one_next(&scan->one, out, err);
}

static lake_status add_symbols(const struct lake_scan *scan, struct ArrowArray *array, struct lake_error *err)
{
    if (scan->many == NULL || array->release == NULL)
        return LAKE_OK;
    return symbol_column_add(array, read_many_runs(scan->many), scan->own_symbol, scan->lake->blocks, err);
}

lake_status lake_scan_next(struct lake_scan *scan, struct ArrowArray *out, struct lake_error *err)
{
    struct batch batch;
    memset(out, 0, sizeof *out);
    TRY(next_batch(scan, &batch, err));
    if (batch.release == NULL)
        return LAKE_OK;
    TRY(arrow_export_batch(&batch, out, err));
    return add_symbols(scan, out, err);
}

static void release_scan(void *context)
{
    lake_scan_close(context);
}

/* ---- a stream of several symbols: the stream of their rows, to whose batches the symbols are added ---- */

struct many_stream {
    struct ArrowArrayStream rows;
    const struct lake_scan *scan; /* which the stream of rows owns */
    struct lake_error error;
};

static int get_many_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct many_stream *many = stream->private_data;
    int result = many->error.status != LAKE_OK ? ENOMEM : many->rows.get_schema(&many->rows, out);
    if (result == 0)
        many->error.status = symbol_column_add_schema(out, &many->error);
    return many->error.status == LAKE_OK ? result : ENOMEM;
}

static int get_many_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct many_stream *many = stream->private_data;
    int result = many->error.status != LAKE_OK ? ENOMEM : many->rows.get_next(&many->rows, out);
    if (result == 0)
        many->error.status = add_symbols(many->scan, out, &many->error);
    return many->error.status == LAKE_OK ? result : ENOMEM;
}

static const char *get_many_error(struct ArrowArrayStream *stream)
{
    struct many_stream *many = stream->private_data;
    return many->error.status != LAKE_OK ? many->error.message : many->rows.get_last_error(&many->rows);
}

static void release_many(struct ArrowArrayStream *stream)
{
    struct many_stream *many = stream->private_data;
    many->rows.release(&many->rows);
    memory_free(many);
    stream->release = NULL;
}

static lake_status take_many(struct lake_scan *scan, struct ArrowArrayStream *stream, struct lake_error *err)
{
    struct many_stream *many = NULL;
    lake_status status = memory_new(1, sizeof *many, &many, err);
    if (status != LAKE_OK) {
        stream->release(stream);
        return status;
    }
    many->rows = *stream;
    many->scan = scan;
    *stream = (struct ArrowArrayStream){.get_schema = get_many_schema,
                                        .get_next = get_many_next,
                                        .get_last_error = get_many_error,
                                        .release = release_many,
                                        .private_data = many};
    return LAKE_OK;
}

lake_status lake_scan_take_stream(struct lake_scan *scan, struct ArrowArrayStream *out, struct lake_error *err)
{
    const struct batch_source source = {given_schema(scan), next_batch, release_scan, scan};
    bool is_many = scan->many != NULL;
    TRY(arrow_export_stream(source, out, err));
    return is_many ? take_many(scan, out, err) : LAKE_OK;
}
