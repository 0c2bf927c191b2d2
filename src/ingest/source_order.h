/* The order of names as people number them: digits are compared as numbers, so …-2 comes before …-10. A total order: what is equal as
 * numbers ("1", "01") goes by its bytes. */
#ifndef INGEST_SOURCE_ORDER_H
#define INGEST_SOURCE_ORDER_H

/* Below, at or above 0, as strcmp. */
int source_order_compare(const char *a, const char *b);

#endif
