/* What a CSV file was found to be: separator, header, which field is which column of the data type, how times and
 * numbers are written.
 *
 * Detected from the first block of a member; nothing else is guessed later. A file is refused here, with what to do
 * about it, where it is another format (by its first bytes), not text, or where a guess would not be certain: then
 * the candidates are named, and the option that decides. Detection is a function of the block, the name and the
 * options alone: a resumed ingest finds the same again.
 * Immutable once detected, so threads share it.
 *
 *     struct csv_layout layout = {0};
 *     TRY_OUT(csv_layout_detect(&layout, &input, err));
 *     … records begin at block.data + layout.body, on line layout.body_line …
 *     out: csv_layout_release(&layout); */
#ifndef INGEST_CSV_LAYOUT_H
#define INGEST_CSV_LAYOUT_H

#include "base/buffer.h"
#include "ingest/columns.h"
#include "ingest/csv_time.h"
#include "ingest/file_name.h"

/* What the caller wants. Zeroed: everything is told from the file. */
struct csv_wishes {
    const struct data_type *type; /* NULL: told from the columns */
    struct column_choices columns;
    char separator;                 /* ',' ';' '\t' '|' ' '; 0: told */
    int header;                     /* 1: there is one, -1: there is none, 0: told */
    char decimal;                   /* '.' or ','; 0: told */
    enum csv_time_order date_order; /* of dates such as 03/04/2021; 0: told */
    int64_t time_unit_ns;           /* of times that are numbers; 0: told for each by its size */
    bool has_zone; /* `--tz` is given: refused where the times say their zone themselves (numbers, offsets) */
};

struct csv_input {
    const char *place; /* for messages */
    struct file_name_facts name;
    const struct csv_wishes *wishes;
    /* The beginning of the member: whole records, but for the last. The file is empty where it holds none. */
    struct csv_span block;
    bool is_whole; /* it is all of the member */
};

struct csv_field {
    struct field_meaning meaning;
    size_t column; /* in the schema, where the meaning has a name (FIELD_DATE and FIELD_CLOCK: that of ts) */
};

struct csv_layout {
    char separator;
    char decimal;           /* '.' or ',' */
    char thousands;         /* ',' '.' ' ' '\'' between groups of three digits; 0: none */
    bool is_record_quoted;  /* each record is one quoted field, the separators inside it */
    bool has_comments;      /* lines that begin with '#' or "//" are none of rows */
    struct csv_span header; /* the line without its end, for repeated headers; data NULL where there is none */
    size_t n_fields;
    /* A record may end after this many; what it lacks is null. It may have more where they are empty. */
    size_t n_needed_fields;
    struct csv_field *fields;
    const struct data_type *type;
    struct schema *schema; /* ts first, then the type's columns in its order, then the source's own */
    struct csv_time_rules times;
    bool is_time_local;          /* times are texts without an offset: `--tz` says whose */
    bool is_descending;          /* the first block is newest first */
    const struct period *period; /* of bars, where a constant column or the file's name says it; NULL otherwise */
    int close_field;             /* field of the close time, or -1 */
    struct findings findings;
    struct buffer left_out; /* names of columns that are left out though they say something, a line feed behind each */
    size_t body;            /* bytes before the first record behind the header */
    int64_t body_line;
    struct arena arena;
};

/* What the block holds is not referred to afterwards. On failure the layout is to be released all the same. */
LAKE_MUST_CHECK lake_status csv_layout_detect(struct csv_layout *layout, const struct csv_input *input,
                                              struct lake_error *err);
void csv_layout_release(struct csv_layout *layout);

/* Steps over a record that is no row: a blank line, a comment or footer that the layout knows, or the header once
 * more. The record must end before `end`. */
bool csv_layout_skips(const struct csv_layout *layout, const char *text, const char *end, const char **next);

/* Length of the bar that the record at text is, by its close time; 0 where it does not say. */
int64_t csv_layout_bar_ms(const struct csv_layout *layout, const char *text);

#endif
