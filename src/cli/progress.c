#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "human.h"
#include "interrupt.h"

enum { LINE_BYTES = 256 };
static const double seconds_between_lines = 1.0;
static const double seconds_between_redraws = 0.1;
static const double seconds_before_first = 0.3; /* short work shows nothing on a terminal, unless asked */

static double now(void)
{
    struct timespec time = {0};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void progress_begin(struct progress *progress, const struct cli *cli, bool forced, const char *doing)
{
    bool is_terminal = cli->terminal.err_is_terminal;
    *progress = (struct progress){
        .doing = doing,
        .is_shown = forced || (is_terminal && !cli->global.quiet && !cli->global.json),
        .is_terminal = is_terminal,
        .width = cli->terminal.err_width,
        .started = now(),
    };
    if (is_terminal && !forced)
        progress->reported = progress->started + seconds_before_first - seconds_between_redraws;
}

double progress_seconds(const struct progress *progress)
{
    return now() - progress->started;
}

/* How much was done: rows, or bytes where work has no rows. */
struct amount {
    int64_t n;
    bool is_bytes;
};

static const char *amount_text(struct amount amount, int64_t n, char out[HUMAN_BYTES])
{
    return amount.is_bytes ? human_size(n, out) : human_counted(n, "row", out);
}

/* ", 45 %, 2,345,678 rows/s, 0:12 left"; without the total only the rate is known. */
static void format_rest(char *out, size_t out_bytes, double done, struct amount amount, double seconds)
{
    char rate[HUMAN_BYTES];
    amount_text(amount, seconds > 0 ? (int64_t)((double)amount.n / seconds) : 0, rate);
    int64_t left = done > 0 ? (int64_t)(seconds * (1 - done) / done) : 0;
    if (done > 0)
        snprintf(out, out_bytes, ", %.0f %%, %s/s, %" PRId64 ":%02d left", 100 * done, rate, left / 60,
                 (int)(left % 60));
    else
        snprintf(out, out_bytes, ", %s/s", rate);
}

static void write_line(struct progress *progress, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    char count[HUMAN_BYTES];
    char rest[3 * HUMAN_BYTES];
    char line[LINE_BYTES];
    struct amount amount = {n_rows > 0 ? n_rows : n_bytes, n_rows == 0 && n_bytes > 0};
    double done = n_bytes_total > 0 ? (double)n_bytes / (double)n_bytes_total : 0;
    format_rest(rest, sizeof rest, done, amount, progress_seconds(progress));
    int length = amount.n > 0 ? snprintf(line, sizeof line, "%s: %s%s", progress->doing,
                                         amount_text(amount, amount.n, count), rest)
                              : snprintf(line, sizeof line, "%s: begun", progress->doing);
    if (progress->is_terminal && (size_t)length >= progress->width && progress->width > 0)
        line[progress->width - 1] = '\0';
    fprintf(stderr, progress->is_terminal ? "\r%s\033[K" : "%s\n", line);
    fflush(stderr);
    progress->has_line = progress->is_terminal;
}

int progress_report(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    struct progress *progress = context;
    double pause = progress->is_terminal ? seconds_between_redraws : seconds_between_lines;
    if (progress->is_shown && now() - progress->reported >= pause) {
        progress->reported = now();
        write_line(progress, n_rows, n_bytes, n_bytes_total);
    }
    return interrupt_requested() ? 1 : 0;
}

struct lake_progress progress_reporter(struct progress *progress)
{
    return (struct lake_progress){progress_report, progress};
}

void progress_end(struct progress *progress)
{
    if (progress->has_line) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    progress->has_line = false;
}
