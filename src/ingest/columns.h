/* What the columns of a source mean: names, and where those do not say it what the values show, become columns of a
 * data type.
 *
 * Used for CSV (csv_layout.h) and Parquet (parquet_rows.h). The type itself is told here where it is not given: bars
 * have open, high, low and close; trades a price and an amount; funding a rate. A guess that is not certain is
 * refused with the candidates named, and every guess can be overridden by choices (`--columns`).
 * To add a spelling, a vendor's positions or a venue's quirk: one row in the table of csv_names.c or csv_positions.c. */
#ifndef INGEST_COLUMNS_H
#define INGEST_COLUMNS_H

#include "base/arena.h"
#include "column/data_type.h"
#include "ingest/csv_text.h"

/* What the caller knows or wants. Zeroed: nothing. */
struct column_choices {
    /* `--columns`: "name" and "-" (left out) by position; or, with '=', "volume=Volume USDT", "trades=#7" (the
     * seventh), "note:text", "note=-". Types behind ':' are double, int64, text, bool. Checked by
     * columns_check_choices. */
    const char *const *items;
    size_t n_items;
    const struct schema *stored; /* of the dataset: extra columns keep the types they have there; may be NULL */
    const char *symbol;          /* that is asked for: rows of others are not taken for it; NULL: not known */
};

enum field_use {
    FIELD_SKIP,       /* left out, by choice or since it says nothing (an index, "ignore") */
    FIELD_TIME,       /* the whole open time */
    FIELD_DATE,       /* of two: the day */
    FIELD_CLOCK,      /* of two: the time of day; or since midnight of the day in the file's name */
    FIELD_CLOSE_TIME, /* of bars: told from, not stored */
    FIELD_CONSTANT,   /* the symbol, exchange or period, once more in every row: held against `constant` */
    FIELD_SIDE,       /* "buy" "sell" "b" "s" "1" "-1" …, any case: the taker's side */
    FIELD_ASK_BID,    /* "A" "B" "N": the side of the book that the taker's order was of, ask, bid or none */
    FIELD_MAKER,      /* whether the buyer was the maker: true is a sell */
    FIELD_VALUE       /* of `type`: a column of the data type, or one the source added, under its own name */
};

struct field_meaning {
    enum field_use use;
    const char *name;   /* of the lake's column; NULL where it makes none */
    const char *source; /* as the source calls it, printable; "column 7" where it has no name */
    enum column_type type;
    bool is_nullable;
    bool is_extra;        /* not in the type's descriptor */
    bool is_percent;      /* "0.0100%": a hundredth */
    bool has_suffix;      /* "1.2K", "3.4M", "5B" */
    bool has_currency;    /* "$1,234.5": the sign is stepped over */
    int64_t multiplier;   /* of whole numbers: hours as ms; 0 is 1 */
    const char *constant; /* FIELD_CONSTANT: the text of every row that is taken */
    bool skips_others;    /* … other rows are stepped over and counted; else they are errors */
};

/* One thing that was understood, for `--dry-run`. */
struct finding {
    const char *what;   /* "separator", "ts", "volume", "period" … */
    const char *value;  /* "comma", "column 'unix', s or ms", … */
    const char *origin; /* "header", "values", "position", "file name", "option", "default" */
    const char *option; /* that would set it, or "" */
};

struct findings {
    struct finding *items;
    size_t n, capacity;
    struct arena *arena; /* of the texts, which are copied */
};
LAKE_MUST_CHECK lake_status findings_add(struct findings *findings, struct finding finding, struct lake_error *err);

/* The fields of a source, in its order, as far as names, positions and values tell. Values are samples of the first
 * rows, as text, row by row; n_samples rows of n_fields each (an empty span where a row lacks the field); names NULL
 * where there is no header. */
struct columns_input {
    const char *place;
    const struct data_type *type; /* NULL: told */
    const struct column_choices *choices;
    const struct csv_span *names;
    size_t n_fields;
    const struct csv_span *samples;
    size_t n_samples;
    bool may_have_clock; /* the file's name tells a day, so that times of day alone are enough */
};

struct columns_found {
    const struct data_type *type;
    struct field_meaning *fields;
    struct schema *schema; /* ts, the type's columns in its order, the source's own; schema_free'd by the caller */
    size_t *columns;       /* of each field: its column in the schema */
};

LAKE_MUST_CHECK lake_status columns_assign(const struct columns_input *input, struct arena *arena,
                                           struct findings *findings, struct columns_found *out,
                                           struct lake_error *err);

LAKE_MUST_CHECK lake_status columns_check_choices(const struct column_choices *choices, struct lake_error *err);

#endif
