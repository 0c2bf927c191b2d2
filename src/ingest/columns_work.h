/* What columns_assign knows while it works; its parts hand it on in this order: names (columns_choices.c,
 * csv_positions.c), type (columns_type.c), time (columns_time.c), constants (columns_constants.c), prices and volumes
 * (columns_volume.c, columns_amount.c), what is left (columns_extra.c). Each part decides the meaning of fields that
 * none before it has decided. */
#ifndef INGEST_COLUMNS_WORK_H
#define INGEST_COLUMNS_WORK_H

#include "ingest/column_profile.h"
#include "ingest/columns.h"
#include "ingest/csv_names.h"

enum { FIELD_LIST_BYTES = 512 };

struct columns_field {
    struct csv_span name;       /* of the header, by --columns or by position; length 0 where it has none */
    const char *shown;          /* printable, "column 7" where it has no name */
    enum column_type chosen;    /* by --columns; 0: none */
    bool is_chosen;             /* the name is by --columns */
    bool is_decided;            /* field says what it means */
    struct csv_meaning meaning; /* of the name, for the type */
    struct column_profile profile;
    struct field_meaning field;
};

struct columns_work {
    const struct columns_input *input;
    const struct data_type *type; /* NULL until it is told */
    struct arena *arena;
    struct findings *findings;
    struct columns_field *fields;
    const char *origin;     /* of the names: "header", "position", "option" */
    struct csv_span symbol; /* that is asked for, else that of the source; length 0: not known */
    bool has_others;        /* rows of other symbols are among the samples */
};

/* Decides a field. */
void columns_decide(struct columns_field *field, enum field_use use, const char *column, const struct data_type *type);

static inline bool columns_means(const struct columns_field *field, const char *column)
{
    const char *own = field->meaning.column;
    for (size_t i = 0; own != NULL && own[i] == column[i]; i++)
        if (own[i] == '\0')
            return true;
    return false;
}

/* The field decided to be the column of the type, or -1. */
int columns_find(const struct columns_work *work, const char *column);

/* Appends a name to a list of names; what does not fit is left out. */
void columns_list(char list[FIELD_LIST_BYTES], const char *name);

LAKE_MUST_CHECK lake_status columns_note(struct columns_work *work, const char *what, const char *value,
                                         const char *origin, struct lake_error *err);

/* The type that `--columns` gives a column of the lake by its name; 0: none. */
enum column_type columns_chosen_type(const struct column_choices *choices, const char *name);

LAKE_MUST_CHECK lake_status columns_apply_choices(struct columns_work *work, struct lake_error *err);
LAKE_MUST_CHECK lake_status columns_take_positions(struct columns_work *work, struct lake_error *err);
LAKE_MUST_CHECK lake_status columns_tell_type(struct columns_work *work, struct lake_error *err);
LAKE_MUST_CHECK lake_status columns_take_constants(struct columns_work *work, struct lake_error *err);
LAKE_MUST_CHECK lake_status columns_take_time(struct columns_work *work, struct lake_error *err);
LAKE_MUST_CHECK lake_status columns_take_named(struct columns_work *work, const char *column, struct lake_error *err);
LAKE_MUST_CHECK lake_status columns_take_amount(struct columns_work *work, struct lake_error *err);
LAKE_MUST_CHECK lake_status columns_take_volumes(struct columns_work *work, struct lake_error *err);
LAKE_MUST_CHECK lake_status columns_take_rest(struct columns_work *work, struct lake_error *err);

#endif
