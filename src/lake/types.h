/* The data types of a lake: those that every lake has (column/data_type.h), and those that its users registered (datalake/types.h).
 *
 * A registered type's descriptor lives as long as the lake. It is read from the manifest when it is first asked for, and again where a
 * name is not known: another process may have registered it meanwhile. Nothing is read for a type that every lake has.
 *
 * A provisional type is what a manifest that was made anew has in place of a registered one: the data tree tells its name, the unit of its times and
 * whether it stands on a grid, not how its rows are told apart. Its rows can be read, listed, verified, deleted, restored and
 * compacted; they are written to again once it is registered again. */
#ifndef LAKE_TYPES_H
#define LAKE_TYPES_H

#include "column/data_type.h"
#include "lake/handle.h"
#include "manifest/type.h"

/* By name or alias, case-insensitive; LAKE_INVALID_ARGUMENT naming near matches and the choices. Not under the lake's mutex. */
LAKE_MUST_CHECK lake_status lake_type_find(struct lake *lake, const char *text, const struct data_type **out,
                                           struct lake_error *err);
/* The same under the lake's mutex. */
LAKE_MUST_CHECK lake_status lake_type_find_held(struct lake *lake, const char *text, const struct data_type **out,
                                                struct lake_error *err);
/* The same, of a type that rows are to be written of: a provisional one is looked up again and, where it still is, LAKE_INVALID_STATE. Not under
 * the lake's mutex. */
LAKE_MUST_CHECK lake_status lake_type_find_writable(struct lake *lake, const char *text, const struct data_type **out,
                                                    struct lake_error *err);
/* What is known of rows whose type's name is all there is: for files of a tree whose manifest is gone. Lives for ever; its first column
 * must be `ts_type`, a timestamp in ms or µs. */
const struct data_type *lake_type_provisional(enum column_type ts_type);

/* All registered types, by name; copies live in the arena. Under the lake's mutex. */
LAKE_MUST_CHECK lake_status lake_types_read(struct lake *lake, struct arena *arena, struct manifest_type **out,
                                            size_t *n, struct lake_error *err);
/* Whether the manifest does not say how rows of the type are told apart. */
bool lake_type_is_provisional(const struct manifest_type *type);

#endif
