/* The schema of the manifest, as numbered migrations.
 *
 * Migration n leads from schema n - 1 to schema n in one transaction, together with PRAGMA user_version: an interrupted one
 * leaves schema n - 1. A released migration is never edited; a change of the schema is a new row at the end of the table in
 * migrations.c. To add one: add the row, raise MANIFEST_SCHEMA_VERSION (test_schema.c fails while the two differ), add a fixture of the
 * schema before it to test_schema.c, and describe the change in docs/FORMAT.md. */
#ifndef MANIFEST_SCHEMA_H
#define MANIFEST_SCHEMA_H

#include "manifest/sqlite.h"

/* PRAGMA application_id: "DLDL" */
#define SCHEMA_APPLICATION_ID 0x444C444C

enum { SCHEMA_MIGRATION_PARTS = 6 };
struct schema_migration {
    const char *parts[SCHEMA_MIGRATION_PARTS]; /* SQL, run in order; NULL ends them */
};
struct schema_migrations {
    const struct schema_migration *rows;
    int64_t n; /* the schema they lead to */
};

struct schema_migrations schema_migrations(void);
/* How far schema_prepare may go. Each includes the one before it. */
enum schema_permit { SCHEMA_LOOK, SCHEMA_MIGRATE, SCHEMA_CREATE };
/* Brings the database to the last schema, making it (*created) where it is empty. LAKE_INVALID_STATE where it is of an older
 * one, LAKE_NOT_FOUND where it is empty, and that is not permitted. */
LAKE_MUST_CHECK lake_status schema_prepare(struct database *database, struct schema_migrations wanted,
                                           enum schema_permit permit, bool *created, struct lake_error *err);
/* Writes the number of the last schema, which the database has already, again: a transaction that changes nothing else is then
 * still written. */
LAKE_MUST_CHECK lake_status schema_touch(struct database *database, struct lake_error *err);

#endif
