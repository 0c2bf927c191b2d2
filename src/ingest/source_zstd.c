#include <zstd.h>
#include <zstd_errors.h>

#include "base/limits.h"
#include "base/memory.h"
#include "ingest/source_unpack.h"

struct zstd {
    struct unpacker unpacker;
    ZSTD_DStream *stream;
    bool has_begun; /* a frame, ever */
};

static lake_status fail_zstd(const struct zstd *zstd, size_t result, struct lake_error *err)
{
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_memory_allocation: return lake_fail(err, LAKE_NO_MEMORY, "no memory to unpack zstd");
    case ZSTD_error_frameParameter_windowTooLarge:
        return lake_fail(
            err, LAKE_UNSUPPORTED,
            "the zstd data needs a window of more than %d MiB; unpack it first (zstd -d --long=31) or pack it "
            "without --long",
            1 << (LIMIT_SOURCE_ZSTD_WINDOW_LOG - 20));
    case ZSTD_error_dictionary_wrong:
        return lake_fail(err, LAKE_UNSUPPORTED, "the zstd data was packed with a dictionary; unpack it first");
    case ZSTD_error_prefix_unknown:
        if (zstd->has_begun)
            return lake_fail(err, LAKE_INVALID_DATA, "something that is not zstd follows the end of the zstd data");
        break;
    default: break;
    }
    return lake_fail(err, LAKE_INVALID_DATA, "the zstd data is damaged (%s)", ZSTD_getErrorName(result));
}

static lake_status step_zstd(struct unpacker *self, struct unpack_step *step, struct lake_error *err)
{
    struct zstd *zstd = (struct zstd *)self;
    ZSTD_inBuffer in = {step->in, step->n_in, 0};
    ZSTD_outBuffer out = {step->out, step->n_out, 0};
    if (self->is_between && step->n_in == 0) /* else zstd would ask for a next frame */
        return LAKE_OK;
    size_t result = ZSTD_decompressStream(zstd->stream, &out, &in);
    if (ZSTD_isError(result))
        return fail_zstd(zstd, result, err);
    step->in += in.pos;
    step->n_in -= in.pos;
    step->out += out.pos;
    step->n_out -= out.pos;
    self->is_between = result == 0;
    zstd->has_begun = zstd->has_begun || self->is_between;
    return LAKE_OK;
}

static void close_zstd(struct unpacker *self)
{
    struct zstd *zstd = (struct zstd *)self;
    ZSTD_freeDStream(zstd->stream);
    memory_free(zstd);
}

static const struct unpacker_ops zstd_ops = {"zstd", step_zstd, close_zstd};

lake_status source_zstd_open(struct unpacker **out, struct lake_error *err)
{
    struct zstd *zstd = NULL;
    TRY(memory_new(1, sizeof *zstd, &zstd, err));
    zstd->unpacker.ops = &zstd_ops;
    zstd->stream = ZSTD_createDStream();
    if (zstd->stream == NULL ||
        ZSTD_isError(ZSTD_DCtx_setParameter(zstd->stream, ZSTD_d_windowLogMax, LIMIT_SOURCE_ZSTD_WINDOW_LOG))) {
        close_zstd(&zstd->unpacker);
        return lake_fail(err, LAKE_NO_MEMORY, "no memory to unpack zstd");
    }
    *out = &zstd->unpacker;
    return LAKE_OK;
}
