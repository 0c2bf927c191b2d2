/* Rows in the format that was asked for. */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H

#include <datalake/arrow.h>
#include <datalake/error.h>

#include "view.h"

struct cli;

/* In the order of the choices of --format, of which a command may leave off the last. */
enum rows_format { ROWS_UNSET, ROWS_TABLE, ROWS_CSV, ROWS_JSON, ROWS_NDJSON, ROWS_PARQUET };

/* --format, else --json, else what suits the file's name, else a table on a terminal and CSV elsewhere. `path` is
 * NULL for standard output. */
LAKE_MUST_CHECK lake_status rows_choose_format(const struct cli *cli, int given, const char *path,
                                               enum rows_format *out, struct lake_error *err);

enum rows_time { ROWS_TIME_UNSET, ROWS_TIME_ISO, ROWS_TIME_NUMBER };

/* Takes the stream over. `view` is for tables; its output is where the rows go in any format. */
LAKE_MUST_CHECK lake_status rows_write(struct ArrowArrayStream *stream, enum rows_format format, enum rows_time time,
                                       struct view *view, struct lake_error *err);

#endif
