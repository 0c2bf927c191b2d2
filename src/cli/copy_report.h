/* What a backup or a restore copied, as JSON and in words. */
#ifndef CLI_COPY_REPORT_H
#define CLI_COPY_REPORT_H

#include <datalake/maintenance.h>

struct cli;

struct copy_report {
    const char *what;      /* "backup of" */
    const char *directory; /* where to */
    struct lake_backup_result result;
    double seconds;
};

void copy_report_write_json(struct cli *cli, const struct copy_report *report);
/* "backup of snapshot 7 in backups/monday: 366 files, 17 MB (366 hard links), 0.35 s", a line */
void copy_report_write_text(struct cli *cli, const struct copy_report *report);

#endif
