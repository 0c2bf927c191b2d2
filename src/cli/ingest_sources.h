/* What --source names, looked at before a lake is opened: a misspelt name must not leave an empty lake behind. */
#ifndef CLI_INGEST_SOURCES_H
#define CLI_INGEST_SOURCES_H

#include "options.h"

LAKE_MUST_CHECK lake_status ingest_sources_check(const struct option_list *sources, struct lake_error *err);

#endif
