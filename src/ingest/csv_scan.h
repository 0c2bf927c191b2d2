/* Where records and fields of CSV text end (RFC 4180, with LF or CRLF).
 *
 * A field is quoted where its first byte is a quotation mark; a mark elsewhere is a byte like any other. Inside quotes line ends
 * and separators are text, and two marks are one. A record ends with the line feed after its last field; most records are one
 * line. A carriage return before that line feed is part of the record's end.
 *
 * A record whose quotes are broken ends with its first line, so that one stray mark spoils one line and not what follows: broken are
 * text behind a closing mark, and a mark that is not closed within LIMIT_CSV_LINE_BYTES of the record's begin (or before the end of
 * all, which only the caller knows: csv_cut's is_last). Where records end is thus a function of the text alone.
 *
 * Threads: pure functions on the caller's bytes. */
#ifndef INGEST_CSV_SCAN_H
#define INGEST_CSV_SCAN_H

#include <stdint.h>

#include "ingest/csv_text.h"

/* The first byte after the record at text, or NULL where it does not end before `end`. */
const char *csv_record_end(const char *text, const char *end, char separator);
/* The same where nothing follows `end`, which stands behind a line feed: the record ends in any case. text < end. */
const char *csv_last_record_end(const char *text, const char *end, char separator);

struct csv_cut {
    struct csv_span text;
    char separator;
    bool is_last; /* nothing follows the text */
};
/* Cuts the text into at most n runs of whole records of about the same size: ends[i] is where run i ends, and run 0 begins
 * where the text does. Returns how many there are; 0 where not one record is whole. What follows the last run is the beginning of a
 * record. */
size_t csv_cut(const struct csv_cut *cut, const char **ends, size_t n);

struct csv_field_text {
    struct csv_span span; /* trimmed, without the quotes; doubled marks stay doubled */
    const char *next;     /* the separator behind the field, or the record's line feed */
    bool is_quoted;
};

enum csv_field_state { CSV_FIELD_OK, CSV_FIELD_TRAILED, CSV_FIELD_OPEN };

/* Reads the field at text, of a record that ends (with its line feed) at `end`. Other than OK the quotes are broken: text follows the
 * closing mark, or there is none; the span is then what is within the quotes as far as it goes. */
enum csv_field_state csv_field_read(const char *text, const char *end, char separator, struct csv_field_text *out);

/* Line feeds in [text, end). */
int64_t csv_count_lines(const char *text, const char *end);

#endif
