/* A CSV text, detected and parsed as one run: what the tests of the parser look at. Includes check.h.
 *
 *     struct parsed parsed;
 *     lake_ok(parse(&parsed, "ts,open…\n", &err));
 *     … rows_of(&parsed) …
 *     parsed_release(&parsed); */
#ifndef TESTS_UNIT_INGEST_PARSED_TEXT_H
#define TESTS_UNIT_INGEST_PARSED_TEXT_H

#include "ingest/csv_parse.h"

/* How texts are to be read, beyond what they tell themselves. */
struct parse_wishes {
    struct csv_wishes csv;
    bool wants_rejects;
    size_t sample_bytes; /* what detection sees of the text; 0: all */
};
extern struct parse_wishes parse_wishes;

/* A block and what it was parsed into. */
struct parsed {
    char *text;
    size_t length;
    struct csv_layout layout;
    struct csv_block block;
    struct csv_run run;
};

/* Set-up of a test: raw bars, and no other wishes. */
int parsed_set_up(void **state);

/* A text without a line feed at its end gets one, as the reader gives it. To be released in any case. */
LAKE_MUST_CHECK lake_status parsed_read(struct parsed *parsed, const char *text, struct lake_error *err);
void parsed_release(struct parsed *parsed);

static inline const struct batch *rows_of(const struct parsed *parsed)
{
    return &parsed->run.rows.batch;
}

/* By the name of its column; -1 where there is none. */
int parsed_column(const struct parsed *parsed, const char *name);
int64_t parsed_integer(const struct parsed *parsed, const char *name, int64_t row);
double parsed_double(const struct parsed *parsed, const char *name, int64_t row);
bool parsed_is_null(const struct parsed *parsed, const char *name, int64_t row);
bool parsed_is_text(const struct parsed *parsed, const char *name, int64_t row, const char *want);
/* The line of a row in the text; -1 where there is no such row. */
int64_t parsed_line(struct parsed *parsed, int64_t row);

#endif
