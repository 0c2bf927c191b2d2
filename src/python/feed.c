#include "feed.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "errors.h"
#include "signals.h"

struct feed {
    atomic_size_t n_users;
    pid_t process;           /* that made it; in a fork of it, a thread that is not there may hold the lock for ever */
    PyThread_type_lock lock; /* of what is read: from `handle` to `error` */
    struct handle *handle;   /* NULL: closed */
    struct lake_scan *scan;  /* or */
    struct ArrowArrayStream stream;
    struct lake_error error;
    struct rows *shape;
    atomic_int status; /* that of `error`, once it is all written */
    _Atomic int64_t n_incomplete, n_bars;
    int64_t looked_ns; /* of exported streams */
    PyObject *raised;  /* under the GIL, as is n_owners */
    size_t n_owners;   /* objects; they are users, too */
};

/* ---- reading ---- */

/* Streams tell no more than an errno; this undoes what the library made of its status. */
static lake_status status_of(int error)
{
    switch (error) {
    case 0: return LAKE_OK;
    case ENOMEM: return LAKE_NO_MEMORY;
    case EIO: return LAKE_IO;
    case ENOSPC: return LAKE_NO_SPACE;
    case EACCES: return LAKE_PERMISSION;
    case ENOENT: return LAKE_NOT_FOUND;
    case EBUSY: return LAKE_BUSY;
    case ECANCELED: return LAKE_CANCELLED;
    case ETIMEDOUT: return LAKE_TIMEOUT;
    case ENOSYS: return LAKE_UNSUPPORTED;
    case EBADMSG: return LAKE_CORRUPT;
    case EINVAL: return LAKE_INVALID_ARGUMENT;
    default: return LAKE_IO;
    }
}

static lake_status stream_failed(struct ArrowArrayStream *stream, int error, struct lake_error *err)
{
    const char *message = stream->get_last_error(stream);
    lake_status status = status_of(error);
    return native_fail(err, status, "%s", message != NULL ? message : lake_status_meaning(status));
}

static lake_status read_next(struct feed *feed, struct ArrowArray *out, struct lake_error *err)
{
    if (feed->handle == NULL)
        return native_fail(err, LAKE_INVALID_STATE, "the rows cannot be read: they were closed");
    if (feed->scan == NULL) {
        int error = feed->stream.get_next(&feed->stream, out);
        return error == 0 ? LAKE_OK : stream_failed(&feed->stream, error, err);
    }
    lake_status status = lake_scan_next(feed->scan, out, err);
    int64_t n_bars = 0;
    atomic_store(&feed->n_incomplete, lake_scan_incomplete(feed->scan, &n_bars));
    atomic_store(&feed->n_bars, n_bars);
    return status;
}

static bool is_here(const struct feed *feed)
{
    return feed->process == getpid();
}

lake_status feed_next(struct feed *feed, struct ArrowArray *out, struct lake_error *err)
{
    *out = (struct ArrowArray){0};
    if (!is_here(feed))
        return native_fail(err, LAKE_INVALID_STATE, "the rows cannot be read: the lake was opened in another process");
    PyThread_acquire_lock(feed->lock, WAIT_LOCK);
    lake_status status = read_next(feed, out, err);
    PyThread_release_lock(feed->lock);
    return status;
}

static lake_status no_memory(struct lake_error *err)
{
    return native_fail(err, LAKE_NO_MEMORY, "out of memory while rows are collected");
}

static lake_status collect(struct feed *feed, struct call *call, struct rows *rows)
{
    for (;;) {
        struct ArrowArray chunk;
        lake_status status = call_look(call);
        if (status == LAKE_OK)
            status = feed_next(feed, &chunk, &call->error);
        if (status != LAKE_OK || chunk.release == NULL)
            return status;
        if (!rows_add(rows, &chunk))
            return no_memory(&call->error);
    }
}

static struct rows *rows_like(struct rows *shape)
{
    struct ArrowSchema schema;
    return rows_export_schema(shape, &schema) ? rows_new(&schema) : NULL;
}

lake_status feed_read_all(struct feed *feed, struct call *call, struct rows **out)
{
    struct rows *rows = rows_like(feed->shape);
    if (rows == NULL)
        return no_memory(&call->error);
    lake_status status = collect(feed, call, rows);
    if (status == LAKE_OK)
        *out = rows;
    else
        rows_drop(rows);
    return status;
}

/* ---- lifetime ---- */

static void close_parts(struct feed *feed)
{
    if (feed->handle != NULL && handle_is_here(feed->handle)) {
        if (feed->scan != NULL)
            lake_scan_close(feed->scan);
        if (feed->stream.release != NULL)
            feed->stream.release(&feed->stream);
    }
    feed->scan = NULL;
    feed->stream.release = NULL;
    handle_drop(feed->handle);
    feed->handle = NULL;
}

void feed_close(struct feed *feed)
{
    if (!is_here(feed))
        return;
    PyThread_acquire_lock(feed->lock, WAIT_LOCK);
    close_parts(feed);
    PyThread_release_lock(feed->lock);
}

static void feed_drop(struct feed *feed)
{
    if (atomic_fetch_sub_explicit(&feed->n_users, 1, memory_order_acq_rel) != 1)
        return;
    close_parts(feed);
    rows_drop(feed->shape);
    if (feed->lock != NULL)
        PyThread_free_lock(feed->lock);
    free(feed);
}

struct feed *feed_share(struct feed *feed)
{
    feed->n_owners++;
    atomic_fetch_add_explicit(&feed->n_users, 1, memory_order_relaxed);
    return feed;
}

void feed_disown(struct feed *feed)
{
    if (feed == NULL)
        return;
    if (--feed->n_owners == 0)
        Py_CLEAR(feed->raised);
    Py_BEGIN_ALLOW_THREADS feed_drop(feed);
    Py_END_ALLOW_THREADS
}

static lake_status read_shape(struct feed *feed, struct lake_error *err)
{
    struct ArrowSchema schema = {0};
    if (feed->scan != NULL) {
        lake_status status = lake_scan_schema(feed->scan, &schema, err);
        if (status != LAKE_OK)
            return status;
    } else {
        int error = feed->stream.get_schema(&feed->stream, &schema);
        if (error != 0)
            return stream_failed(&feed->stream, error, err);
    }
    feed->shape = rows_new(&schema);
    return feed->shape != NULL ? LAKE_OK : no_memory(err);
}

static lake_status feed_begin(const struct feed *parts, struct feed **out, struct lake_error *err)
{
    struct feed *feed = malloc(sizeof *feed);
    if (feed == NULL) {
        struct feed lost = *parts;
        close_parts(&lost);
        return no_memory(err);
    }
    *feed = *parts;
    feed->process = getpid();
    atomic_init(&feed->n_users, 1);
    feed->n_owners = 1;
    feed->lock = PyThread_allocate_lock();
    lake_status status = feed->lock != NULL ? read_shape(feed, err) : no_memory(err);
    if (status == LAKE_OK)
        *out = feed;
    else
        feed_drop(feed);
    return status;
}

lake_status feed_of_scan(struct handle *handle, struct lake_scan *scan, struct feed **out, struct lake_error *err)
{
    return feed_begin(&(struct feed){.handle = handle, .scan = scan}, out, err);
}

lake_status feed_of_stream(struct handle *handle, struct ArrowArrayStream *stream, struct feed **out,
                           struct lake_error *err)
{
    return feed_begin(&(struct feed){.handle = handle, .stream = *stream}, out, err);
}

/* ---- exported ---- */

/* Errors of streams stay: further calls report the same. */
static int answer(struct feed *feed, lake_status status)
{
    feed->error.status = status;
    atomic_store_explicit(&feed->status, (int)status, memory_order_release);
    return status == LAKE_OK ? 0 : status == LAKE_CANCELLED ? ECANCELED : status == LAKE_NO_MEMORY ? ENOMEM : EIO;
}

static int exported_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    struct feed *feed = stream->private_data;
    return rows_export_schema(feed->shape, out) ? 0 : answer(feed, no_memory(&feed->error));
}

/* The GIL decides between this and the object's end. */
static void keep_raised(struct feed *feed, PyObject *raised)
{
    PyGILState_STATE gil = PyGILState_Ensure();
    if (feed->n_owners != 0 && feed->raised == NULL)
        feed->raised = raised;
    else
        Py_DECREF(raised);
    PyGILState_Release(gil);
}

static lake_status look(struct feed *feed)
{
    PyObject *raised = signals_are_due(&feed->looked_ns) ? signals_look() : NULL;
    if (raised == NULL)
        return LAKE_OK;
    keep_raised(feed, raised);
    return native_fail(&feed->error, LAKE_CANCELLED, "interrupted");
}

static int exported_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    struct feed *feed = stream->private_data;
    *out = (struct ArrowArray){0};
    lake_status status = (lake_status)atomic_load(&feed->status);
    if (status == LAKE_OK)
        status = look(feed);
    if (status == LAKE_OK)
        status = feed_next(feed, out, &feed->error);
    return answer(feed, status);
}

static const char *exported_error(struct ArrowArrayStream *stream)
{
    const struct feed *feed = stream->private_data;
    return feed->error.status != LAKE_OK ? feed->error.message : NULL;
}

static void exported_release(struct ArrowArrayStream *stream)
{
    feed_close(stream->private_data);
    feed_drop(stream->private_data);
    stream->release = NULL;
}

void feed_export(struct feed *feed, struct ArrowArrayStream *out)
{
    atomic_fetch_add_explicit(&feed->n_users, 1, memory_order_relaxed);
    *out = (struct ArrowArrayStream){exported_schema, exported_next, exported_error, exported_release, feed};
}

/* ---- what is known of it ---- */

struct rows *feed_shape(const struct feed *feed)
{
    return feed->shape;
}

void feed_incomplete(const struct feed *feed, int64_t *n_incomplete, int64_t *n_bars)
{
    *n_incomplete = atomic_load(&feed->n_incomplete);
    *n_bars = atomic_load(&feed->n_bars);
}

PyObject *feed_raised(const struct feed *feed)
{
    return feed->raised;
}

lake_status feed_error(const struct feed *feed, struct lake_error *err)
{
    lake_status status = (lake_status)atomic_load_explicit(&feed->status, memory_order_acquire);
    if (status != LAKE_OK)
        *err = feed->error;
    return status;
}
