/* Where records and fields of CSV text end (RFC 4180, with LF or CRLF).
 *
 * A field is quoted where its first byte is a quotation mark; a mark elsewhere is a byte like any other. Inside quotes line ends
 * and separators are text, and two marks are one. A record ends with the line feed after its last field; most records are one
 * line. A carriage return before that line feed is part of the record's end.
 *
 * Threads: pure functions on the caller's bytes. */
#ifndef INGEST_CSV_SCAN_H
#define INGEST_CSV_SCAN_H

#include <stdint.h>

#include "ingest/csv_text.h"

/* The first byte after the record at text, or NULL where it does not end before `end`. */
const char *csv_record_end(const char *text, const char *end, char separator);

/* Cuts [text, end) into at most n runs of whole records of about the same size: ends[i] is where run i ends, and run 0 begins
 * at text. Returns how many there are; 0 where not one record is whole. What follows the last run is the beginning of a record. */
size_t csv_cut(struct csv_span text, char separator, const char **ends, size_t n);

struct csv_field_text {
    struct csv_span span; /* trimmed, without the quotes; doubled marks stay doubled */
    const char *next;     /* the separator or the line feed behind the field */
    bool is_quoted;
};

/* Reads the field at text. The record must be whole. False where something other than blanks follows the closing quote. */
bool csv_field_read(const char *text, char separator, struct csv_field_text *out);

int64_t csv_count_lines(const char *text, const char *end);

#endif
