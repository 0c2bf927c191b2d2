/* What verify, repair and rebuild say, as rows to look at; and ways to damage what they look into. */
#ifndef TESTS_VERIFY_FIXTURE_H
#define TESTS_VERIFY_FIXTURE_H

#include <datalake/maintenance.h>

#include "lake_fixture.h"

enum { FOUND_ROWS = 64, FOUND_TEXT_BYTES = 1400 };

struct found_row {
    char path[256], problem[32], detail[FOUND_TEXT_BYTES], action[256]; /* action: of a rebuild where it was moved to */
};

struct found {
    struct lake_verify_result verified;
    struct lake_rebuild_result rebuilt;
    size_t n;
    struct found_row rows[FOUND_ROWS]; /* the first of them */
};

/* The report lives until the next call. Each fails the test where the library reports an error. */
const struct found *run_verify(struct fixture *fixture, enum lake_verify_depth depth);
const struct found *run_repair(struct fixture *fixture);
/* Closes the lake, removes its manifest, makes it anew and opens the lake again. */
const struct found *run_rebuild(struct fixture *fixture);
lake_status try_repair(struct lake *lake, struct lake_error *err);
/* The same as lake_rebuild, over another io; the lake must be closed and its manifest gone. */
lake_status try_rebuild(const struct fixture *fixture, struct io io, struct lake_error *err);
void remove_manifest(struct fixture *fixture);

/* Exactly one problem, of this kind. */
void assert_one_problem(const struct found *found, const char *problem);
void assert_one_action(const struct found *found, const char *problem, const char *action);

/* The full path of the only file below `below` that holds this in its name; fails where there are none or several. The text lives
 * until the next call. */
const char *find_path(const struct fixture *fixture, const char *below, const char *part);
int64_t size_of(const char *path);
void flip_bit(const char *path, int64_t at, int bit);
void cut_file(const char *path, int64_t size);

/* All files of a symbol become one. */
void roll_up(struct fixture *fixture, const char *symbol);

#endif
