#include "coverage_chart.h"

#include <inttypes.h>
#include <string.h>

#include "options.h"
#include "report.h"
#include "row_cursor.h"
#include "session.h"

enum { MONTHS = 12, NAME_BYTES = 80, NUMBER_BYTES = 32, BLOCKS = 8, NEARLY_ALL = 90 };

static const char *const month_names[MONTHS] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
/* U+2581 to U+2588: an eighth to eight eighths. */
static const char *const blocks[BLOCKS] = {"\xE2\x96\x81", "\xE2\x96\x82", "\xE2\x96\x83", "\xE2\x96\x84",
                                           "\xE2\x96\x85", "\xE2\x96\x86", "\xE2\x96\x87", "\xE2\x96\x88"};

#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define RED "\033[31m"
#define DIM "\033[2m"
#define PLAIN "\033[0m"

struct months {
    int64_t expected, present;
};

/* The line that is being gathered. */
struct line {
    char dataset[DATASET_NAME_BYTES]; /* "": none is begun */
    int64_t year;
    struct months months[MONTHS];
};

/* ---- a line ---- */

/* 100 where all are there, 0 where none is, else between. */
static int share_of(const struct months *months)
{
    if (months->present >= months->expected)
        return 100;
    int share = (int)((double)months->present / (double)months->expected * 100);
    share = share > 99 ? 99 : share;
    return share == 0 && months->present > 0 ? 1 : share;
}

static const char *colour_of(const struct months *months)
{
    int share = months->expected == 0 ? 0 : share_of(months);
    if (months->expected == 0)
        return DIM;
    return share == 100 ? GREEN : share >= NEARLY_ALL ? YELLOW : RED;
}

static void write_share(const struct coverage_chart *chart, const struct months *months)
{
    int share = share_of(months);
    const char *block = share == 0 ? " " : blocks[share == 100 ? BLOCKS - 1 : share * (BLOCKS - 1) / 100];
    output_printf(chart->out, " %s%3d", chart->has_blocks ? block : " ", share);
}

static void write_cell(const struct coverage_chart *chart, const struct months *months)
{
    if (chart->has_colour)
        output_text(chart->out, colour_of(months));
    if (months->expected > 0)
        write_share(chart, months);
    else
        output_text(chart->out, chart->has_blocks ? "    \xC2\xB7" : "    .");
    if (chart->has_colour)
        output_text(chart->out, PLAIN);
}

static void write_line(const struct coverage_chart *chart, const struct line *line)
{
    struct months whole = {0, 0};
    if (line->dataset[0] == '\0')
        return;
    output_printf(chart->out, "%04" PRId64 " ", line->year);
    for (size_t i = 0; i < MONTHS; i++) {
        write_cell(chart, &line->months[i]);
        whole.expected += line->months[i].expected;
        whole.present += line->months[i].present;
    }
    double share = whole.expected == 0 ? 0 : (double)whole.present / (double)whole.expected * 100;
    bool is_rounded_up = whole.present < whole.expected && share > 99.9;
    output_printf(chart->out, "  %5.1f %%\n", is_rounded_up ? 99.9 : share);
}

static void write_head(const struct coverage_chart *chart, const struct line *line, bool is_first)
{
    output_text(chart->out, is_first ? "" : "\n");
    output_shown(chart->out, line->dataset);
    output_text(chart->out, "\n     ");
    for (size_t i = 0; i < MONTHS; i++)
        output_printf(chart->out, "  %s", month_names[i]);
    output_text(chart->out, "\n");
}

/* ---- rows ---- */

/* 0 where it is no number. */
static int64_t number_of(const struct row_cursor *cursor, const char *column)
{
    char text[NUMBER_BYTES];
    int64_t number = 0;
    row_cursor_text(cursor, column, text, sizeof text);
    return parse_digits(text, &number) ? number : 0;
}

static void name_of(const struct row_cursor *cursor, char out[DATASET_NAME_BYTES])
{
    char parts[5][NAME_BYTES];
    static const char *const columns[5] = {"exchange", "market", "symbol", "type", "period"};
    for (size_t i = 0; i < 5; i++)
        row_cursor_text(cursor, columns[i], parts[i], sizeof parts[i]);
    const struct lake_selection dataset = {parts[0], parts[1], parts[2], parts[3], parts[4]};
    (void)dataset_name(&dataset, out);
}

/* "2021-03-01T00:00:00Z": the year, and the month from 0 on; false where it says something else. */
static bool read_month(const struct row_cursor *cursor, int64_t *year, int64_t *month)
{
    enum { YEAR_END = 4, MONTH_END = 7 };
    char text[NUMBER_BYTES];
    row_cursor_text(cursor, "month", text, sizeof text);
    if (strlen(text) < MONTH_END)
        return false;
    text[YEAR_END] = text[MONTH_END] = '\0';
    if (!parse_digits(text, year) || !parse_digits(text + YEAR_END + 1, month) || *month < 1 || *month > MONTHS)
        return false;
    --*month;
    return true;
}

/* Ends the line where another dataset or year begins. */
static void take_row(const struct coverage_chart *chart, const struct row_cursor *cursor, struct line *line)
{
    struct line next = {.year = 0};
    int64_t month = 0;
    if (!read_month(cursor, &next.year, &month))
        return;
    name_of(cursor, next.dataset);
    bool is_first = line->dataset[0] == '\0', is_other = strcmp(line->dataset, next.dataset) != 0;
    if (is_other || line->year != next.year) {
        write_line(chart, line);
        *line = next;
    }
    if (is_other)
        write_head(chart, line, is_first);
    line->months[month] = (struct months){number_of(cursor, "expected"), number_of(cursor, "present")};
}

lake_status coverage_chart_draw(const struct coverage_chart *chart, struct ArrowArrayStream *stream,
                                struct lake_error *err)
{
    struct row_cursor cursor = {.stream = stream};
    struct line line = {.year = 0};
    lake_status status = LAKE_OK;
    TRY_OUT(row_cursor_begin(&cursor, err));
    for (bool has_row = true; has_row;) {
        TRY_OUT(row_cursor_next(&cursor, &has_row, err));
        if (has_row)
            take_row(chart, &cursor, &line);
    }
    write_line(chart, &line);
out:
    row_cursor_release(&cursor);
    return status;
}
