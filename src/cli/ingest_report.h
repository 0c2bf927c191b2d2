/* What an ingest did, for people and for programs: the summary at its end, and what is worth knowing beside it. */
#ifndef CLI_INGEST_REPORT_H
#define CLI_INGEST_REPORT_H

#include <datalake/lake.h>

struct cli;
struct json;

struct ingest_report {
    struct lake_ingest_result result;
    double seconds;
    bool made_lake;
};

/* The summary on standard output. */
void ingest_report_write_text(struct cli *cli, const struct ingest_report *report);
void ingest_report_write_json(struct cli *cli, const struct ingest_report *report);

/* Notes on standard error: rules that rows broke, columns that were left out, what was taken for granted. */
void ingest_report_note(const struct cli *cli, const struct lake_ingest_result *result);

/* Lines of the summary that a plan (ingest_plan.h) has too. */
void ingest_report_write_line(struct cli *cli, const char *name, const char *value);
void ingest_report_write_rows(struct cli *cli, const struct lake_ingest_result *result);
/* Members of the object that both have. */
void ingest_report_write_members(struct json *json, const struct ingest_report *report);

#endif
