/* How far long work is, on standard error: one line that is rewritten on a terminal, a line a second where
 * --progress asks for it elsewhere, nothing otherwise. It is also where work learns that it is to stop
 * (interrupt.h).
 *
 *     struct progress progress;
 *     progress_begin(&progress, &cli, wanted, "reading");
 *     options.progress = progress_reporter(&progress);
 *     …
 *     progress_end(&progress);          // wipes the line */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <datalake/lake.h>

struct cli;

/* How far the work was at some time. */
struct progress_mark {
    double time; /* seconds */
    int64_t n_rows, n_bytes;
};

struct progress {
    const char *doing;
    bool is_shown;
    bool is_terminal;
    bool bytes_are_rows;      /* what is reported as bytes: work that knows its rows in all, but not its bytes */
    size_t width;             /* of the terminal: a longer line could not be wiped */
    bool has_line;            /* on the terminal now */
    double started, reported; /* seconds */
    struct progress_mark older, newer; /* the rate is that since the older one, which is some seconds old */
};

/* `forced` is --progress. */
void progress_begin(struct progress *progress, const struct cli *cli, bool forced, const char *doing);
struct lake_progress progress_reporter(struct progress *progress);
/* The reporter's function (`context` is a struct progress *): 0, or 1 where Ctrl-C was pressed. */
int progress_report(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total);
void progress_end(struct progress *progress);
double progress_seconds(const struct progress *progress);

enum { PROGRESS_LINE_BYTES = 512 };
/* "ingesting: 1,234 rows, 1.1 MB (45 %), 2,345 rows/s, 0:12 left": without rows the rate is that of bytes, without a total (0)
 * there is no share and no time left. */
void progress_format(const struct progress *progress, struct progress_mark here, int64_t n_bytes_total,
                     char line[PROGRESS_LINE_BYTES]);

#endif
