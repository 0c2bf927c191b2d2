/* A long write in steps, with safe points in between, that may be interrupted anywhere and gone on with.
 *
 * What step i appends follows from the script and i alone, so that another process can go on from the step that a safe point's
 * note names, and the result can be compared with that of a write that was never interrupted. */
#ifndef TESTS_SAVED_FIXTURE_H
#define TESTS_SAVED_FIXTURE_H

#include "lake_fixture.h"

#include "lake/write_save.h"

enum script_order {
    SCRIPT_IN_ORDER,  /* a day a step */
    SCRIPT_OVERLAPS,  /* days again and again, with other values */
    SCRIPT_SCATTERED, /* all over the days: spilled where there is little memory */
};

struct script {
    enum script_order order;
    int n_steps;
    int save_every; /* steps */
};

extern const uint8_t job_one[SHA256_BYTES], job_two[SHA256_BYTES];

/* Opens the fixture's lake with so little memory that scattered rows are spilled. */
lake_status open_small(struct fixture *fixture, struct io io, struct lake_error *err);

/* Makes all rows of a script beforehand, so that playing it allocates nothing but what the library does. */
void make_script(const struct script *script);
lake_status begin_script(struct lake *lake, struct lake_write **out, struct lake_error *err);
/* Appends steps [from, to), with a safe point of job_one after every save_every of them. */
lake_status play(struct lake_write *write, const struct script *script, int from, int to, struct lake_error *err);
lake_status save_at(struct lake_write *write, int step, struct lake_error *err);
/* Goes on from the safe point of job_one or, where there is none, begins: *from is the next step. */
lake_status resume_script(struct lake *lake, struct lake_write **out, int *from, struct lake_error *err);
/* All of that: resumes or begins, plays to the end, and commits. *resumed (may be NULL) is the step it went on from. */
lake_status finish_script(struct lake *lake, const struct script *script, int *resumed, struct lake_error *err);

/* A digest over the contents of all days of the script's dataset. */
struct content_digest {
    int64_t n_days, n_rows;
    uint8_t sha256[SHA256_BYTES];
};
struct content_digest digest_of(struct lake *lake);
/* That of the script played without interruption. */
struct content_digest digest_of_script(const struct script *script);
void assert_digests_equal(struct content_digest a, struct content_digest b);

#endif
