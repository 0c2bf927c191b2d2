#include "change.h"

#include <inttypes.h>
#include <stdio.h>

#include "command.h"
#include "human.h"

void change_write_json(struct json *json, const struct lake_change_result *result)
{
    if (result->snapshot == 0)
        json_null(json, "snapshot");
    else
        json_int64(json, "snapshot", result->snapshot);
    json_int64(json, "n_datasets", result->n_datasets);
    json_int64(json, "n_days", result->n_days);
    json_int64(json, "rows_removed", result->rows_removed);
    json_int64(json, "rows_restored", result->rows_restored);
    json_int64(json, "files_retired", result->files_retired);
    json_int64(json, "files_written", result->files_written);
    json_int64(json, "bytes_retired", result->bytes_retired);
    json_int64(json, "bytes_written", result->bytes_written);
}

const char *change_extent(const struct lake_change_result *result, char out[CHANGE_EXTENT_BYTES])
{
    char datasets[HUMAN_BYTES];
    char days[HUMAN_BYTES];
    char files[HUMAN_BYTES];
    char size[HUMAN_BYTES];
    snprintf(out, CHANGE_EXTENT_BYTES, " of %s: %s, %s, %s", human_counted(result->n_datasets, "dataset", datasets),
             human_counted(result->n_days, "day", days), human_counted(result->files_retired, "file", files),
             human_size(result->bytes_retired, size));
    return out;
}

void change_write_snapshot(struct cli *cli, const struct lake_change_result *result)
{
    output_printf(&cli->out, "snapshot %" PRId64 "; undo with: dl undo %" PRId64 "\n", result->snapshot,
                  result->snapshot);
}
