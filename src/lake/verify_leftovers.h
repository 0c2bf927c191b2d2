/* Looks through history for bytes that the manifest does not know: what a crash should not be able to leave. Bounded in memory. */
#ifndef LAKE_VERIFY_LEFTOVERS_H
#define LAKE_VERIFY_LEFTOVERS_H

#include "lake/handle.h"

/* Called for each leftover with its path below the state directory. */
typedef lake_status (*verify_leftover)(void *context, const char *state_path, struct lake_error *err);

LAKE_MUST_CHECK lake_status verify_leftovers(struct lake *lake, verify_leftover found, void *context,
                                             struct lake_error *err);

#endif
