#include "lake/names.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static char upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

static bool equal_ignoring_case(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++)
        if (upper(*a) != upper(*b))
            return false;
    return *a == *b;
}

/* Length of the UTF-8 sequence at p, or 0 where it is none (overlong forms and surrogates included). */
static size_t utf8_length(const unsigned char *p)
{
    size_t n = p[0] < 0x80                   ? 1
               : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
               : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
               : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                             : 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0) || (p[0] == 0xf0 && p[1] < 0x90) ||
        (p[0] == 0xf4 && p[1] >= 0x90))
        return 0;
    return n;
}

static bool is_plain(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == '+' ||
           c == '&' || c == '=' || c == '^' || c == '#' || c == '@' || c == '!';
}

/* A name becomes a directory, so what it may hold is listed; a dot may not lead (hidden, "..") nor end it (Windows). */
static lake_status check_name(const char *what, const char *given, const char *name, bool ascii_only,
                              struct lake_error *err)
{
    size_t n = strlen(name);
    if (n == 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s is empty", what);
    if (n > LIMIT_NAME_BYTES)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s '%.80s…' is longer than %d bytes", what, given,
                         LIMIT_NAME_BYTES);
    bool is_good = name[0] != '.' && name[n - 1] != '.' && name[0] != '-';
    for (size_t i = 0; is_good && i < n;) {
        size_t step = utf8_length((const unsigned char *)name + i);
        is_good = step > 1 ? !ascii_only : step == 1 && is_plain(name[i]);
        i += step;
    }
    if (!is_good)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "%s '%.80s' is not a name: use letters, digits and _ - . (not leading)", what, given);
    return LAKE_OK;
}

static lake_status copy_upper(const char *what, const char *text, char out[NAME_BYTES], struct lake_error *err)
{
    size_t n = strlen(text);
    if (n > LIMIT_NAME_BYTES)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s '%.80s…' is longer than %d bytes", what, text,
                         LIMIT_NAME_BYTES);
    for (size_t i = 0; i <= n; i++)
        out[i] = upper(text[i]);
    return LAKE_OK;
}

lake_status name_exchange(const char *text, char out[NAME_BYTES], struct lake_error *err)
{
    TRY(copy_upper("exchange", text, out, err));
    return check_name("exchange", text, out, true, err);
}

lake_status name_market(const char *text, char out[NAME_BYTES], struct lake_error *err)
{
    static const struct {
        const char *alias, *market;
    } aliases[] = {
        {"future", "FUTURES"},   {"linear", "FUTURES"},    {"swap", "FUTURES"},  {"perp", "FUTURES"},
        {"fut", "FUTURES"},      {"perpetual", "FUTURES"}, {"um", "FUTURES"},    {"usdm", "FUTURES"},
        {"usd-m", "FUTURES"},    {"cm", "INVERSE"},        {"coinm", "INVERSE"}, {"coin-m", "INVERSE"},
        {"delivery", "INVERSE"},
    };
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (equal_ignoring_case(text, aliases[i].alias))
            text = aliases[i].market;
    TRY(copy_upper("market", text, out, err));
    return check_name("market", text, out, true, err);
}

/* "BASE/QUOTE[:SETTLE][-EXPIRY]" → BASEQUOTE[_EXPIRY], in place. */
static bool join_unified(char *name)
{
    char *slash = strchr(name, '/');
    if (slash == NULL)
        return true;
    char *settle = strchr(slash, ':');
    char *expiry = settle == NULL ? NULL : strchr(settle, '-');
    if (slash == name || strchr(slash + 1, '/') != NULL || slash[1] == '\0' || slash[1] == ':' || slash[1] == '.' ||
        (settle != NULL && (settle[1] == '\0' || settle[1] == '-')))
        return false;
    if (expiry != NULL)
        *expiry = '_';
    if (settle != NULL)
        memmove(settle, expiry == NULL ? settle + strlen(settle) : expiry, strlen(expiry == NULL ? "" : expiry) + 1);
    memmove(slash, slash + 1, strlen(slash));
    return true;
}

lake_status name_symbol(const char *text, char out[NAME_BYTES], struct lake_error *err)
{
    TRY(copy_upper("symbol", text, out, err));
    if (!join_unified(out))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "symbol '%.80s' is neither a venue's name nor BASE/QUOTE:SETTLE",
                         text);
    return check_name("symbol", text, out, false, err);
}

/* Windows devices (alone or before a dot), and the directory of the feature store. */
static bool is_reserved(const char *name)
{
    static const char *const names[] = {"CON", "PRN", "AUX", "NUL", "FEATURES"};
    char stem[NAME_BYTES] = ""; /* in upper case: features are kept as written */
    size_t n = strcspn(name, ".");
    for (size_t i = 0; i < n && i < NAME_BYTES - 1; i++)
        stem[i] = upper(name[i]);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(stem, names[i]) == 0)
            return true;
    return n == 4 && (strncmp(stem, "COM", 3) == 0 || strncmp(stem, "LPT", 3) == 0) && stem[3] >= '0' && stem[3] <= '9';
}

void name_directory(const char *name, char out[NAME_BYTES])
{
    (void)snprintf(out, NAME_BYTES, "%s%s", is_reserved(name) ? "%" : "", name);
}
