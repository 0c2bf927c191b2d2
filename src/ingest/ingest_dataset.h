/* Which dataset the rows of an ingest go into: what the options do not say, the first source tells, by its name and by its rows; the
 * others must agree with it. Nothing is chosen where neither tells. */
#ifndef INGEST_INGEST_DATASET_H
#define INGEST_INGEST_DATASET_H

#include "ingest/row_source.h"
#include "lake/names.h"

struct job;
struct reading;

/* Names are canonical, "" where not known yet. */
struct ingest_dataset {
    char exchange[NAME_BYTES], market[NAME_BYTES], symbol[NAME_BYTES];
    const struct data_type *type; /* NULL: not known yet */
    const struct period *period;  /* NULL: not known yet, or there is none */
    const char *teller;           /* the first source, for messages; NULL: none yet */
    struct schema *columns;       /* that the lake has, then those that the sources so far add; may be NULL */
    size_t n_stored;              /* of them the lake has */
};

/* Before a member is opened: exchange, market and symbol as the options and the name tell them, and the columns there are. */
LAKE_MUST_CHECK lake_status ingest_dataset_name(struct job *job, struct reading *reading, struct lake_error *err);
/* When it is open: its type, which must be that of the others. */
LAKE_MUST_CHECK lake_status ingest_dataset_type(struct job *job, struct reading *reading, struct lake_error *err);
/* With its first rows: its period, which must be that of the others. Begins the write. */
LAKE_MUST_CHECK lake_status ingest_dataset_rows(struct job *job, struct reading *reading, const struct row_runs *runs,
                                                struct lake_error *err);
/* Adds an item to the choices of columns, for the members that are opened from now on. */
LAKE_MUST_CHECK lake_status ingest_add_choice(struct job *job, const char *choice, struct lake_error *err);
void ingest_dataset_release(struct ingest_dataset *dataset);

#endif
