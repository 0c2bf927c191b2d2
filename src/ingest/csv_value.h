/* One field into one row, whatever it looks like: the long way, and the only one that says why a value is none.
 *
 * What a text is read as follows from the field's meaning and the layout. Numbers are the nearest double of the decimal that
 * is written: a percent sign, "K", "M" and the like move the decimal exponent before it is read, groups and a decimal comma are
 * rewritten. Infinity is no number; what stands for no value is null where the column may be.
 *
 * One thread at a time per target. */
#ifndef INGEST_CSV_VALUE_H
#define INGEST_CSV_VALUE_H

#include "ingest/csv_layout.h"
#include "ingest/csv_rows.h"

/* Where values go, and how they are read. */
struct csv_target {
    const struct csv_layout *layout;
    struct csv_rows *rows;
    int64_t ts_ns; /* nanoseconds of one unit of the column ts */
    bool has_zone; /* times must not say their zone themselves: `--tz` does */
    bool has_date; /* date and time of day are two fields, each added to ts, which is to be zero before */
    struct csv_date date;
    struct buffer unquoted; /* scratch: a value with its doubled marks made single */
    struct buffer record;   /* scratch: a record that is one quoted field */
};

/* Why a value is not taken. `what` NULL: it is. */
struct csv_refusal {
    const char *what; /* "not a number" */
    const char *rule; /* of struct row_reject */
    enum column_type
        wider;     /* of a column of the source's own: the type that would hold the value; 0: no matter of the type */
    bool is_other; /* the row is of another symbol, and stepped over */
};

#define CSV_RULE_VALUE "value"
#define CSV_RULE_TIME "time"
#define CSV_RULE_FIELDS "fields"
#define CSV_RULE_QUOTES "quotes"
#define CSV_RULE_LENGTH "length"

void csv_target_init(struct csv_target *target, const struct csv_layout *layout, struct csv_rows *rows, bool has_zone);
void csv_target_release(struct csv_target *target);

/* What is within quotation marks, with doubled marks made single; *text is then in the buffer. */
LAKE_MUST_CHECK lake_status csv_unquote(struct buffer *to, struct csv_span *text, struct lake_error *err);

/* What one field of one row holds. */
struct csv_cell {
    const struct csv_field *field;
    int64_t row;
    struct csv_span text; /* trimmed, without its quotes */
    bool is_quoted;       /* marks within the text are still doubled */
};

/* Both fail for want of memory only. */
LAKE_MUST_CHECK lake_status csv_value_take(struct csv_target *target, const struct csv_cell *cell,
                                           struct csv_refusal *refusal, struct lake_error *err);
/* The row has no such field. */
LAKE_MUST_CHECK lake_status csv_value_lack(struct csv_target *target, const struct csv_cell *cell,
                                           struct csv_refusal *refusal, struct lake_error *err);

/* Nanoseconds since 1970 in the unit of the column ts; false where that unit is too coarse for it. Microseconds cut what is finer. */
static inline bool csv_time_to_unit(int64_t ns, int64_t unit_ns, int64_t *out)
{
    *out = ns / unit_ns;
    return unit_ns != NS_PER_MS || ns % unit_ns == 0;
}

#endif
