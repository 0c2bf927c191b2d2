#include "suggest.h"

#include <stdbool.h>
#include <string.h>

enum { LONGEST_WORD = 32 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment, three rows at a time; words longer than LONGEST_WORD are near to nothing. */
size_t edit_distance(const char *a, const char *b)
{
    size_t rows[3][LONGEST_WORD + 1];
    size_t n_a = strlen(a);
    size_t n_b = strlen(b);
    if (n_a > LONGEST_WORD || n_b > LONGEST_WORD)
        return n_a + n_b;

    for (size_t j = 0; j <= n_b; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *above_that = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            row[j] = smaller(smaller(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smaller(row[j], above_that[j - 2] + 1);
        }
    }
    return rows[n_a % 3][n_b];
}

/* The start of a name is near to it, and so is a word with one mistake in every three letters. */
static bool is_near(const char *typed, const char *name, size_t distance)
{
    size_t n = strlen(typed);
    return (n >= 3 && strncmp(typed, name, n) == 0) || distance <= n / 3 || (n == 2 && distance == 1);
}

void suggestion_offer(struct suggestion *suggestion, const char *name)
{
    size_t distance = edit_distance(suggestion->typed, name);
    if (!is_near(suggestion->typed, name, distance))
        return;
    if (suggestion->nearest == NULL || distance < suggestion->distance) {
        suggestion->nearest = name;
        suggestion->distance = distance;
    }
}
