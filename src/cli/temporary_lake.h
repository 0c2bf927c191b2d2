/* A lake for a dry run where there is none: in a fresh directory among the system's temporary files, and gone with everything in it
 * when it is closed.
 *
 *     struct temporary_lake temporary = {0};
 *     TRY_OUT(temporary_lake_open(&temporary, options, &lake, err));
 *     …
 *     lake_close(lake);
 *     temporary_lake_remove(&temporary);              // harmless where nothing was opened */
#ifndef CLI_TEMPORARY_LAKE_H
#define CLI_TEMPORARY_LAKE_H

#include <datalake/lake.h>

enum { TEMPORARY_LAKE_BYTES = 4096 };

struct temporary_lake {
    char directory[TEMPORARY_LAKE_BYTES]; /* "" where there is none */
};

/* `options` say all but the place. */
LAKE_MUST_CHECK lake_status temporary_lake_open(struct temporary_lake *temporary, struct lake_options options,
                                                struct lake **out, struct lake_error *err);
void temporary_lake_remove(struct temporary_lake *temporary);

#endif
