/* What a registered type may be: held against what a user registers, and against what a manifest says. */
#ifndef LAKE_TYPE_RULES_H
#define LAKE_TYPE_RULES_H

#include "column/schema.h"
#include "manifest/type.h"

enum { TYPE_KEY_COLUMNS = 2 };

/* LAKE_INVALID_ARGUMENT, naming type, column and value. A type none of whose columns is of the key is provisional (lake/types.h). */
LAKE_MUST_CHECK lake_status type_rules_check(const struct manifest_type *type, struct lake_error *err);
/* Whether a type of that name could be registered. */
bool type_rules_is_name(const char *name);
/* The type that a column's kind names ("double", "timestamp[ms]" …); LAKE_INVALID_ARGUMENT naming the choices. */
LAKE_MUST_CHECK lake_status type_rules_find_kind(const char *kind, enum column_type *out, struct lake_error *err);

#endif
