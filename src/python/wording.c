#include "wording.h"

#include <string.h>

/* Options that are arguments of a method; others are those of a command that the message quotes. */
static const char *const ARGUMENTS[] = {
    "anew",    "as-of",     "checks", "columns", "complete",    "data-root", "data-type",   "db-path", "decimal",
    "dry-run", "exchange",  "fill",   "header",  "limit",       "market",    "max-rejects", "period",  "rejects",
    "restart", "separator", "stamp",  "symbol",  "time-format", "type",      "tz",
};
enum { N_ARGUMENTS = sizeof ARGUMENTS / sizeof *ARGUMENTS, SPARE_BYTES = 256 };

/* The letters of the option that begins at `at`; 0: none does. */
static size_t option_letters(const char *message, const char *at)
{
    bool begins = at == message || strchr(" ('", at[-1]) != NULL;
    return begins && at[0] == '-' && at[1] == '-' ? strspn(at + 2, "abcdefghijklmnopqrstuvwxyz-") : 0;
}

static bool is_argument(const char *option, size_t n)
{
    for (size_t i = 0; i < N_ARGUMENTS; i++)
        if (strlen(ARGUMENTS[i]) == n && memcmp(ARGUMENTS[i], option, n) == 0)
            return true;
    return false;
}

PyObject *wording_of_python(const char *message)
{
    char text[LAKE_ERROR_MESSAGE_BYTES + SPARE_BYTES];
    size_t n = 0;
    for (const char *at = message; *at != '\0' && n < LAKE_ERROR_MESSAGE_BYTES;) {
        size_t letters = option_letters(message, at);
        if (letters == 0 || letters > SPARE_BYTES / 2 || !is_argument(at + 2, letters)) {
            text[n++] = *at++;
            continue;
        }
        const char *added = letters == 4 && memcmp(at + 2, "type", 4) == 0 ? "data_" : "";
        memcpy(text + n, added, strlen(added));
        n += strlen(added);
        for (size_t i = 0; i < letters; i++)
            text[n++] = (char)(at[2 + i] == '-' ? '_' : at[2 + i]);
        at += 2 + letters;
    }
    text[n] = '\0';
    return python_text(text);
}
