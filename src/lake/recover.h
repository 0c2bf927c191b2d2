/* Finishing what an interrupted writer left (I4). */
#ifndef LAKE_RECOVER_H
#define LAKE_RECOVER_H

#include "lake/handle.h"

/* Carries out outstanding moves and removes what dead writers staged, but for their safe points, which are parked
 * (staging_save.h), if there is anything to do and no other writer holds the lake's lock (that one does it then). Says what it did in
 * lake->recovery_report. A lake that may only be read is left as it is. */
LAKE_MUST_CHECK lake_status lake_recover(struct lake *lake, struct lake_error *err);
/* The same for who holds the lake's lock; what cannot be finished is an error. */
LAKE_MUST_CHECK lake_status lake_recover_locked(struct lake *lake, struct lake_error *err);

#endif
