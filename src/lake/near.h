/* How far apart two names are, for "did you mean". */
#ifndef LAKE_NEAR_H
#define LAKE_NEAR_H

#include <stdbool.h>
#include <stddef.h>

/* Single letters put in, left out or exchanged that make b out of a (Levenshtein); SIZE_MAX where one is longer than a name. */
size_t near_distance(const char *a, const char *b);
/* Whether that is few enough for a slip: one in every three letters typed. */
bool near_enough(const char *typed, size_t distance);
/* Whether they are equal where A to Z and a to z are not told apart. */
bool near_same_but_for_case(const char *a, const char *b);

#endif
