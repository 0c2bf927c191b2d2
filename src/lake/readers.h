/* Running scans, so that nothing they need is expired.
 *
 * An open lake that scans holds a lock on <state>/readers/{token}.lock, whose last line is the oldest snapshot that any of its
 * scans may read. The lock goes with the process, so a file whose lock can be taken belongs to nobody. A scan registers
 * a snapshot it knows of before it resolves its files (which are then of that snapshot or a later one); who expires takes the
 * last snapshot before it looks at the readers. So a scan of now is either seen, or resolves to what is not expired. One of
 * the past that begins while just its files expire is told that they did. A user who may not write, or whose disk is full,
 * registers nothing; his scan says so when a file has gone meanwhile. Thread-safe.
 *
 *     struct reader_pin pin = {0};
 *     TRY(readers_pin(lake, 0, &pin, err));
 *     …  resolve files: they are of snapshot S
 *     readers_raise(lake, &pin, S);
 *     …  read them
 *     readers_unpin(lake, &pin); */
#ifndef LAKE_READERS_H
#define LAKE_READERS_H

#include "lake/handle.h"

struct reader_pin { /* of one scan */
    int64_t snapshot;
    bool is_held;
};

/* `as_of` 0: the last snapshot that this handle knows of. Not under the lake's mutex. */
LAKE_MUST_CHECK lake_status readers_pin(struct lake *lake, int64_t as_of, struct reader_pin *pin,
                                        struct lake_error *err);
/* The scan turned out to need nothing older than that (a snapshot read from the manifest). */
void readers_raise(struct lake *lake, struct reader_pin *pin, int64_t snapshot);
/* Any number of times. */
void readers_unpin(struct lake *lake, struct reader_pin *pin);
/* When the lake is closed. */
void readers_release(struct lake *lake);

/* The oldest snapshot that any running scan, of any process, may read; `last` where there is none. Removes the files of dead
 * readers. Under the lake's lock, not under its mutex. */
LAKE_MUST_CHECK lake_status readers_oldest(struct lake *lake, int64_t last, int64_t *oldest, struct lake_error *err);

#endif
