/* Removal of what nothing refers to: superseded files that no record knows, what dead processes left in staging and among the
 * readers, safe points that nobody went on from for a week, and directories of the data tree that compaction and deletes have left empty. Files in the data tree are never
 * touched: strangers there are verify's business. */
#ifndef LAKE_GC_H
#define LAKE_GC_H

#include "lake/maintain.h"

LAKE_MUST_CHECK lake_status gc_run(struct maintenance *maintenance, struct lake_error *err);

#endif
