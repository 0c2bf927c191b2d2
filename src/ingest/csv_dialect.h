/* How records and fields are set apart in a text: the separator, and whether whole records stand in quotes.
 *
 * The separator is the one that cuts most records into the same number of fields, more than one. Pure functions on
 * the caller's bytes. */
#ifndef INGEST_CSV_DIALECT_H
#define INGEST_CSV_DIALECT_H

#include "ingest/csv_text.h"

struct csv_dialect {
    char separator;
    bool is_record_quoted; /* each record is one quoted field, the separators inside it */
};

/* Of the records in [text, end); separator: the one that is wanted, or 0. */
struct csv_dialect csv_dialect_tell(const char *text, const char *end, char separator);

/* The byte after the record at text, which need not be whole where nothing follows `end`; NULL where it is not whole. */
const char *csv_dialect_record_end(const struct csv_dialect *dialect, const char *text, const char *end, bool is_last);

/* Fields of the record [text, end), its line feed included; at most `max` are written, all are counted. */
size_t csv_dialect_split(const struct csv_dialect *dialect, const char *text, const char *end, struct csv_span *fields,
                         size_t max);

/* A line of blanks alone, or one that begins with '#' or "//". */
bool csv_dialect_is_blank(const struct csv_dialect *dialect, const char *text, const char *end);
bool csv_dialect_is_comment(const char *text, const char *end);
/* What some vendors put behind the last row ("Downloaded from Barchart.com as of …"). */
bool csv_dialect_is_footer(const char *text, const char *end);

#endif
