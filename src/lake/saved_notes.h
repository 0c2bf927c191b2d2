/* The last part of a safe point's record: what was noted of the rows so far. */
#ifndef LAKE_SAVED_NOTES_H
#define LAKE_SAVED_NOTES_H

#include "lake/saved_bytes.h"
#include "lake/saved_write.h"

LAKE_MUST_CHECK lake_status saved_notes_put(const struct saved_write *saved, struct buffer *out,
                                            struct lake_error *err);
/* Behind the sources, which members are of. */
LAKE_MUST_CHECK lake_status saved_notes_take(struct saved_reader *reader, struct saved_write *saved);

#endif
