/* What an ingest leaves in the manifest beside rows: where each row stood in its source, what the source lacks, and what is odd about it. */
#include "ingest_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "manifest/absence.h"
#include "manifest/knowledge.h"
#include "unit/base/check.h"

enum { MOST_ROWS = 4000, LINE_BYTES = 64, MOST_RUNS = 4096, DAY_ROWS = 96 };

#define QUARTER_MS (15 * MS_PER_MINUTE)

static const struct ingest_tuning small = {.save_from_bytes = 1, .save_every_bytes = 8 << 10, .block_bytes = 2 << 10};
static const struct ingest_tuning large = {.save_from_bytes = INT64_MAX, .save_every_bytes = INT64_MAX};

/* ---- a source and what stands in it ---- */

enum order { ORDER_UP, ORDER_DOWN, ORDER_STRETCHES, ORDER_SHUFFLED };

struct made_row {
    int64_t ts, line;
    bool is_kept;
};

struct made {
    const char *path;
    struct made_row rows[MOST_ROWS];
    int64_t n_rows;
};

/* The quarter that row i is of, of n. */
static int64_t quarter_of(enum order order, int64_t i, int64_t n)
{
    switch (order) {
    case ORDER_UP: return i;
    case ORDER_DOWN: return n - 1 - i;
    case ORDER_STRETCHES: return i % 10 * 10 + i / 10 % 10 + i / 100 * 100; /* ten rows of each ten quarters apart */
    case ORDER_SHUFFLED: break;
    }
    return i * 1009 % n;
}

struct spoil {
    int64_t blank_every, reject_every; /* 0: none */
    bool has_no_end;                   /* of the last line */
};

static const struct spoil not_at_all = {0, 0, false};
static const struct spoil all_ways = {37, 53, true};

static void make_source(struct made *made, enum order order, int64_t n, const struct spoil *spoil)
{
    static char text[MOST_ROWS * LINE_BYTES];
    size_t at = (size_t)snprintf(text, LINE_BYTES, BAR_HEADER);
    int64_t line = 2;
    assert_in_range(n, 1, MOST_ROWS);
    made->n_rows = n;
    for (int64_t i = 0; i < n; i++) {
        bool is_blank = spoil->blank_every > 0 && i % spoil->blank_every == 5;
        bool is_kept = spoil->reject_every == 0 || i % spoil->reject_every != 7;
        made->rows[i] = (struct made_row){DAY_2024 + quarter_of(order, i, n) * QUARTER_MS, line + is_blank, is_kept};
        at += (size_t)snprintf(text + at, LINE_BYTES, "%s%lld,2,%s,1,2,%lld\n", is_blank ? "\n" : "",
                               (long long)made->rows[i].ts,
                               is_kept      ? "3"
                               : i % 2 == 0 ? "x"
                                            : "0.5",
                               (long long)i);
        line += 1 + is_blank;
    }
    text[at - spoil->has_no_end] = '\0';
    made->path = write_source("a.csv", text);
}

static struct lake_ingest_result run(const struct made *made, const struct ingest_tuning *tuning)
{
    struct lake_error err = {0};
    char rejects[SOURCE_PATH_BYTES];
    struct lake_ingest_options options = options_of(&made->path, 1);
    struct lake_ingest_result result = {.size = sizeof result};
    (void)snprintf(rejects, sizeof rejects, "%s/rejects.csv", fixture->root);
    options.dataset.period = "15m";
    options.checks = LAKE_CHECK_REJECT;
    options.rejects_path = rejects;
    lake_ok(ingest_run(fixture->lake, &options, tuning, &result, &err));
    return result;
}

/* ---- what the manifest knows ---- */

static struct arena arena = ARENA_INIT(64 << 20);

static int64_t dataset_id(void)
{
    struct lake_error err;
    struct manifest_dataset *found = NULL;
    size_t n = 0;
    struct manifest_filter filter = {.exchange = NULL};
    lake_ok(manifest_find_datasets(fixture->lake->manifest, &filter, &arena, &found, &n, &err));
    assert_int_equal(n, 1);
    return found[0].id;
}

static size_t origins_at(int64_t ts_ms, struct manifest_origin **out)
{
    struct lake_error err;
    size_t n = 0;
    lake_ok(manifest_find_origins(fixture->lake->manifest, dataset_id(), ts_ms, &arena, out, &n, &err));
    return n;
}

static size_t absences(struct manifest_absence **out)
{
    struct lake_error err;
    size_t n = 0;
    lake_ok(manifest_find_absences(fixture->lake->manifest, dataset_id(), 0, INT64_MAX, &arena, out, &n, &err));
    return n;
}

static const struct manifest_finding *finding_about(const char *rule)
{
    struct lake_error err;
    struct manifest_finding *found = NULL;
    size_t n = 0;
    lake_ok(manifest_find_findings(fixture->lake->manifest, dataset_id(), &arena, &found, &n, &err));
    for (size_t i = 0; i < n; i++)
        if (strcmp(found[i].rule, rule) == 0)
            return &found[i];
    return NULL;
}

/* ---- origins ---- */

static const struct made_row *row_on_line(const struct made *made, int64_t line)
{
    for (int64_t i = 0; i < made->n_rows; i++)
        if (made->rows[i].line == line)
            return &made->rows[i];
    return NULL;
}

struct seen {
    int64_t lines[MOST_RUNS][2];
    size_t n;
    int64_t n_rows;
};

static void see(struct seen *seen, const struct made *made, const struct manifest_origin *origin)
{
    for (size_t i = 0; i < seen->n; i++)
        if (seen->lines[i][0] == origin->line_from && seen->lines[i][1] == origin->line_to)
            return;
    assert_in_range(seen->n, 0, MOST_RUNS - 1);
    seen->lines[seen->n][0] = origin->line_from;
    seen->lines[seen->n++][1] = origin->line_to;
    seen->n_rows += origin->n_rows;
    const struct made_row *ends[] = {row_on_line(made, origin->line_from), row_on_line(made, origin->line_to)};
    for (size_t i = 0; i < 2; i++) {
        assert_non_null(ends[i]);
        assert_true(ends[i]->is_kept);
        assert_int_equal(calendar_day_of_ms(ends[i]->ts), origin->day);
    }
}

/* Each row that was kept lies in a run of its day, and the runs count no other rows. Returns how many runs there are. */
static size_t assert_origins_are_true(const struct made *made)
{
    static struct seen seen;
    int64_t n_kept = 0;
    seen.n = 0;
    seen.n_rows = 0;
    for (int64_t i = 0; i < made->n_rows; i++) {
        const struct made_row *row = &made->rows[i];
        struct manifest_origin *origins = NULL;
        size_t n = row->is_kept ? origins_at(row->ts, &origins) : 0;
        bool is_found = !row->is_kept;
        n_kept += row->is_kept;
        assert_in_range(n, 0, WRITE_DAY_RUNS);
        for (size_t k = 0; k < n; k++) {
            see(&seen, made, &origins[k]);
            is_found = is_found || (row->line >= origins[k].line_from && row->line <= origins[k].line_to);
        }
        assert_true(is_found);
        arena_reset(&arena);
    }
    assert_int_equal(seen.n_rows, n_kept);
    return seen.n;
}

static void test_rows_are_traced_to_their_lines(void **state)
{
    static struct made made;
    static const struct spoil *const spoils[] = {&not_at_all, &all_ways};
    (void)state;
    for (int order = ORDER_UP; order <= ORDER_SHUFFLED; order++)
        for (int i = 0; i < 4; i++) {
            ingest_tear_down(NULL);
            ingest_set_up(NULL);
            make_source(&made, (enum order)order, 2000, spoils[i % 2]);
            struct lake_ingest_result result = run(&made, i < 2 ? &large : &small);
            size_t n = assert_origins_are_true(&made);
            if (order <= ORDER_DOWN)
                assert_int_equal(n, result.days_changed);
            else
                assert_true(n > (size_t)result.days_changed && n <= (size_t)result.days_changed * WRITE_DAY_RUNS);
        }
}

/* A run of one line a row tells each row's line by itself. */
static void test_a_run_tells_which_way_its_rows_go(void **state)
{
    static struct made made;
    struct manifest_origin *origin = NULL;
    (void)state;
    make_source(&made, ORDER_DOWN, 2 * DAY_ROWS, &not_at_all);
    (void)run(&made, &large);
    assert_int_equal(origins_at(DAY_2024, &origin), 1);
    assert_true(origin->is_descending);
    assert_int_equal(origin->n_rows, DAY_ROWS);
    assert_int_equal(origin->key_from_ms, DAY_2024);
    assert_int_equal(origin->key_to_ms, DAY_2024 + (DAY_ROWS - 1) * QUARTER_MS);
    assert_int_equal(origin->line_from, DAY_ROWS + 2);
    assert_int_equal(origin->line_to, 2 * DAY_ROWS + 1);
    assert_int_equal(origin->source_position, 1);
    assert_string_equal(origin->member, "");
}

/* Two runs through a day, wherever blocks are cut: no row's line can be told from its time. */
static void test_a_run_of_both_ways_says_so(void **state)
{
    static char text[MOST_ROWS * LINE_BYTES];
    size_t at = (size_t)snprintf(text, LINE_BYTES, BAR_HEADER);
    (void)state;
    for (int64_t i = 0; i < DAY_ROWS; i++) { /* 0 1 4 5 …, then 2 3 6 7 … */
        int64_t k = i % (DAY_ROWS / 2), quarter = k / 2 * 4 + k % 2 + i / (DAY_ROWS / 2) * 2;
        at += (size_t)snprintf(text + at, LINE_BYTES, "%lld,2,3,1,2,1\n", (long long)(DAY_2024 + quarter * QUARTER_MS));
    }
    for (size_t block = 300; block < 1500; block += 12) {
        struct ingest_tuning tuning = large;
        struct manifest_origin *origin = NULL;
        static struct made made;
        ingest_tear_down(NULL);
        ingest_set_up(NULL);
        made.path = write_source("a.csv", text);
        tuning.block_bytes = block;
        (void)run(&made, &tuning);
        assert_int_equal(origins_at(DAY_2024, &origin), 1);
        assert_int_equal(origin->n_rows, DAY_ROWS);
        assert_true(origin->is_mixed);
        assert_false(origin->is_descending);
    }
}

/* Quarters [first, first + n) in a file of their own. */
static const char *quarters(const char *name, int64_t first, int64_t n, double close)
{
    static char text[MOST_ROWS * LINE_BYTES];
    size_t at = (size_t)snprintf(text, LINE_BYTES, BAR_HEADER);
    for (int64_t i = first; i < first + n; i++)
        at +=
            (size_t)snprintf(text + at, LINE_BYTES, "%lld,2,3,1,%g,1\n", (long long)(DAY_2024 + i * QUARTER_MS), close);
    return write_source(name, text);
}

static struct lake_ingest_result run_files(const char *const *sources, size_t n)
{
    struct lake_error err = {0};
    struct lake_ingest_result result;
    struct lake_ingest_options options = options_of(sources, n);
    options.dataset.period = "15m";
    lake_ok(ingest(&options, &result, &err));
    return result;
}

static void test_only_days_that_changed_get_an_origin(void **state)
{
    struct manifest_origin *origin = NULL;
    (void)state;
    const char *first[] = {quarters("a.csv", 0, 3 * DAY_ROWS, 2)};
    const char *others[] = {quarters("b.csv", 0, DAY_ROWS, 2), quarters("c.csv", DAY_ROWS, DAY_ROWS, 2.5)};
    (void)run_files(first, 1);
    assert_int_equal(run_files(others, 2).days_changed, 1);
    assert_int_equal(origins_at(DAY_2024, &origin), 1);
    assert_int_equal(origins_at(DAY_2024 + MS_PER_DAY, &origin), 2);
    assert_int_equal(origin[0].source_position, 2); /* the latest operation first */
    assert_true(origin[0].operation_id > origin[1].operation_id);
    assert_int_equal(origin[0].line_from, 2);
    assert_int_equal(origin[1].line_from, DAY_ROWS + 2);
    assert_int_equal(run_files(first, 1).snapshot, 3);
    assert_int_equal(run_files(first, 1).snapshot, 0);
}

/* ---- absences ---- */

static void test_a_source_covers_what_lies_between_its_bars(void **state)
{
    struct manifest_absence *absence = NULL;
    (void)state;
    const char *sources[] = {quarters("jan.csv", 0, 4, 2),
                             write_source("mar.csv",
                                          BAR_HEADER "2024-03-01 00:00,2,3,1,2,1\n2024-03-01 00:15,2,3,1,2,1\n"
                                                     "2024-03-01 01:00,2,3,1,2,1\n")};
    (void)run_files(sources, 2);
    assert_int_equal(absences(&absence), 1);
    assert_int_equal(absence->reason, REASON_SOURCE_EMPTY);
    assert_int_equal(absence->start_ms, DAY_2024 + 60 * MS_PER_DAY);
    assert_int_equal(absence->end_ms, DAY_2024 + 60 * MS_PER_DAY + 5 * QUARTER_MS);
    assert_true(absence->asked_ms > DAY_2024);
    assert_non_null(strstr(absence->answer, "/mar.csv has none"));
}

static void test_months_are_counted_by_the_calendar(void **state)
{
    struct manifest_absence *absence = NULL;
    struct lake_error err = {0};
    struct lake_ingest_result result;
    (void)state;
    const char *sources[] = {
        write_source("a.csv", BAR_HEADER "2024-01-01,2,3,1,2,1\n2024-02-01,2,3,1,2,1\n2024-03-01,2,3,1,2,1\n"),
        write_source("b.csv", BAR_HEADER "2023-10-01,2,3,1,2,1\n2023-12-01,2,3,1,2,1\n")};
    struct lake_ingest_options options = options_of(sources, 2);
    options.dataset.period = "1mo";
    lake_ok(ingest(&options, &result, &err));
    assert_int_equal(absences(&absence), 1);
    assert_int_equal(absence->start_ms, DAY_2024 - 92 * MS_PER_DAY);
    assert_int_equal(absence->end_ms, DAY_2024);
}

static void test_rows_put_aside_are_known_to_be_missing(void **state)
{
    struct manifest_absence *absence = NULL;
    struct lake_error err = {0};
    struct lake_ingest_result result;
    char rejects[SOURCE_PATH_BYTES];
    (void)state;
    (void)snprintf(rejects, sizeof rejects, "%s/rejects.csv", fixture->root);
    const char *sources[] = {write_source("a.csv",
                                          BAR_HEADER "2024-01-01 00:00,2,3,1,2,1\n2024-01-01 00:15,2,1,3,2,1\n"
                                                     "2024-01-01 00:20,2,3,1,2,1\n2024-01-01 00:30,2,3,1,2,1\n")};
    struct lake_ingest_options options = options_of(sources, 1);
    options.dataset.period = "15m";
    options.checks = LAKE_CHECK_REJECT;
    options.rejects_path = rejects;
    lake_ok(ingest(&options, &result, &err));
    assert_int_equal(result.rows_rejected, 2);
    assert_int_equal(absences(&absence), 3);
    assert_int_equal(absence[1].reason, REASON_CORRUPT_SOURCE);
    assert_int_equal(absence[1].start_ms, DAY_2024 + QUARTER_MS);
    assert_int_equal(absence[1].end_ms, DAY_2024 + 2 * QUARTER_MS);
    assert_non_null(strstr(absence[1].answer, "/a.csv:3: high-below-low"));
    assert_int_equal(absence[0].reason, REASON_SOURCE_EMPTY);
    assert_int_equal(absence[2].end_ms, DAY_2024 + 3 * QUARTER_MS);
    const struct manifest_finding *finding = finding_about("high-below-low");
    assert_non_null(finding);
    assert_int_equal(finding->n_rows, 1);
    assert_int_equal(finding->first_ms, DAY_2024 + QUARTER_MS);
    assert_string_equal(finding->detail, "put aside");
    assert_int_equal(finding_about("off-grid")->last_ms, DAY_2024 + 20 * MS_PER_MINUTE);
}

static void test_a_bar_still_open_is_known_to_be_so(void **state)
{
    struct manifest_absence *absence = NULL;
    char text[256];
    (void)state;
    struct io io = fixture->lake->io;
    int64_t year_ms = DAY_2024 + 730 * MS_PER_DAY, now_ms = io.ops->now_ms(io.context);
    int64_t open_ms = now_ms - (now_ms - year_ms) % QUARTER_MS;
    (void)snprintf(text, sizeof text, BAR_HEADER "%lld,2,3,1,2,1\n%lld,2,3,1,2,1\n", (long long)(open_ms - QUARTER_MS),
                   (long long)open_ms);
    const char *sources[] = {write_source("a.csv", text)};
    struct lake_ingest_result result = run_files(sources, 1);
    if (result.rows_read == 2)
        return; /* the bar ended meanwhile */
    assert_int_equal(absences(&absence), 1);
    assert_int_equal(absence->reason, REASON_STILL_OPEN);
    assert_int_equal(absence->start_ms, open_ms);
    assert_int_equal(absence->end_ms, open_ms + QUARTER_MS);
    assert_int_equal(finding_about("still-open")->n_rows, 1);
}

/* ---- findings ---- */

static void test_repeats_and_steps_back_are_told(void **state)
{
    (void)state;
    const char *sources[] = {write_source("a.csv", BAR_HEADER "2024-01-01 00:00,2,3,1,2,1\n2024-01-01 00:15,2,3,1,2,1\n"
                                                              "2024-01-01 00:30,2,3,1,2,1\n2024-01-01 00:15,2,3,1,2,2\n"
                                                              "2024-01-01 00:30,2,3,1,2,2\n2024-01-01 00:30,2,3,1,2,3\n"
                                                              "2024-01-01 00:45,2,3,1,2,1\n")};
    struct lake_ingest_result result = run_files(sources, 1);
    assert_int_equal(result.rows_new, 4);
    assert_int_equal(n_warned(&result, "repeated"), 3);
    assert_int_equal(n_warned(&result, "backward"), 1);
    const struct manifest_finding *finding = finding_about("repeated");
    assert_non_null(finding);
    assert_int_equal(finding->n_rows, 3);
    assert_non_null(strstr(finding->place, "/a.csv:7"));
    assert_int_equal(finding->first_ms, DAY_2024 + 2 * QUARTER_MS);
    finding = finding_about("backward");
    assert_non_null(finding);
    assert_int_equal(finding->n_rows, 1);
    assert_non_null(strstr(finding->place, "/a.csv:5"));
    assert_int_equal(finding->first_ms, DAY_2024 + QUARTER_MS);
    assert_int_equal(finding->last_ms, DAY_2024 + QUARTER_MS);
}

static void test_a_clean_source_is_not_accused(void **state)
{
    static struct made made;
    struct manifest_absence *absence = NULL;
    (void)state;
    make_source(&made, ORDER_DOWN, 2000, &not_at_all);
    struct lake_ingest_result result = run(&made, &large);
    assert_int_equal(result.n_checks, 0);
    assert_null(finding_about("backward"));
    assert_null(finding_about("repeated"));
    assert_int_equal(absences(&absence), 0);
}

/* ---- safe points ---- */

static int stop_at(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    int64_t *reports = context;
    (void)n_rows, (void)n_bytes, (void)n_bytes_total;
    return --*reports == 0;
}

/* The holes of all days. */
static void add_holes(struct buffer *text)
{
    struct lake_error err;
    struct manifest_content *content = NULL;
    size_t n = 0;
    lake_ok(manifest_find_contents(fixture->lake->manifest, dataset_id(), 0, INT32_MAX, &arena, &content, &n, &err));
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) {
        lake_ok(buffer_printf(text, &err, "%lld:", (long long)content[i].day));
        assert_non_null(content[i].holes);
        for (size_t k = 0; k < content[i].n_holes_bytes; k++)
            lake_ok(buffer_printf(text, &err, " %d", content[i].holes[k]));
    }
}

/* Everything that is noted, and the holes, as text without operations and times of day. */
static char *knowledge_text(const struct made *made)
{
    struct buffer text = BUFFER_INIT(16 << 20);
    struct manifest_absence *absence = NULL;
    struct manifest_finding *finding = NULL;
    struct lake_error err;
    const char *string = NULL;
    size_t n = 0;
    for (int64_t i = 0; i < made->n_rows; i++) {
        struct manifest_origin *origins = NULL;
        n = origins_at(made->rows[i].ts, &origins);
        for (size_t k = 0; k < n; k++)
            lake_ok(buffer_printf(&text, &err, "%lld %lld %lld %lld %lld %d\n", (long long)origins[k].n_rows,
                                  (long long)origins[k].key_from_ms, (long long)origins[k].key_to_ms,
                                  (long long)origins[k].line_from, (long long)origins[k].line_to,
                                  origins[k].is_descending));
    }
    add_holes(&text);
    n = absences(&absence);
    for (size_t i = 0; i < n; i++)
        lake_ok(buffer_printf(&text, &err, "%d %lld %lld %s\n", (int)absence[i].reason, (long long)absence[i].start_ms,
                              (long long)absence[i].end_ms, strrchr(absence[i].answer, '/')));
    lake_ok(manifest_find_findings(fixture->lake->manifest, dataset_id(), &arena, &finding, &n, &err));
    for (size_t i = 0; i < n; i++)
        lake_ok(buffer_printf(&text, &err, "%s %lld %lld %lld %s\n", finding[i].rule, (long long)finding[i].n_rows,
                              (long long)finding[i].first_ms, (long long)finding[i].last_ms,
                              strrchr(finding[i].place, '/')));
    lake_ok(buffer_string(&text, &string, &err));
    char *copy = strdup(string);
    assert_non_null(copy);
    buffer_release(&text);
    arena_reset(&arena);
    return copy;
}

/* Interrupted after a report and gone on with. False: there are not so many. */
static bool run_interrupted(const struct made *made, int64_t report)
{
    struct lake_error err = {0};
    struct lake_ingest_options options = options_of(&made->path, 1);
    struct lake_ingest_result result = {.size = sizeof result};
    char rejects[SOURCE_PATH_BYTES];
    (void)snprintf(rejects, sizeof rejects, "%s/rejects.csv", fixture->root);
    options.dataset.period = "15m";
    options.checks = LAKE_CHECK_REJECT;
    options.rejects_path = rejects;
    options.progress = (struct lake_progress){stop_at, &report};
    if (ingest_run(fixture->lake, &options, &small, &result, &err) == LAKE_OK)
        return false;
    assert_int_equal(err.status, LAKE_CANCELLED);
    if (!result.can_resume) {
        (void)run(made, &small);
        return true;
    }
    fixture_reopen(fixture);
    result = run(made, &small);
    assert_true(result.rows_resumed > 0);
    return true;
}

static void test_notes_outlive_safe_points(void **state)
{
    static struct made made;
    (void)state;
    for (int order = ORDER_UP; order <= ORDER_SHUFFLED; order++) {
        char *wanted = NULL;
        for (int64_t report = 0; report < 40; report += 6) {
            ingest_tear_down(NULL);
            ingest_set_up(NULL);
            make_source(&made, (enum order)order, 2000, &all_ways);
            if (report == 0)
                (void)run(&made, &small);
            else if (!run_interrupted(&made, report))
                break;
            char *found = knowledge_text(&made);
            wanted = wanted == NULL ? strdup(found) : wanted;
            assert_non_null(wanted);
            assert_string_equal(found, wanted);
            free(found);
        }
        free(wanted);
    }
}

/* ---- real sources ---- */

static const char *shared; /* where they are, but for LAKE_SHARED */

static bool ingest_shared(const char *name, struct lake_ingest_result *result)
{
    char path[512];
    struct lake_error err = {0};
    const char *given = getenv("LAKE_SHARED");
    const char *const sources[] = {path};
    (void)snprintf(path, sizeof path, "%s/data/csv/%s", given == NULL ? shared : given, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        print_message("%s is not there\n", path);
        return false;
    }
    assert_int_equal(fclose(file), 0);
    struct lake_ingest_options options = options_of(sources, 1);
    lake_ok(ingest(&options, result, &err));
    return true;
}

static void test_overlaps_of_real_sources_are_told(void **state)
{
    struct lake_ingest_result result;
    struct manifest_origin *origin = NULL;
    (void)state;
    if (!ingest_shared("metatrader_EURUSD_M5.csv", &result))
        skip();
    assert_int_equal(n_warned(&result, "repeated"), 198);
    assert_int_equal(n_warned(&result, "backward"), 13);
    assert_non_null(strstr(finding_about("backward")->place, "metatrader_EURUSD_M5.csv:33423"));
    assert_int_equal(finding_about("repeated")->n_rows, 198);
    ingest_tear_down(NULL);
    ingest_set_up(NULL);
    assert_true(ingest_shared("cdd_Binance_BTCUSDT_1h.csv", &result));
    assert_int_equal(n_warned(&result, "repeated"), 2649);
    assert_int_equal(n_warned(&result, "backward"), 0);
    assert_int_equal(origins_at(INT64_C(1502942400000), &origin), 1);
    assert_int_equal(origin->line_to, 36063);
    assert_true(origin->is_descending);
}

static void test_members_of_archives_are_named(void **state)
{
    struct lake_ingest_result result;
    struct manifest_origin *origin = NULL;
    (void)state;
    if (!ingest_shared("lean_bybit_btcusdt_20221213_trade.zip", &result))
        skip();
    assert_int_equal(origins_at(result.first_ms, &origin), 1);
    assert_string_equal(origin->member, "20221213_btcusdt_minute_trade.csv");
    assert_int_equal(origin->n_rows, result.rows_read);
    assert_int_equal(origin->line_from, 1);
    assert_int_equal(origin->line_to, result.rows_read);
}

int main(int argc, char **argv)
{
    shared = argc > 1 ? argv[1] : ".";
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_are_traced_to_their_lines, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_a_run_tells_which_way_its_rows_go, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_a_run_of_both_ways_says_so, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_only_days_that_changed_get_an_origin, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_a_source_covers_what_lies_between_its_bars, ingest_set_up,
                                        ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_months_are_counted_by_the_calendar, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_rows_put_aside_are_known_to_be_missing, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_a_bar_still_open_is_known_to_be_so, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_repeats_and_steps_back_are_told, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_a_clean_source_is_not_accused, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_notes_outlive_safe_points, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_overlaps_of_real_sources_are_told, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_members_of_archives_are_named, ingest_set_up, ingest_tear_down),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
