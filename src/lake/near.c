#include "lake/near.h"

#include <stdint.h>
#include <string.h>

#include "base/limits.h"

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t near_distance(const char *a, const char *b)
{
    size_t row[LIMIT_NAME_BYTES + 1];
    size_t n_a = strlen(a), n_b = strlen(b);
    if (n_a > LIMIT_NAME_BYTES || n_b > LIMIT_NAME_BYTES)
        return SIZE_MAX;
    for (size_t j = 0; j <= n_b; j++)
        row[j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            size_t exchanged = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = least(exchanged, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[n_b];
}

static char to_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool near_same_but_for_case(const char *a, const char *b)
{
    while (*a != '\0' && to_lower(*a) == to_lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

bool near_enough(const char *typed, size_t distance)
{
    return distance <= (strlen(typed) + 2) / 3;
}
