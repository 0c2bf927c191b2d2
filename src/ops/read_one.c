#include "ops/read_one.h"

#include <string.h>

#include "base/memory.h"
#include "column/builder.h"
#include "ops/read_tail.h"

/* ---- opening ---- */

static const struct schema *read_schema(const struct read_one *one)
{
    return one->is_plain ? scan_get_schema(one->source.scan) : read_feed_schema(&one->feed);
}

static lake_status open_feed(struct read_one *one, const struct lake_scan_options *options, struct lake_error *err)
{
    struct read_feed_options feed = {one->source.range, options->complete, options->fill};
    struct read_tail tail;
    one->n_rows = -1;
    one->n_left = options->limit > 0 ? options->limit : INT64_MAX;
    if (options->tail > 0) {
        TRY(read_tail_find(&one->source, &feed, options->tail, &tail, err));
        feed.range.start_ms = tail.start_ms;
        one->n_skipped = tail.n_before;
        one->n_left = tail.n_rows < one->n_left ? tail.n_rows : one->n_left;
        one->n_rows = one->n_left;
    }
    return read_feed_open(&one->source, &feed, &one->feed, err);
}

static lake_status choose_columns(struct read_one *one, const struct lake_scan_options *options, bool is_lenient,
                                  struct lake_error *err)
{
    const struct schema *schema = read_schema(one);
    const char **names = NULL;
    size_t n = 0;
    if (!is_lenient)
        return projection_new(schema, options->columns, options->n_columns, &one->projection, err);
    TRY(memory_new(options->n_columns, sizeof *names, &names, err));
    for (size_t i = 0; i < options->n_columns; i++)
        if (schema_find(schema, options->columns[i]) >= 0)
            names[n++] = options->columns[i];
    lake_status status = projection_new(schema, names, n, &one->projection, err);
    memory_free(names);
    return status;
}

static lake_status open_rows(struct read_one *one, const struct lake_scan_options *options, bool is_lenient,
                             struct lake_error *err)
{
    one->is_plain = read_is_plain(options, &one->source);
    if (one->is_plain)
        one->n_rows = scan_rows(one->source.scan);
    else
        TRY(open_feed(one, options, err));
    completeness_init(&one->known, read_schema(one));
    if (options->columns == NULL || (one->is_plain && one->source.n_columns == options->n_columns))
        return LAKE_OK;
    return choose_columns(one, options, is_lenient, err);
}

lake_status read_one_open(struct lake *lake, const struct read_request *request, struct read_one *out,
                          struct lake_error *err)
{
    *out = (struct read_one){.n_rows = 0};
    TRY(read_source_resolve_at(lake, request, &out->source, err));
    lake_status status = open_rows(out, request->options, request->is_lenient, err);
    if (status != LAKE_OK)
        read_one_close(out);
    return status;
}

void read_one_close(struct read_one *one)
{
    batch_release(&one->held);
    projection_free(one->projection);
    one->projection = NULL;
    read_feed_close(&one->feed);
    read_source_release(&one->source);
}

const struct schema *read_one_schema(const struct read_one *one)
{
    return one->projection != NULL ? projection_schema(one->projection) : read_schema(one);
}

/* ---- rows ---- */

/* Has a batch held with a row that is to be given, unless there are no more. */
static lake_status hold_rows(struct read_one *one, struct lake_error *err)
{
    while (one->n_left > 0) {
        int64_t n = one->held.n_rows - one->held_row;
        int64_t n_skipped = one->n_skipped < n ? one->n_skipped : n;
        one->n_skipped -= n_skipped;
        one->held_row += n_skipped;
        if (n_skipped < n)
            return LAKE_OK;
        batch_release(&one->held);
        one->held_row = 0;
        TRY(read_feed_next(&one->feed, &one->held, err));
        if (one->held.release == NULL)
            one->n_left = 0;
    }
    return LAKE_OK;
}

static lake_status cut_rows(struct read_one *one, int64_t n, struct batch *out, struct lake_error *err)
{
    struct batch_builder *builder = NULL;
    TRY(batch_builder_new(read_schema(one), &builder, err));
    lake_status status = batch_builder_append(builder, &one->held, one->held_row, n, err);
    if (status == LAKE_OK)
        status = batch_builder_take(builder, out, err);
    batch_builder_free(builder);
    return status;
}

static lake_status next_of_feed(struct read_one *one, struct batch *out, struct lake_error *err)
{
    TRY(hold_rows(one, err));
    if (one->n_left == 0)
        return LAKE_OK;
    int64_t n = one->held.n_rows - one->held_row;
    n = n < one->n_left ? n : one->n_left;
    n = n < one->source.batch_rows ? n : one->source.batch_rows;
    if (n == one->held.n_rows)
        batch_move(out, &one->held);
    else
        TRY(cut_rows(one, n, out, err));
    one->held_row = one->held.release == NULL ? 0 : one->held_row + n;
    one->n_left -= n;
    return LAKE_OK;
}

lake_status read_one_next(struct read_one *one, struct batch *out, struct lake_error *err)
{
    memset(out, 0, sizeof *out);
    TRY(one->is_plain ? scan_next(one->source.scan, out, err) : next_of_feed(one, out, err));
    if (out->release == NULL)
        return LAKE_OK;
    completeness_count(&one->known, out);
    lake_status status = one->projection == NULL ? LAKE_OK : projection_apply(one->projection, out, err);
    if (status != LAKE_OK)
        batch_release(out);
    return status;
}
