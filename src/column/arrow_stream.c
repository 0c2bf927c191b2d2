#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "column/arrow.h"

/* Once a call has failed, every further one reports the same: a source is not asked again in an unknown state. */
struct stream {
    struct batch_source source;
    bool has_ended;
    struct lake_error error;
};

static int errno_of(lake_status status)
{
    switch (status) {
    case LAKE_OK: return 0;
    case LAKE_NO_MEMORY: return ENOMEM;
    case LAKE_IO: return EIO;
    case LAKE_NO_SPACE: return ENOSPC;
    case LAKE_PERMISSION: return EACCES;
    case LAKE_NOT_FOUND: return ENOENT;
    case LAKE_BUSY: return EBUSY;
    case LAKE_CANCELLED: return ECANCELED;
    case LAKE_TIMEOUT: return ETIMEDOUT;
    case LAKE_UNSUPPORTED: return ENOSYS;
    case LAKE_CORRUPT: return EBADMSG;
    default: return EINVAL;
    }
}

static int stream_get_schema(struct ArrowArrayStream *arrow, struct ArrowSchema *out)
{
    struct stream *stream = arrow->private_data;
    memset(out, 0, sizeof *out);
    if (stream->error.status == LAKE_OK)
        stream->error.status = arrow_export_schema(stream->source.schema, out, &stream->error);
    return errno_of(stream->error.status);
}

static lake_status stream_next(struct stream *stream, struct ArrowArray *out, struct lake_error *err)
{
    struct batch batch = {0};
    lake_status status = LAKE_OK;
    if (!stream->has_ended)
        TRY_OUT(stream->source.next(stream->source.context, &batch, err));
    if (batch.release != NULL)
        TRY_OUT(arrow_export_batch(&batch, out, err));
    else
        stream->has_ended = true;
out:
    batch_release(&batch);
    return status;
}

static int stream_get_next(struct ArrowArrayStream *arrow, struct ArrowArray *out)
{
    struct stream *stream = arrow->private_data;
    memset(out, 0, sizeof *out);
    if (stream->error.status == LAKE_OK)
        stream->error.status = stream_next(stream, out, &stream->error);
    return errno_of(stream->error.status);
}

static const char *stream_get_last_error(struct ArrowArrayStream *arrow)
{
    const struct stream *stream = arrow->private_data;
    return stream->error.status == LAKE_OK ? NULL : stream->error.message;
}

static void stream_release(struct ArrowArrayStream *arrow)
{
    struct stream *stream = arrow->private_data;
    if (stream->source.release != NULL)
        stream->source.release(stream->source.context);
    memory_free(stream);
    arrow->private_data = NULL;
    arrow->release = NULL;
}

lake_status arrow_export_stream(struct batch_source source, struct ArrowArrayStream *out, struct lake_error *err)
{
    struct stream *stream = NULL;
    memset(out, 0, sizeof *out);
    lake_status status = memory_new(1, sizeof *stream, &stream, err);
    if (status != LAKE_OK) {
        if (source.release != NULL)
            source.release(source.context);
        return status;
    }
    stream->source = source;
    *out = (struct ArrowArrayStream){.get_schema = stream_get_schema,
                                     .get_next = stream_get_next,
                                     .get_last_error = stream_get_last_error,
                                     .release = stream_release,
                                     .private_data = stream};
    return LAKE_OK;
}
