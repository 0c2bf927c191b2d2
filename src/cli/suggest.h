/* Near matches for mistyped words. */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include <stddef.h>

/* Single insertions, deletions, substitutions and swaps of neighbours that make a out of b. */
size_t edit_distance(const char *a, const char *b);

/* Keeps the nearest of the names it is offered. */
struct suggestion {
    const char *typed;
    const char *nearest; /* NULL while none is near enough */
    size_t distance;
};
void suggestion_offer(struct suggestion *suggestion, const char *name);

#endif
