/* Versions never change: what a write of a versioned type (features) is held against.
 *
 * Such a write's partitions stand alone (partition.h): what they stage is what came in, compared with what is stored and not merged
 * with it. So whether the rows are those that are there is known by content, day by day (I7), and nothing else is let through. It is asked
 * when all is staged, for those who only look, and again under the lake's lock, where no other writer can come between (I6). */
#ifndef LAKE_WRITE_VERSION_H
#define LAKE_WRITE_VERSION_H

#include "lake/write_state.h"

/* LAKE_EXISTS where the version has other rows, naming one that is free, or where one is there whose name differs in case only; LAKE_OK for other
 * types, a version that is not there, and the same rows. All is staged. Not under the lake's mutex. */
LAKE_MUST_CHECK lake_status write_check_version(const struct lake_write *write, struct lake_error *err);

#endif
