/* Pieces of CSV text: what they may hold, what the words of vendors mean, and how they are shown in messages. */
#ifndef INGEST_CSV_TEXT_H
#define INGEST_CSV_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct csv_span {
    const char *data;
    size_t length;
};

/* Without the blanks (and, where it is not the separator, the tabs) at both ends. */
struct csv_span csv_trim(struct csv_span span, char separator);

/* Whether the field stands for no value: empty, "null", "nan", "none", "na", "n/a", "-", whatever the case. */
bool csv_is_null(struct csv_span span);

/* "true", "t", "yes", "y", "1" and their opposites, whatever the case; false for any other text. */
bool csv_read_bool(struct csv_span span, bool *out);
/* The side of a taker, "buy" or "sell", of "buy", "b", "1", "+1" and "sell", "s", "-1", whatever the case; NULL for any other. */
const char *csv_read_side(struct csv_span span);

/* The side of a taker by the side of the book that its order was of: "buy" of "B", "sell" of "A", "" of "N", which is neither; NULL
 * for any other. Only where a column holds both "A" and "B" it is known to be written so. */
const char *csv_read_ask_bid(struct csv_span span);

/* Whether two texts name one thing: letters and digits are the same, whatever stands between them. The case makes no difference but
 * where a text begins with a digit ("1m" is not "1M"). "BTC/USDT" names what "btcusdt" names. */
bool csv_is_same_thing(struct csv_span a, struct csv_span b);

enum { CSV_SHOWN_BYTES = 40, CSV_SHOWN_TEXT_BYTES = 4 * CSV_SHOWN_BYTES + 4 };
/* The first 40 bytes, cut between characters, followed by "..." where there is more. What cannot be printed becomes \x0d.
 * Terminated; returns out. */
const char *csv_show(struct csv_span span, char out[CSV_SHOWN_TEXT_BYTES]);

#endif
