/* Removal of empty directories from the data tree: those that compaction and deletes leave behind. */
#ifndef LAKE_EMPTY_DIRECTORIES_H
#define LAKE_EMPTY_DIRECTORIES_H

#include "lake/maintain.h"

/* Directories that hold nothing but such directories; the data root itself stays. They are removed under the lake's lock, under which
 * alone files are published, and only where no outstanding move names them: it would look for them when it makes itself
 * durable. */
LAKE_MUST_CHECK lake_status empty_directories_remove(struct maintenance *maintenance, struct lake_error *err);

#endif
