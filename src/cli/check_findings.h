/* What `verify --data` found, for people: a table for each dataset and rule. */
#ifndef CLI_CHECK_FINDINGS_H
#define CLI_CHECK_FINDINGS_H

#include <datalake/bars.h>

struct cli;

/* Takes the stream over. */
LAKE_MUST_CHECK lake_status check_findings_write(struct cli *cli, struct ArrowArrayStream *findings,
                                                 struct lake_error *err);
/* "suspect: 1 dataset, 33,413 rows checked, 1 finding to look at", a line */
void check_findings_write_summary(struct cli *cli, const struct lake_check_result *result);

#endif
