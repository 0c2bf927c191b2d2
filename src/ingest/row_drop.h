/* Leaves rows of a batch out, in place. */
#ifndef INGEST_ROW_DROP_H
#define INGEST_ROW_DROP_H

#include "column/batch.h"

/* Drops the rows whose byte is not 0. Columns are those of a row_source: fixed width, booleans or with offsets. */
void row_drop(struct batch *batch, const uint8_t *drops);

#endif
