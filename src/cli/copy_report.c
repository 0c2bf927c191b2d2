#include "copy_report.h"

#include <inttypes.h>

#include "command.h"
#include "human.h"
#include "json.h"

void copy_report_write_json(struct cli *cli, const struct copy_report *report)
{
    const struct lake_backup_result *result = &report->result;
    struct json json = {.out = &cli->out};
    json_open(&json, NULL, '{');
    json_text(&json, "directory", report->directory);
    json_int64(&json, "snapshot", result->snapshot);
    json_int64(&json, "files", result->n_files);
    json_int64(&json, "bytes", result->n_bytes);
    json_int64(&json, "reflinked", result->n_reflinked);
    json_int64(&json, "hard_linked", result->n_hard_linked);
    json_int64(&json, "copied", result->n_copied);
    json_seconds(&json, "seconds", report->seconds);
    json_close(&json, '}');
}

/* How many files share their bytes with the original, and how; nothing where all were copied. */
static void write_sharing(struct cli *cli, const struct lake_backup_result *result)
{
    char count[HUMAN_BYTES];
    if (result->n_reflinked + result->n_hard_linked == 0)
        return;
    output_text(&cli->out, " (");
    if (result->n_reflinked > 0)
        output_text(&cli->out, human_counted(result->n_reflinked, "reflink", count));
    if (result->n_reflinked > 0 && result->n_hard_linked > 0)
        output_text(&cli->out, ", ");
    if (result->n_hard_linked > 0)
        output_text(&cli->out, human_counted(result->n_hard_linked, "hard link", count));
    if (result->n_copied > 0)
        output_printf(&cli->out, ", %s copied", human_count(result->n_copied, count));
    output_text(&cli->out, ")");
}

void copy_report_write_text(struct cli *cli, const struct copy_report *report)
{
    char files[HUMAN_BYTES];
    char size[HUMAN_BYTES];
    char duration[HUMAN_BYTES];
    const struct lake_backup_result *result = &report->result;
    output_printf(&cli->out, "%s snapshot %" PRId64 " in %s: %s, %s", report->what, result->snapshot, report->directory,
                  human_counted(result->n_files, "file", files), human_size(result->n_bytes, size));
    write_sharing(cli, result);
    output_printf(&cli->out, ", %s\n", human_duration(report->seconds, duration));
}
