/* What a delete or an undo did, as JSON and in words. */
#ifndef CLI_CHANGE_H
#define CLI_CHANGE_H

#include <datalake/history.h>

#include "json.h"

struct cli;

/* The members of the result, into an object that is open. A snapshot that was not made is null. */
void change_write_json(struct json *json, const struct lake_change_result *result);
/* " of 1 dataset: 4 days, 4 files, 213 kB" */
enum { CHANGE_EXTENT_BYTES = 240 };
const char *change_extent(const struct lake_change_result *result, char out[CHANGE_EXTENT_BYTES]);
/* "snapshot 7; undo with: dl undo 7", a line */
void change_write_snapshot(struct cli *cli, const struct lake_change_result *result);

#endif
