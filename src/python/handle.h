/* An open lake, shared by the object that opened it and by all that still streams from it.
 *
 * Invariants: 1. The last one that lets go closes the lake, in whatever thread, without the GIL. 2. A process that was forked has the memory of a lake and
 * not the lake: it uses nothing of it and closes nothing (SQLite would drop its parent's locks); the memory is left alone. */
#ifndef PYTHON_HANDLE_H
#define PYTHON_HANDLE_H

#include <datalake/lake.h>

#include "interpreter.h"

struct handle;

/* Takes the lake over. NULL where there is no memory: then it is closed. */
struct handle *handle_new(struct lake *lake);
struct handle *handle_take(struct handle *handle);
/* NULL is fine. */
void handle_drop(struct handle *handle);
struct lake *handle_lake(const struct handle *handle);
/* Whether this process opened it. */
bool handle_is_here(const struct handle *handle);

#endif
