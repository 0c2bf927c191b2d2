/* Where batches come from: a scan, or a stream of the library's, with what it needs kept open.
 *
 * Invariants: 1. It holds a use of its lake until its end, or until it is closed. 2. One thread at a time reads; others wait, without the GIL. 3. Whoever
 * reads for somebody else (Polars, by the exported stream) looks for signals here: what a handler raises ends the stream with ECANCELED and is kept for the
 * object that the stream came from. 4. Errors stay: a feed that failed gives the same error again. */
#ifndef PYTHON_FEED_H
#define PYTHON_FEED_H

#include "call.h"
#include "handle.h"
#include "rows.h"

struct feed;

/* Each takes over a use of the handle and the scan or stream, also on failure. The feed belongs to the object that is made of it. */
lake_status feed_of_scan(struct handle *handle, struct lake_scan *scan, struct feed **out, struct lake_error *err);
lake_status feed_of_stream(struct handle *handle, struct ArrowArrayStream *stream, struct feed **out,
                           struct lake_error *err);

/* Without the GIL. out->release is NULL at the end. */
lake_status feed_next(struct feed *feed, struct ArrowArray *out, struct lake_error *err);
/* Without the GIL: all that is left, looking for signals. */
lake_status feed_read_all(struct feed *feed, struct call *call, struct rows **out);
/* Without the GIL: lets go of scan and lake. */
void feed_close(struct feed *feed);

/* The schema; a feed has no rows of its own. */
struct rows *feed_shape(const struct feed *feed);
/* A stream that reads it. */
void feed_export(struct feed *feed, struct ArrowArrayStream *out);
/* Of the rows given so far, of a scan: bars that lack source bars, bars that say of how many they are made. */
void feed_incomplete(const struct feed *feed, int64_t *n_incomplete, int64_t *n_bars);

/* With the GIL. What stopped it while somebody else read it: an exception (borrowed), or a status other than LAKE_OK with its message. */
PyObject *feed_raised(const struct feed *feed);
lake_status feed_error(const struct feed *feed, struct lake_error *err);

/* With the GIL: for another object that it then belongs to as well. */
struct feed *feed_share(struct feed *feed);
/* With the GIL: an object that the feed belongs to lets go. Exported streams may live on. NULL is fine. */
void feed_disown(struct feed *feed);

#endif
