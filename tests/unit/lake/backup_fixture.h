/* Lakes in other places than the fixture's: backups of it, and what was restored from them. */
#ifndef TESTS_BACKUP_FIXTURE_H
#define TESTS_BACKUP_FIXTURE_H

#include "lake/backup.h"
#include "unit/lake/lake_fixture.h"

enum { PLACE_BYTES = FIXTURE_PATH_BYTES + 64 };

/* A path below the fixture's root; the text lives until the eighth call after. */
const char *place(const struct fixture *fixture, const char *name);

/* Backs up to <root>/<name>. The result may be NULL. */
lake_status try_backup(struct fixture *fixture, const char *name, enum lake_copy copy,
                       struct lake_backup_result *result, struct lake_error *err);
struct lake_backup_result back_up(struct fixture *fixture, const char *name, enum lake_copy copy);

/* From <root>/<from> to a lake in <root>/<to> (its data and manifest.db). */
lake_status try_restore(struct fixture *fixture, const char *from, const char *to, struct io io,
                        struct lake_backup_result *result, struct lake_error *err);
struct lake_backup_result restore(struct fixture *fixture, const char *from, const char *to);

/* Opens the lake in <root>/<name>; the caller closes it. */
struct lake *open_place(struct fixture *fixture, const char *name);
/* It has all rows of these symbols that the other lake has, and a full verification finds nothing. */
void assert_same_lake(struct lake *a, struct lake *b, const char *const *symbols, size_t n);
/* Nothing at all stands under <root>/<name>, nor beside it under names made of it. */
void assert_no_trace(const struct fixture *fixture, const char *name);
/* Regular files in the whole of <root>. */
size_t count_all(const struct fixture *fixture);
/* One bit of a file is turned round. */
void flip_bit(const char *path, int64_t byte);

#endif
