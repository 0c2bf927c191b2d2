#include "bridge.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "column/arrow.h"
#include "io/file.h"
#include "parquet/writer.h"

int bridge_answer(lake_status status, const struct lake_error *err, char *error, size_t n)
{
    if (status != LAKE_OK)
        (void)snprintf(error, n, "%s", err->message);
    return (int)status;
}

/* ---- a stream from outside ---- */

struct input {
    struct ArrowArrayStream stream;
    struct schema *schema;
};

static lake_status input_fail(struct input *input, int error_number, struct lake_error *err)
{
    const char *message = input->stream.get_last_error(&input->stream);
    return lake_fail(err, LAKE_REMOTE, "the stream failed with error %d: %s", error_number,
                     message != NULL ? message : "");
}

static lake_status input_open(struct input *input, struct ArrowArrayStream *stream, struct lake_error *err)
{
    struct ArrowSchema schema = {0};
    *input = (struct input){.stream = *stream};
    stream->release = NULL;
    int result = input->stream.get_schema(&input->stream, &schema);
    if (result != 0)
        return input_fail(input, result, err);
    lake_status status = arrow_import_schema(&schema, &input->schema, err);
    schema.release(&schema);
    return status;
}

static lake_status input_next(struct input *input, struct batch *out, struct lake_error *err)
{
    struct ArrowArray array = {0};
    int result = input->stream.get_next(&input->stream, &array);
    if (result != 0)
        return input_fail(input, result, err);
    return array.release == NULL ? LAKE_OK : arrow_import_batch(input->schema, &array, out, err);
}

static void input_close(struct input *input)
{
    if (input->stream.release != NULL)
        input->stream.release(&input->stream);
    schema_free(input->schema);
}

/* ---- there and back ---- */

static lake_status roundtrip_next(void *context, struct batch *out, struct lake_error *err)
{
    return input_next(context, out, err);
}

static void roundtrip_release(void *context)
{
    input_close(context);
    memory_free(context);
}

static lake_status roundtrip(struct ArrowArrayStream *in, struct ArrowArrayStream *out, struct lake_error *err)
{
    struct input *input = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(memory_new(1, sizeof *input, &input, err));
    TRY_OUT(input_open(input, in, err));
    struct batch_source source = {input->schema, roundtrip_next, roundtrip_release, input};
    input = NULL;
    TRY_OUT(arrow_export_stream(source, out, err));
out:
    if (input != NULL)
        roundtrip_release(input);
    if (in->release != NULL)
        in->release(in);
    return status;
}

int bridge_roundtrip(struct ArrowArrayStream *in, struct ArrowArrayStream *out, char *error, size_t n)
{
    struct lake_error err = {0};
    return bridge_answer(roundtrip(in, out, &err), &err, error, n);
}

/* ---- Parquet out ---- */

static lake_status write_bytes(void *context, const void *bytes, size_t n, struct lake_error *err)
{
    return file_writer_append(context, bytes, n, err);
}

static lake_status write_batches(struct parquet_writer *writer, struct input *input, struct lake_error *err)
{
    struct batch batch = {0};
    lake_status status = LAKE_OK;
    for (;;) {
        TRY_OUT(input_next(input, &batch, err));
        if (batch.release == NULL)
            break;
        TRY_OUT(parquet_writer_append(writer, &batch, 0, batch.n_rows, err));
        batch_release(&batch);
    }
    TRY_OUT(parquet_writer_finish(writer, err));
out:
    batch_release(&batch);
    return status;
}

static lake_status write_file(const char *path, struct ArrowArrayStream *in,
                              const struct parquet_writer_options *options, struct lake_error *err)
{
    struct file_writer file = {0};
    struct parquet_writer *writer = NULL;
    struct input input = {0};
    lake_status status = LAKE_OK;
    TRY_OUT(input_open(&input, in, err));
    TRY_OUT(file_writer_open(&file, io_system(), path, err));
    TRY_OUT(parquet_writer_new(&writer, err));
    TRY_OUT(parquet_writer_begin(writer, input.schema, options, (struct parquet_sink){write_bytes, &file}, err));
    TRY_OUT(write_batches(writer, &input, err));
    TRY_OUT(file_writer_close(&file, false, err));
out:
    parquet_writer_free(writer);
    file_writer_release(&file);
    input_close(&input);
    return status;
}

int bridge_parquet_write(const char *path, struct ArrowArrayStream *in, const struct bridge_parquet_options *options,
                         char *error, size_t n)
{
    struct lake_error err = {0};
    struct parquet_writer_options ours = {.doubles = (enum parquet_doubles)options->doubles,
                                          .compression = (enum parquet_compression)options->compression,
                                          .page_rows = options->page_rows,
                                          .page_ends = options->page_ends,
                                          .n_page_ends = options->n_page_ends};
    return bridge_answer(write_file(path, in, &ours, &err), &err, error, n);
}
