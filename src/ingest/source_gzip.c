#include <string.h>
#define ZLIB_CONST /* next_in points to const bytes */
#include <zlib.h>

#include "base/memory.h"
#include "ingest/source_unpack.h"

enum { GZIP_WINDOW = 15 + 16 /* the largest window; with a gzip header */ };

struct gzip {
    struct unpacker unpacker;
    z_stream stream;
};

/* zlib's memory is ours: counted, and made to fail by tests. */
static voidpf allocate(voidpf context, uInt n, uInt size)
{
    void *block = NULL;
    (void)context;
    return memory_new(n, size, &block, NULL) == LAKE_OK ? block : Z_NULL;
}

static void deallocate(voidpf context, voidpf block)
{
    (void)context;
    memory_free(block);
}

static lake_status fail_inflate(const z_stream *stream, int result, struct lake_error *err)
{
    if (result == Z_MEM_ERROR)
        return lake_fail(err, LAKE_NO_MEMORY, "no memory to unpack gzip");
    if (stream->total_out == 0 && stream->total_in <= 2)
        return lake_fail(err, LAKE_INVALID_DATA, "something that is not gzip follows the end of the gzip data");
    return lake_fail(err, LAKE_INVALID_DATA, "the gzip data is damaged (%s)",
                     stream->msg != NULL ? stream->msg : "no gzip");
}

static uInt at_most_uint(size_t n)
{
    return n < UINT32_MAX ? (uInt)n : UINT32_MAX;
}

static lake_status step_gzip(struct unpacker *self, struct unpack_step *step, struct lake_error *err)
{
    struct gzip *gzip = (struct gzip *)self;
    z_stream *stream = &gzip->stream;
    if (self->is_between && step->n_in == 0)
        return LAKE_OK;
    if (self->is_between && inflateReset(stream) != Z_OK)
        return lake_fail(err, LAKE_INTERNAL, "zlib cannot begin again");
    self->is_between = false;
    uInt n_in = at_most_uint(step->n_in), n_out = at_most_uint(step->n_out);
    stream->next_in = step->in;
    stream->avail_in = n_in;
    stream->next_out = step->out;
    stream->avail_out = n_out;
    int result = inflate(stream, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        return fail_inflate(stream, result, err);
    step->in += n_in - stream->avail_in;
    step->n_in -= n_in - stream->avail_in;
    step->out += n_out - stream->avail_out;
    step->n_out -= n_out - stream->avail_out;
    self->is_between = result == Z_STREAM_END;
    return LAKE_OK;
}

static void close_gzip(struct unpacker *self)
{
    struct gzip *gzip = (struct gzip *)self;
    (void)inflateEnd(&gzip->stream); /* nothing is lost */
    memory_free(gzip);
}

static const struct unpacker_ops gzip_ops = {"gzip", step_gzip, close_gzip};

lake_status source_gzip_open(struct unpacker **out, struct lake_error *err)
{
    struct gzip *gzip = NULL;
    TRY(memory_new(1, sizeof *gzip, &gzip, err));
    gzip->unpacker.ops = &gzip_ops;
    gzip->stream.zalloc = allocate;
    gzip->stream.zfree = deallocate;
    if (inflateInit2(&gzip->stream, GZIP_WINDOW) != Z_OK) {
        memory_free(gzip);
        return lake_fail(err, LAKE_NO_MEMORY, "no memory to unpack gzip");
    }
    *out = &gzip->unpacker;
    return LAKE_OK;
}
