/* What an ingest would do (--dry-run): what was understood of the sources and by what, the first and last rows as they
 * would be stored, and what would become of them. */
#ifndef CLI_INGEST_PLAN_H
#define CLI_INGEST_PLAN_H

#include "ingest_report.h"

/* Both take the result's sample over. */
LAKE_MUST_CHECK lake_status ingest_plan_write_text(struct cli *cli, struct ingest_report *report,
                                                   struct lake_error *err);
LAKE_MUST_CHECK lake_status ingest_plan_write_json(struct cli *cli, struct ingest_report *report,
                                                   struct lake_error *err);

#endif
