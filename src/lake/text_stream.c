/* Streams of rows as CSV, JSON, NDJSON and Parquet (datalake/text.h), in bounded memory: rows are formatted a
 * slice at a time into one buffer that is handed to the sink whenever it is full enough. */
#include <datalake/text.h>

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/limits.h"
#include "column/arrow.h"
#include "column/builder.h"
#include "column/format.h"
#include "parquet/writer.h"

#define SLICE_ROWS INT64_C(1024)
#define SINK_BYTES (128 * KIB)
#define TEXT_LIMIT_BYTES (256 * MIB)       /* of one slice: rows with very long text */
#define ROW_GROUP_ROWS INT64_C(131072)     /* small batches are gathered up to this */
#define ROW_GROUP_BYTES ((size_t)16 * MIB) /* … or this */

/* A stream that is being written out. */
struct text_stream {
    struct ArrowArrayStream *stream;
    struct lake_sink sink;
    struct schema *schema;
    struct buffer text;
    enum time_text time;
    enum lake_format format;
    bool has_rows; /* written before */
};

struct stream_errno {
    int error_number;
    lake_status status;
};

/* The errno values streams fail with, as statuses; anything else is LAKE_IO. */
static const struct stream_errno stream_errnos[] = {
    {ENOMEM, LAKE_NO_MEMORY}, {ECANCELED, LAKE_CANCELLED}, {ENOTSUP, LAKE_UNSUPPORTED}, {ENOSYS, LAKE_UNSUPPORTED},
    {ENOSPC, LAKE_NO_SPACE},  {EACCES, LAKE_PERMISSION},   {ENOENT, LAKE_NOT_FOUND},    {EINVAL, LAKE_INVALID_DATA},
    {EBUSY, LAKE_BUSY},       {EBADMSG, LAKE_CORRUPT},
};

static lake_status stream_fail(struct ArrowArrayStream *stream, int error_number, struct lake_error *err)
{
    lake_status status = LAKE_IO;
    for (size_t i = 0; i < sizeof stream_errnos / sizeof *stream_errnos; i++)
        if (stream_errnos[i].error_number == error_number)
            status = stream_errnos[i].status;
    const char *message = stream->get_last_error(stream);
    return lake_fail(err, status, "%s", message != NULL ? message : "the stream of rows failed");
}

static lake_status sink_bytes(const struct lake_sink *sink, const void *bytes, size_t n, struct lake_error *err)
{
    if (n > 0 && sink->write(sink->context, bytes, n) != 0)
        return lake_fail(err, LAKE_IO, "the output took no more than part of the rows");
    return LAKE_OK;
}

static lake_status flush_text(struct text_stream *out, size_t at_least, struct lake_error *err)
{
    if (out->text.length < at_least)
        return LAKE_OK;
    TRY(sink_bytes(&out->sink, out->text.data, out->text.length, err));
    buffer_clear(&out->text);
    return LAKE_OK;
}

static lake_status read_schema(struct text_stream *out, struct lake_error *err)
{
    struct ArrowSchema exported = {0};
    int failed = out->stream->get_schema(out->stream, &exported);
    if (failed != 0)
        return stream_fail(out->stream, failed, err);
    lake_status status = arrow_import_schema(&exported, &out->schema, err);
    exported.release(&exported);
    return status;
}

/* The next batch that has rows; batch->release is NULL at the end. */
static lake_status next_batch(struct text_stream *out, struct batch *batch, struct lake_error *err)
{
    for (;;) {
        struct ArrowArray array = {0};
        int failed = out->stream->get_next(out->stream, &array);
        if (failed != 0)
            return stream_fail(out->stream, failed, err);
        if (array.release == NULL)
            return LAKE_OK;
        if (array.length > 0)
            return arrow_import_batch(out->schema, &array, batch, err);
        array.release(&array);
    }
}

static lake_status format_slice(struct text_stream *out, const struct batch *batch, int64_t first, int64_t n_rows,
                                struct lake_error *err)
{
    if (out->format == LAKE_FORMAT_CSV)
        return format_csv_rows(batch, first, n_rows, out->time, &out->text, err);
    if (out->format == LAKE_FORMAT_NDJSON)
        return format_json_rows(batch, first, n_rows, out->time, "\n", false, &out->text, err);
    if (out->has_rows)
        TRY(buffer_append_text(&out->text, ",\n", err));
    out->has_rows = true;
    return format_json_rows(batch, first, n_rows, out->time, ",\n", true, &out->text, err);
}

static lake_status write_text_batch(struct text_stream *out, const struct batch *batch, struct lake_error *err)
{
    for (int64_t first = 0; first < batch->n_rows; first += SLICE_ROWS) {
        int64_t rest = batch->n_rows - first;
        TRY(format_slice(out, batch, first, rest < SLICE_ROWS ? rest : SLICE_ROWS, err));
        TRY(flush_text(out, SINK_BYTES, err));
    }
    return LAKE_OK;
}

static lake_status write_text(struct text_stream *out, struct lake_error *err)
{
    lake_status status = LAKE_OK;
    struct batch batch = {0};

    if (out->format == LAKE_FORMAT_CSV)
        TRY_OUT(format_csv_header(out->schema, &out->text, err));
    else if (out->format == LAKE_FORMAT_JSON)
        TRY_OUT(buffer_append_byte(&out->text, '[', err));
    for (;;) {
        TRY_OUT(next_batch(out, &batch, err));
        if (batch.release == NULL)
            break;
        TRY_OUT(write_text_batch(out, &batch, err));
        batch_release(&batch);
    }
    if (out->format == LAKE_FORMAT_JSON)
        TRY_OUT(buffer_append_text(&out->text, "]\n", err));
    TRY_OUT(flush_text(out, 1, err));
out:
    batch_release(&batch);
    return status;
}

static lake_status write_parquet_bytes(void *context, const void *bytes, size_t n, struct lake_error *err)
{
    return sink_bytes(context, bytes, n, err);
}

/* What was gathered becomes one row group. */
static lake_status write_row_group(struct parquet_writer *writer, struct batch_builder *builder, struct lake_error *err)
{
    struct batch batch = {0};
    TRY(batch_builder_take(builder, &batch, err));
    lake_status status = parquet_writer_append(writer, &batch, 0, batch.n_rows, err);
    batch_release(&batch);
    return status;
}

static lake_status gather_batch(struct parquet_writer *writer, struct batch_builder *builder, const struct batch *batch,
                                struct lake_error *err)
{
    for (int64_t first = 0; first < batch->n_rows;) {
        int64_t room = ROW_GROUP_ROWS - batch_builder_rows(builder);
        int64_t rest = batch->n_rows - first;
        int64_t n_rows = rest < room ? rest : room;
        TRY(batch_builder_append(builder, batch, first, n_rows, err));
        first += n_rows;
        if (batch_builder_rows(builder) >= ROW_GROUP_ROWS || batch_builder_bytes(builder) >= ROW_GROUP_BYTES)
            TRY(write_row_group(writer, builder, err));
    }
    return LAKE_OK;
}

static lake_status write_parquet(struct text_stream *out, struct lake_error *err)
{
    lake_status status = LAKE_OK;
    struct parquet_writer_options options = {0};
    struct parquet_sink sink = {write_parquet_bytes, &out->sink};
    struct parquet_writer *writer = NULL;
    struct batch_builder *builder = NULL;
    struct batch batch = {0};

    TRY_OUT(parquet_writer_new(&writer, err));
    TRY_OUT(batch_builder_new(out->schema, &builder, err));
    TRY_OUT(parquet_writer_begin(writer, out->schema, &options, sink, err));
    for (;;) {
        TRY_OUT(next_batch(out, &batch, err));
        if (batch.release == NULL)
            break;
        TRY_OUT(gather_batch(writer, builder, &batch, err));
        batch_release(&batch);
    }
    if (batch_builder_rows(builder) > 0)
        TRY_OUT(write_row_group(writer, builder, err));
    TRY_OUT(parquet_writer_finish(writer, err));
out:
    batch_release(&batch);
    batch_builder_free(builder);
    parquet_writer_free(writer);
    return status;
}

static lake_status check_options(const struct lake_write_options *options, struct lake_error *err)
{
    if (options == NULL || options->size != sizeof *options)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "struct lake_write_options has an unknown size");
    if ((unsigned)options->format > LAKE_FORMAT_PARQUET)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "there is no format number %d", (int)options->format);
    if (options->ts_numbers && options->ts_iso)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "times are asked for both as numbers and as ISO 8601");
    return LAKE_OK;
}

lake_status lake_write_stream(struct ArrowArrayStream *stream, const struct lake_write_options *options,
                              struct lake_sink sink, struct lake_error *err)
{
    lake_status status = LAKE_OK;
    struct text_stream out = {.stream = stream, .sink = sink, .text = BUFFER_INIT(TEXT_LIMIT_BYTES)};

    TRY_OUT(check_options(options, err));
    out.format = options->format;
    bool is_json = options->format == LAKE_FORMAT_JSON || options->format == LAKE_FORMAT_NDJSON;
    out.time = options->ts_numbers || (is_json && !options->ts_iso) ? TIME_TEXT_NUMBER : TIME_TEXT_ISO;
    TRY_OUT(read_schema(&out, err));
    TRY_OUT(out.format == LAKE_FORMAT_PARQUET ? write_parquet(&out, err) : write_text(&out, err));
out:
    buffer_release(&out.text);
    schema_free(out.schema);
    stream->release(stream);
    return status;
}
