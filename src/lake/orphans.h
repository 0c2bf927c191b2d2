/* Orphans: files in history that the manifest knows nothing of, as after a manifest was made anew.
 *
 * Whoever moves a file to history has committed before, under the lake's lock, that it will be there: so what is not known under that
 * lock is no file on its way. Kept all the same: what has not the name of a retired file, which is not ours; what bears the name of
 * a file that is live, which somebody needs who has put back an older manifest; and what was written within a day. */
#ifndef LAKE_ORPHANS_H
#define LAKE_ORPHANS_H

#include "base/buffer.h"
#include "lake/maintain.h"

LAKE_MUST_CHECK lake_status orphans_remove(struct maintenance *maintenance, struct lake_error *err);

/* Names of the files of a directory below the state directory, each terminated; none where it is not there. */
LAKE_MUST_CHECK lake_status list_state_files(struct lake *lake, const char *directory, struct buffer *out,
                                             struct lake_error *err);

#endif
