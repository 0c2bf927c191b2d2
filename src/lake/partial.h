/* A directory that is made beside its name and appears under it whole.
 *
 * It is <target>.partial-{token}, and belongs to whoever holds the lock on <target>.partial-{token}.lock: the lock goes with
 * the process, however it ends, so one whose lock can be taken is nobody's. The lock file is made before anything else and removed
 * after it. Next to other paths the same token may name more that belongs together (partial_name).
 *
 *     struct partial partial = {0};
 *     TRY_OUT(partial_begin(&partial, io, target, "backup", err));
 *     …  fill partial.path, make it durable
 *     TRY_OUT(partial_publish(&partial, err));
 *     out: partial_end(&partial);                 // without publishing: leaves no trace */
#ifndef LAKE_PARTIAL_H
#define LAKE_PARTIAL_H

#include "base/buffer.h"
#include "io/lock.h"

struct partial {
    struct io io;
    struct file_lock lock;
    uint64_t token;
    char *target, *path, *lock_path;
    bool is_published;
};

/* The parent of the target must be there. */
LAKE_MUST_CHECK lake_status partial_begin(struct partial *partial, struct io io, const char *target,
                                          const char *purpose, struct lake_error *err);
/* Renames it to the target, which must not be there, or be empty; durable on return. */
LAKE_MUST_CHECK lake_status partial_publish(struct partial *partial, struct lake_error *err);
/* Removes what was not published. Any number of times. */
void partial_end(struct partial *partial);

/* Leaves all as it is, as if this process died: for what the next one can finish. */
void partial_leave(struct partial *partial);

/* "<target>.<what>-{token}", memory_free'd by the caller. */
LAKE_MUST_CHECK lake_status partial_name(const char *target, const char *what, uint64_t token, char **out,
                                         struct lake_error *err);

/* Called with each dead one's token and its lock held, before it is removed. */
typedef lake_status (*partial_found)(void *context, uint64_t token, struct lake_error *err);
/* Removes what the dead left of this target. `found` may be NULL. */
LAKE_MUST_CHECK lake_status partial_remove_dead(struct io io, const char *target, partial_found found, void *context,
                                                struct lake_error *err);

/* What a target must be: absent or an empty directory, and no mount point, since nothing can be renamed to one. `what` it is for
 * stands in the message. LAKE_EXISTS otherwise. */
LAKE_MUST_CHECK lake_status partial_check_target(struct io io, const char *target, const char *what,
                                                 struct lake_error *err);

#endif
