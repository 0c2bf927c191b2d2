/* Writers and readers of one dataset, each a process of its own with a lake that it keeps open, for many_processes.py.
 *
 *     commits write ROOT LANE N CSV     commits N times; after each prints "<number> <ns> <times merged again> <snapshot>"
 *     commits read ROOT                 scans until standard input ends; prints "<scans> <rows>"
 *     commits check ROOT N              scans once: every lane must have all its N commits
 *
 * Commit k of a lane writes the rows of its lane in two neighbouring days, which all lanes share; the close is k. Which days follows
 * from lane and k, so that a reader who sees that a lane has come to commit k knows each of its rows: anything
 * else is a torn read or a lost update. Exit status 1 says so on standard error. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <datalake/lake.h>

#include "lake/commit.h"

enum { N_LANES = 8, N_DAYS = 16, DAY_ROWS = 12, PATH_BYTES = 4096, SCAN_PAUSE_MS = 2 };

static const int64_t FIRST_MS = 1609459200000; /* 2021-01-01 */
static const int64_t MINUTE_MS = 60000, DAY_MS = 86400000;
static const struct lake_selection DATASET = {"BINANCE", "FUTURES", "BTCUSDT", "raw", "1m"};

/* The first of the two days of a commit: mixed well enough that every pair of lanes meets. */
static int first_day(int lane, int64_t commit)
{
    uint64_t x = ((uint64_t)lane << 32) + (uint64_t)commit;
    x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15u;
    x ^= x >> 29;
    return (int)(x % (N_DAYS - 1));
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int fail(const char *what, const struct lake_error *err)
{
    fprintf(stderr, "commits: %s: %s\n", what, err->message);
    return 1;
}

static lake_status open_lake(const char *root, bool create, struct lake **lake, struct lake_error *err)
{
    char data[PATH_BYTES], manifest[PATH_BYTES];
    snprintf(data, sizeof data, "%s/data", root);
    snprintf(manifest, sizeof manifest, "%s/manifest.db", root);
    struct lake_options options = {.size = sizeof options, .data_root = data, .db_path = manifest, .create = create};
    return lake_open(&options, lake, err);
}

/* ---- writing ---- */

/* The linker puts this in front of commit_run (--wrap), to count how often a commit had to merge again. */
static int64_t n_restaged;
static const struct commit_owner *real_owner;

lake_status __real_commit_run(struct commit *commit, const struct commit_owner *owner, struct lake_error *err);
lake_status __wrap_commit_run(struct commit *commit, const struct commit_owner *owner, struct lake_error *err);

static lake_status count_restage(void *context, struct lake_error *err)
{
    n_restaged++;
    return real_owner->restage(context, err);
}

lake_status __wrap_commit_run(struct commit *commit, const struct commit_owner *owner, struct lake_error *err)
{
    struct commit_owner counting = *owner;
    real_owner = owner;
    counting.restage = count_restage;
    return __real_commit_run(commit, &counting, err);
}

static int write_csv(const char *path, int lane, int64_t commit)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return 1;
    fputs("timestamp,open,high,low,close,volume\n", file);
    for (int i = 0; i < 2 * DAY_ROWS; i++) {
        int64_t day = first_day(lane, commit) + i / DAY_ROWS;
        int64_t minute = i % DAY_ROWS * N_LANES + lane;
        fprintf(file, "%" PRId64 ",1,1000000,0,%" PRId64 ",1\n", FIRST_MS + day * DAY_MS + minute * MINUTE_MS, commit);
    }
    return fclose(file);
}

static int write_commits(const char *root, int lane, int64_t n, const char *csv)
{
    struct lake *lake = NULL;
    struct lake_error err = {LAKE_OK, ""};
    if (open_lake(root, true, &lake, &err) != LAKE_OK)
        return fail("open", &err);
    for (int64_t k = 1; k <= n; k++) {
        struct lake_ingest_options options = {
            .size = sizeof options, .sources = &csv, .n_sources = 1, .dataset = DATASET};
        struct lake_ingest_result result = {.size = sizeof result};
        if (write_csv(csv, lane, k) != 0)
            return fail(csv, &err);
        int64_t begin = now_ns();
        n_restaged = 0;
        if (lake_ingest(lake, &options, &result, &err) != LAKE_OK)
            return fail("ingest", &err);
        printf("%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n", k, now_ns() - begin, n_restaged, result.snapshot);
    }
    lake_close(lake);
    return 0;
}

/* ---- reading ---- */

/* What the scans have shown so far, and what the commits that they showed must have written. */
struct view {
    int64_t seen[N_LANES];             /* the last commit of each lane */
    int64_t expected[N_LANES][N_DAYS]; /* its commit that wrote a day last; 0: none */
    int64_t close[N_LANES][N_DAYS];    /* of this scan */
    int64_t rows[N_LANES][N_DAYS];
    int64_t n_scans, n_rows;
};

/* 1: one lane has rows of two commits on one day. */
static int note_rows(struct view *view, const struct ArrowArray *batch)
{
    const int64_t *ts = batch->children[0]->buffers[1];
    const double *close = batch->children[1]->buffers[1];
    for (int64_t i = 0; i < batch->length; i++) {
        int64_t minute = (ts[i + batch->children[0]->offset] - FIRST_MS) / MINUTE_MS;
        int64_t lane = minute % 1440 % N_LANES, day = minute / 1440;
        int64_t commit = (int64_t)close[i + batch->children[1]->offset];
        if (view->rows[lane][day]++ > 0 && view->close[lane][day] != commit)
            return 1;
        view->close[lane][day] = commit;
    }
    view->n_rows += batch->length;
    return 0;
}

static int scan_once(struct lake *lake, struct view *view, struct lake_error *err)
{
    static const char *const columns[] = {"close"};
    struct lake_scan_options options = {.size = sizeof options, .dataset = DATASET, .columns = columns, .n_columns = 1};
    struct lake_scan *scan = NULL;
    struct ArrowArray batch = {0};
    int torn = 0;
    memset(view->close, 0, sizeof view->close);
    memset(view->rows, 0, sizeof view->rows);
    lake_status status = lake_scan_open(lake, &options, &scan, err);
    if (status == LAKE_NOT_FOUND)
        return 0; /* nobody has committed yet */
    while (status == LAKE_OK && !torn) {
        status = lake_scan_next(scan, &batch, err);
        if (status != LAKE_OK || batch.release == NULL)
            break;
        torn = note_rows(view, &batch);
        batch.release(&batch);
    }
    lake_scan_close(scan);
    view->n_scans++;
    if (torn)
        fprintf(stderr, "commits: a day has rows of two commits of one lane\n");
    return torn || (status != LAKE_OK && fail("scan", err));
}

/* Whether the lane is exactly as it was after the last commit of it that shows. */
static int check_lane(struct view *view, int lane)
{
    int64_t last = 0;
    for (int day = 0; day < N_DAYS; day++)
        last = view->close[lane][day] > last ? view->close[lane][day] : last;
    if (last < view->seen[lane]) {
        fprintf(stderr, "commits: lane %d went back from commit %" PRId64 " to %" PRId64 "\n", lane, view->seen[lane],
                last);
        return 1;
    }
    for (int64_t k = view->seen[lane] + 1; k <= last; k++)
        for (int i = 0; i < 2; i++)
            view->expected[lane][first_day(lane, k) + i] = k;
    view->seen[lane] = last;
    for (int day = 0; day < N_DAYS; day++) {
        int64_t wanted = view->expected[lane][day];
        if (view->close[lane][day] == wanted && view->rows[lane][day] == (wanted == 0 ? 0 : DAY_ROWS))
            continue;
        fprintf(stderr,
                "commits: lane %d is at commit %" PRId64 ", but its day %d has %" PRId64 " rows of commit %" PRId64
                " instead of %" PRId64 "\n",
                lane, last, day, view->rows[lane][day], view->close[lane][day], wanted);
        return 1;
    }
    return 0;
}

static int look(struct lake *lake, struct view *view, struct lake_error *err)
{
    if (scan_once(lake, view, err) != 0)
        return 1;
    for (int lane = 0; lane < N_LANES; lane++)
        if (check_lane(view, lane) != 0)
            return 1;
    return 0;
}

/* Waits a little between scans: readers that never rest would leave the writers no processor. */
static bool input_has_ended(void)
{
    struct pollfd input = {.fd = 0, .events = POLLIN};
    return poll(&input, 1, SCAN_PAUSE_MS) > 0;
}

static int read_commits(const char *root, int64_t wanted)
{
    static struct view view;
    struct lake *lake = NULL;
    struct lake_error err = {LAKE_OK, ""};
    if (open_lake(root, false, &lake, &err) != LAKE_OK)
        return fail("open", &err);
    do {
        if (look(lake, &view, &err) != 0)
            return 1;
    } while (wanted == 0 && !input_has_ended());
    for (int lane = 0; lane < N_LANES && wanted > 0; lane++)
        if (view.seen[lane] != wanted) {
            fprintf(stderr, "commits: lane %d has come to commit %" PRId64 "\n", lane, view.seen[lane]);
            return 1;
        }
    printf("%" PRId64 " %" PRId64 "\n", view.n_scans, view.n_rows);
    lake_close(lake);
    return 0;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 6 && strcmp(argv[1], "write") == 0)
        return write_commits(argv[2], atoi(argv[3]), atoll(argv[4]), argv[5]);
    if (argc == 3 && strcmp(argv[1], "read") == 0)
        return read_commits(argv[2], 0);
    if (argc == 4 && strcmp(argv[1], "check") == 0)
        return read_commits(argv[2], atoll(argv[3]));
    fputs("usage: commits write ROOT LANE N CSV | read ROOT | check ROOT N\n", stderr);
    return 2;
}
