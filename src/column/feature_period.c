#include "column/feature_period.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Of numbers that are counted on from. */
enum { NUMBER_DIGITS = 18 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char to_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool is_plain(char c)
{
    return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') || c == '_' || c == '-' || c == '.';
}

/* ---- names ---- */

/* A dot may not lead ("..", hidden) nor end a name (Windows), a dash not lead (options of programs). */
static bool is_name(const char *text, size_t n)
{
    bool is_good = n > 0 && text[0] != '.' && text[0] != '-' && text[n - 1] != '.';
    for (size_t i = 0; is_good && i < n; i++)
        is_good = is_plain(text[i]);
    return is_good;
}

struct name {
    const char *what;
    const char *text;
    size_t length, most;
};

static lake_status copy_name(const struct name *name, char *out, struct lake_error *err)
{
    int shown = name->length > 80 ? 80 : (int)name->length;
    out[0] = '\0';
    if (name->length == 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s is empty", name->what);
    if (name->length > name->most)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s '%.*s' is longer than %zu bytes", name->what, shown,
                         name->text, name->most);
    if (!is_name(name->text, name->length))
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "%s '%.*s' is not a name: use letters, digits, _ - and . (neither - nor . first, no . last)",
                         name->what, shown, name->text);
    memcpy(out, name->text, name->length);
    out[name->length] = '\0';
    return LAKE_OK;
}

lake_status feature_set_copy(const char *text, char out[FEATURE_SET_LENGTH + 1], struct lake_error *err)
{
    return copy_name(&(struct name){"feature set", text, strlen(text), FEATURE_SET_LENGTH}, out, err);
}

lake_status feature_version_copy(const char *text, char out[FEATURE_VERSION_LENGTH + 1], struct lake_error *err)
{
    return copy_name(&(struct name){"version", text, strlen(text), FEATURE_VERSION_LENGTH}, out, err);
}

bool feature_period_is(const char *text)
{
    return strchr(text, '@') != NULL;
}

lake_status feature_period_parse(const char *text, struct feature_period *out, struct lake_error *err)
{
    const char *at = strchr(text, '@');
    *out = (struct feature_period){.set = ""};
    if (at == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "'%.100s' is no version of a feature set: it is written set@version, as in alpha_v1@1.0.1",
                         text);
    const struct name set = {"feature set", text, (size_t)(at - text), FEATURE_SET_LENGTH};
    TRY(copy_name(&set, out->set, err));
    return feature_version_copy(at + 1, out->version, err);
}

/* ---- order ---- */

/* The length of the numbers and dots that a version begins with: "2.0" of "2.0-rc1". */
static size_t numbers_length(const char *text)
{
    size_t n = 0;
    while (is_digit(text[n])) {
        while (is_digit(text[n]))
            n++;
        if (text[n] != '.' || !is_digit(text[n + 1]))
            break;
        n++;
    }
    return n;
}

static size_t skip_zeros(const char *text, size_t at, size_t end)
{
    while (at < end && text[at] == '0')
        at++;
    return at;
}

static size_t digits_end(const char *text, size_t at, size_t end)
{
    while (at < end && is_digit(text[at]))
        at++;
    return at;
}

/* Digits of any length: the longer number is the greater, once leading zeros are gone. */
static int compare_numbers(const char *a, size_t n_a, const char *b, size_t n_b)
{
    size_t i = 0, k = 0;
    while (i < n_a && k < n_b) {
        size_t from_a = skip_zeros(a, i, n_a), from_b = skip_zeros(b, k, n_b);
        i = digits_end(a, from_a, n_a);
        k = digits_end(b, from_b, n_b);
        if (i - from_a != k - from_b)
            return i - from_a < k - from_b ? -1 : 1;
        int order = memcmp(a + from_a, b + from_b, i - from_a);
        if (order != 0)
            return order;
        i += i < n_a;
        k += k < n_b;
    }
    return (i < n_a) - (k < n_b);
}

int feature_version_compare(const char *a, const char *b)
{
    size_t n_a = numbers_length(a), n_b = numbers_length(b);
    int order = 0;
    if ((n_a == 0) != (n_b == 0))
        return n_a == 0 ? -1 : 1;
    if (n_a > 0)
        order = compare_numbers(a, n_a, b, n_b);
    if (order != 0)
        return order;
    if ((a[n_a] == '\0') != (b[n_b] == '\0'))
        return a[n_a] == '\0' ? 1 : -1;
    order = strcmp(a + n_a, b + n_b);
    return order != 0 ? order : strcmp(a, b);
}

void feature_version_next(const char *version, char out[FEATURE_VERSION_LENGTH + 1])
{
    size_t n = strlen(version), from = n;
    uint64_t number = 0;
    while (from > 0 && is_digit(version[from - 1]))
        from--;
    for (size_t i = from; i < n && n - from <= NUMBER_DIGITS; i++)
        number = number * 10 + (uint64_t)(version[i] - '0');
    int length = from == n ? snprintf(out, FEATURE_VERSION_LENGTH + 1, "%s.1", version)
                           : snprintf(out, FEATURE_VERSION_LENGTH + 1, "%.*s%" PRIu64, (int)from, version, number + 1);
    if (length < 0 || length > FEATURE_VERSION_LENGTH || n - from > NUMBER_DIGITS)
        out[0] = '\0';
}
