/* A time as a person or a vendor writes it, taken apart: which parts it has, and what they say.
 *
 * Detection asks which form the texts of a column have (csv_time_look); csv_time.c makes instants of them. Numbers
 * since 1970 are csv_time.c's own.
 * Pure functions on the caller's bytes. */
#ifndef INGEST_CSV_TIME_TEXT_H
#define INGEST_CSV_TIME_TEXT_H

#include "ingest/csv_time.h"

enum csv_time_kind {
    CSV_TIME_NONE,
    CSV_TIME_NUMBER,  /* since 1970, in whatever unit */
    CSV_TIME_INSTANT, /* a date and a time of day */
    CSV_TIME_DATE,
    CSV_TIME_CLOCK,
    CSV_TIME_FLOATING /* 1.61093E+12 */
};

struct csv_time_parts {
    enum csv_time_kind kind;
    bool has_offset;
    bool has_order; /* the date is in numbers whose year is not first: `first` and `second` are day and month, or
                    * month and day */
    bool has_dots;  /* … with dots between them */
    int32_t year, first, second;
    int64_t clock_ns;  /* since midnight */
    int64_t offset_ns; /* east of Greenwich */
};

/* Takes a text apart that is no number since 1970; kind is CSV_TIME_NONE where it is no time. */
void csv_time_take_apart(struct csv_span span, struct csv_time_parts *out);

/* The day since 1970 that the date is in this order; false where there is no such day. CSV_ORDER_UNKNOWN: as far as
 * the numbers say it by themselves. */
bool csv_time_day(const struct csv_time_parts *parts, enum csv_time_order order, int64_t *day);

/* Like csv_time_take_apart, for any text: numbers that are instants in some unit are CSV_TIME_NUMBER. */
void csv_time_look(struct csv_span span, struct csv_time_parts *out);

#endif
