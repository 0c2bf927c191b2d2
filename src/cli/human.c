#include "human.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *human_count(int64_t n, char out[HUMAN_BYTES])
{
    char digits[HUMAN_BYTES];
    int length = snprintf(digits, sizeof digits, "%" PRId64, n);
    size_t used = 0;
    for (int i = 0; i < length; i++) {
        int rest = length - i;
        if (i > 0 && rest % 3 == 0 && digits[i - 1] != '-')
            out[used++] = ',';
        out[used++] = digits[i];
    }
    out[used] = '\0';
    return out;
}

const char *human_counted(int64_t n, const char *noun, char out[HUMAN_BYTES])
{
    char count[HUMAN_BYTES];
    snprintf(out, HUMAN_BYTES, "%.27s %.10s%s", human_count(n, count), noun, n == 1 ? "" : "s");
    return out;
}

const char *human_size(int64_t bytes, char out[HUMAN_BYTES])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    double size = (double)bytes;
    size_t unit = 0;
    while (size >= 999.5 && unit + 1 < sizeof units / sizeof *units) {
        size /= 1000;
        unit++;
    }
    snprintf(out, HUMAN_BYTES, "%.*f %s", unit > 0 && size < 9.95 ? 1 : 0, size, units[unit]);
    return out;
}

const char *human_duration(double seconds, char out[HUMAN_BYTES])
{
    int64_t whole = (int64_t)(seconds + 0.5);
    if (seconds < 10)
        snprintf(out, HUMAN_BYTES, "%.2f s", seconds);
    else if (whole < 60)
        snprintf(out, HUMAN_BYTES, "%" PRId64 " s", whole);
    else if (whole < 3600)
        snprintf(out, HUMAN_BYTES, "%" PRId64 ":%02" PRId64, whole / 60, whole % 60);
    else
        snprintf(out, HUMAN_BYTES, "%" PRId64 ":%02" PRId64 ":%02" PRId64, whole / 3600, whole / 60 % 60, whole % 60);
    return out;
}

const char *human_span(int64_t ms, char out[HUMAN_BYTES])
{
    static const struct {
        int64_t ms;
        const char *noun;
    } units[] = {{86400000, "day"}, {3600000, "hour"}, {60000, "minute"}, {1000, "second"}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (ms >= units[i].ms && ms % units[i].ms == 0)
            return human_counted(ms / units[i].ms, units[i].noun, out);
    snprintf(out, HUMAN_BYTES, "%" PRId64 " ms", ms);
    return out;
}

const char *human_time(const char *iso, char out[HUMAN_BYTES])
{
    const size_t to_minute = strlen("2023-04-01 00:00");
    snprintf(out, HUMAN_BYTES, "%s", iso);
    if (strlen(out) > to_minute && out[10] == 'T') {
        out[10] = ' ';
        out[to_minute] = '\0';
    }
    return out;
}
