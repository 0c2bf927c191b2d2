/* Data types that were registered in a manifest that is gone: what files tell of them goes into the new one, as provisional types
 * (lake/types.h). */
#ifndef LAKE_REBUILD_TYPE_H
#define LAKE_REBUILD_TYPE_H

#include "lake/rebuild_dataset.h"

/* Enters the type of a sound file and names it in the report, once. A file that says something else of it than those before has a
 * problem. */
LAKE_MUST_CHECK lake_status rebuild_note_type(struct rebuild *rebuild, struct rebuild_file *file,
                                              struct lake_error *err);

#endif
