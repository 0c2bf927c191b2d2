#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "human.h"
#include "interrupt.h"

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
    progress->older.time = progress->newer.time = progress->started;
    if (is_terminal && !forced)
        progress->reported = progress->started + seconds_before_first - seconds_between_redraws;
}

double progress_seconds(const struct progress *progress)
{
    return now() - progress->started;
}

/* ---- the rate ---- */

/* Of the last seconds, not of all: what an interrupted run had done is gone through faster than what is new. */
static const double seconds_between_marks = 5.0;

static void keep_marks(struct progress *progress, struct progress_mark here)
{
    if (here.time - progress->newer.time < seconds_between_marks)
        return;
    progress->older = progress->newer;
    progress->newer = here;
}

struct rates {
    double rows, bytes; /* a second */
};

static struct rates current_rates(const struct progress *progress, struct progress_mark here)
{
    const struct progress_mark *since = &progress->older;
    double seconds = here.time - since->time;
    if (seconds <= 0)
        return (struct rates){0, 0};
    return (struct rates){
        (double)(here.n_rows - since->n_rows) / seconds,
        (double)(here.n_bytes - since->n_bytes) / seconds,
    };
}

/* ---- the line ---- */

enum { PART_BYTES = 3 * HUMAN_BYTES };

/* "1,234 rows, 1.1 GB (9 %)": of rows and bytes what is known, and the share where there is a total. */
static void format_done(char out[2 * PART_BYTES], const struct progress *progress, struct progress_mark here,
                        int64_t n_bytes_total)
{
    char rows[HUMAN_BYTES] = "";
    char size[HUMAN_BYTES] = "";
    char share[HUMAN_BYTES] = "";
    bool has_bytes = here.n_bytes > 0 && !progress->bytes_are_rows;
    if (here.n_rows > 0)
        human_counted(here.n_rows, "row", rows);
    if (has_bytes)
        human_size(here.n_bytes, size);
    if (n_bytes_total > 0)
        snprintf(share, sizeof share, " (%.0f %%)", 100 * (double)here.n_bytes / (double)n_bytes_total);
    snprintf(out, 2 * PART_BYTES, "%s%s%s%s", rows, here.n_rows > 0 && has_bytes ? ", " : "", size, share);
}

/* "2,345,678 rows/s", or of bytes where work has no rows. */
static void format_rate(char out[PART_BYTES], struct rates rates, bool has_rows)
{
    char rate[HUMAN_BYTES];
    if (has_rows)
        human_counted((int64_t)rates.rows, "row", rate);
    else
        human_size((int64_t)rates.bytes, rate);
    snprintf(out, PART_BYTES, "%s/s", rate);
}

/* ", 0:12 left", ", 1:02:03 left", or nothing where the end is not known. */
static void format_left(char out[PART_BYTES], struct rates rates, int64_t n_bytes, int64_t n_bytes_total)
{
    *out = '\0';
    if (n_bytes_total <= 0 || n_bytes <= 0 || rates.bytes <= 0)
        return;
    int64_t n_left = n_bytes_total > n_bytes ? n_bytes_total - n_bytes : 0;
    int64_t seconds = (int64_t)((double)n_left / rates.bytes);
    int hours = seconds < 3600000 ? (int)(seconds / 3600) : 1000;
    int minutes = (int)(seconds / 60 % 60);
    if (hours > 0)
        snprintf(out, PART_BYTES, ", %d:%02d:%02d left", hours, minutes, (int)(seconds % 60));
    else
        snprintf(out, PART_BYTES, ", %d:%02d left", minutes, (int)(seconds % 60));
}

void progress_format(const struct progress *progress, struct progress_mark here, int64_t n_bytes_total,
                     char line[PROGRESS_LINE_BYTES])
{
    char done[2 * PART_BYTES];
    char rate[PART_BYTES];
    char left[PART_BYTES];
    struct rates rates = current_rates(progress, here);
    if (here.n_rows <= 0 && here.n_bytes <= 0) {
        snprintf(line, PROGRESS_LINE_BYTES, "%s: begun", progress->doing);
        return;
    }
    format_done(done, progress, here, n_bytes_total);
    format_rate(rate, rates, here.n_rows > 0);
    format_left(left, rates, here.n_bytes, n_bytes_total);
    snprintf(line, PROGRESS_LINE_BYTES, "%s: %s, %s%s", progress->doing, done, rate, left);
}

static void write_line(struct progress *progress, struct progress_mark here, int64_t n_bytes_total)
{
    char line[PROGRESS_LINE_BYTES];
    progress_format(progress, here, n_bytes_total, line);
    if (progress->is_terminal && strlen(line) >= progress->width && progress->width > 0)
        line[progress->width - 1] = '\0';
    fprintf(stderr, progress->is_terminal ? "\r%s\033[K" : "%s\n", line);
    fflush(stderr);
    progress->has_line = progress->is_terminal;
}

int progress_report(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    struct progress *progress = context;
    double pause = progress->is_terminal ? seconds_between_redraws : seconds_between_lines;
    struct progress_mark here = {now(), n_rows, n_bytes};
    keep_marks(progress, here);
    if (progress->is_shown && here.time - progress->reported >= pause) {
        progress->reported = here.time;
        write_line(progress, here, n_bytes_total);
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
