/* What a check finds, dataset by dataset and rule by rule, until it is written as rows.
 *
 * All findings are counted; of each rule and dataset only so many are kept to be shown, and all of them together only in
 * bounded memory, however much is wrong (I10). So a text is made only where it will be shown:
 *
 *     check_report_begin(&report, &dataset);
 *     if (check_report_count(&report, CHECK_SPIKE)) {
 *         …  the detail
 *         TRY(check_report_show(&report, CHECK_SPIKE, &(struct check_found){ts_ms, 1, bar, detail}, err));
 *     }
 *     TRY(check_report_end(&report, err));                        // the dataset's rows
 *     TRY(table_stream(report.rows, out, err));
 *     out: check_report_release(&report); */
#ifndef OPS_CHECK_REPORT_H
#define OPS_CHECK_REPORT_H

#include "base/arena.h"
#include "column/builder.h"
#include "manifest/records.h"
#include "ops/check_rule.h"

enum { CHECK_BAR_VALUES = 5, CHECK_DETAIL_BYTES = 512 };

struct check_found {
    int64_t ts_ms;
    int64_t n_bars;     /* that it is about */
    const double *bar;  /* open, high, low, close, volume; NULL: it is not about one bar */
    const char *detail; /* copied */
};

struct check_shown;

struct check_group { /* the findings of one rule */
    int64_t n_found, n_shown;
    struct check_shown *first, *last; /* in the order in which they came */
};

struct check_report {
    struct batch_builder *rows; /* of all datasets so far */
    const struct manifest_dataset *dataset;
    struct check_group groups[N_CHECK_RULES];
    struct arena arena; /* what is shown of this dataset */
    int64_t most_rows;
    size_t most_bytes; /* of the rows, and of the arena */
    int64_t n_wrong, n_suspect;
};

LAKE_MUST_CHECK lake_status check_report_init(struct check_report *report, int64_t most_rows, size_t most_bytes,
                                              struct lake_error *err);
void check_report_release(struct check_report *report);
/* Borrows the dataset until check_report_end. */
void check_report_begin(struct check_report *report, const struct manifest_dataset *dataset);
/* Counts a finding; whether it shall be shown. */
bool check_report_count(struct check_report *report, enum check_rule rule);
LAKE_MUST_CHECK lake_status check_report_show(struct check_report *report, enum check_rule rule,
                                              const struct check_found *found, struct lake_error *err);
/* Writes what was kept, and one row with how many more there are where not all were. */
LAKE_MUST_CHECK lake_status check_report_end(struct check_report *report, struct lake_error *err);
/* A finding of the dataset that somebody else made, as a row, or one that says how many more there are. Counting is the caller's: those
 * of ingests (check_ingest.h). */
struct check_other {
    const char *rule, *detail; /* NULL: n_bars says how many more there are */
    int64_t ts_ms;             /* 0: not known */
    int64_t n_bars;
};
LAKE_MUST_CHECK lake_status check_report_add_other(struct check_report *report, const struct check_other *other,
                                                   struct lake_error *err);

#endif
