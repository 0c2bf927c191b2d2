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

struct progress {
    const char *doing;
    bool is_shown;
    bool is_terminal;
    size_t width;             /* of the terminal: a longer line could not be wiped */
    bool has_line;            /* on the terminal now */
    double started, reported; /* seconds */
};

/* `forced` is --progress. */
void progress_begin(struct progress *progress, const struct cli *cli, bool forced, const char *doing);
struct lake_progress progress_reporter(struct progress *progress);
/* The reporter's function (`context` is a struct progress *): 0, or 1 where Ctrl-C was pressed. */
int progress_report(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total);
void progress_end(struct progress *progress);
double progress_seconds(const struct progress *progress);

#endif
