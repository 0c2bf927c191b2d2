/* Compaction: the small files of closed months and years rolled into one.
 *
 * Types cut by days are rolled up by months, types cut by months by years; those cut by years stay. A month or year is closed
 * when the policy's time has passed since its end. Where all its files together are within the policy's size, and their rows within
 * the memory configured, they become one, which answers for all of it; where not, runs of consecutive whole days become one each, as long
 * as they fit. Contents, and what a
 * scan returns, stay as they are (I11). Each file made is a change set of its own (change_set.h), so that readers and writers go
 * on beside it and whatever interrupts it leaves whole files; where a writer was faster, the files are left for the next time. */
#ifndef LAKE_COMPACT_H
#define LAKE_COMPACT_H

#include "lake/maintain.h"

LAKE_MUST_CHECK lake_status compact_run(struct maintenance *maintenance, struct lake_error *err);

#endif
