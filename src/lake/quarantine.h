/* <state>/quarantine: where repair and rebuild put what is damaged, or was found where it does not belong.
 *
 * Nothing in it is ever read, moved or removed by the lake: it is for people to look into. Names are those the files had, with a
 * random part and an ending that no glob for data matches. */
#ifndef LAKE_QUARANTINE_H
#define LAKE_QUARANTINE_H

#include "base/buffer.h"
#include "lake/handle.h"

/* A new name there for a file, below the state directory, as a terminated string; makes the directory where it is missing. */
LAKE_MUST_CHECK lake_status quarantine_name(struct lake *lake, const char *path, struct buffer *out,
                                            struct lake_error *err);
/* Moves what lies at a path there, durably; `out` says where to, below the state directory. */
LAKE_MUST_CHECK lake_status quarantine_move(struct lake *lake, const char *full_path, struct buffer *out,
                                            struct lake_error *err);

#endif
