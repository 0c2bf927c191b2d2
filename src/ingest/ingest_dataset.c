#include "ingest/ingest_dataset.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "ingest/csv_reader.h"
#include "ingest/ingest_job.h"
#include "ingest/row_period.h"
#include "lake/scan.h"

void ingest_dataset_release(struct ingest_dataset *dataset)
{
    schema_free(dataset->columns);
    dataset->columns = NULL;
}

/* What is known better now takes the place of what detection said of it. */
static lake_status add_finding(struct job *job, const char *what, const char *value, const char *origin,
                               const char *option, struct lake_error *err)
{
    struct findings *findings = &job->findings;
    struct finding finding = {what, value, origin, option};
    TRY(findings_add(findings, finding, err));
    for (size_t i = 0; i + 1 < findings->n; i++)
        if (strcmp(findings->items[i].what, what) == 0) {
            findings->items[i] = findings->items[--findings->n];
            return LAKE_OK;
        }
    return LAKE_OK;
}

/* ---- exchange, market, symbol ---- */

/* A name that is given counts; one that only names of sources tell must be the same in all that tell it. */
struct name_clue {
    const char *what, *option;
    const char *given, *told; /* canonical, "" where not */
    char *name;               /* of the dataset */
};

static lake_status take_name(struct job *job, const struct reading *reading, const struct name_clue *clue,
                             struct lake_error *err)
{
    if (clue->name[0] == '\0' && clue->given[0] != '\0') {
        (void)snprintf(clue->name, NAME_BYTES, "%s", clue->given);
        return LAKE_OK;
    }
    if (clue->given[0] != '\0' || clue->told[0] == '\0' || strcmp(clue->name, clue->told) == 0)
        return LAKE_OK;
    if (job->dataset.teller != NULL)
        return lake_fail(err, LAKE_INVALID_DATA,
                         "%s: its name tells %s %s, but that of %s %s%s; ingest them one by one, or name it with "
                         "%s",
                         source_place(reading->source), clue->what, clue->told, job->dataset.teller,
                         clue->name[0] == '\0' ? "tells none" : "", clue->name, clue->option);
    (void)snprintf(clue->name, NAME_BYTES, "%s", clue->told);
    return add_finding(job, clue->what, clue->told, "file name", clue->option, err);
}

static lake_status take_names(struct job *job, struct reading *reading, struct lake_error *err)
{
    const struct lake_selection *given = &job->request.options->dataset;
    char exchange[NAME_BYTES] = "", market[NAME_BYTES] = "", symbol[NAME_BYTES] = "";
    struct ingest_dataset *dataset = &job->dataset;
    if (ingest_is_given(given->exchange))
        TRY(name_exchange(given->exchange, exchange, err));
    if (ingest_is_given(given->market))
        TRY(name_market(given->market, market, err));
    if (ingest_is_given(given->symbol))
        TRY(name_symbol(given->symbol, symbol, err));
    const struct name_clue clues[] = {
        {"exchange", "--exchange", exchange, reading->name.exchange, dataset->exchange},
        {"market", "--market", market, reading->name.market, dataset->market},
        {"symbol", "--symbol", symbol, reading->name.symbol, dataset->symbol},
    };
    for (size_t i = 0; i < sizeof clues / sizeof *clues; i++)
        TRY(take_name(job, reading, &clues[i], err));
    return LAKE_OK;
}

static lake_status check_names(const struct job *job, const struct reading *reading, struct lake_error *err)
{
    const struct ingest_dataset *dataset = &job->dataset;
    bool lacks_exchange = dataset->exchange[0] == '\0';
    if (!lacks_exchange && dataset->symbol[0] != '\0')
        return LAKE_OK;
    return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: %s is not told by the file's name; name it with %s",
                     source_place(reading->source), lacks_exchange ? "the exchange" : "the symbol",
                     lacks_exchange ? "--exchange" : "--symbol");
}

/* ---- columns ---- */

lake_status ingest_add_choice(struct job *job, const char *choice, struct lake_error *err)
{
    const char **choices = NULL;
    TRY(arena_new(&job->arena, job->n_choices + 1, sizeof *choices, &choices, err));
    if (job->n_choices > 0)
        memcpy(choices, job->choices, job->n_choices * sizeof *choices);
    TRY(arena_copy_text(&job->arena, choice, strlen(choice), &choices[job->n_choices], err));
    job->choices = choices;
    job->n_choices++;
    return LAKE_OK;
}

/* The columns that the lake has for the dataset, as far as it is known: none is fine. */
static lake_status read_stored(struct job *job, struct lake_error *err)
{
    const struct ingest_dataset *dataset = &job->dataset;
    const struct period *period = job->request.period;
    const struct scan_options options = {
        .query.selection = {dataset->exchange, dataset->market, dataset->symbol,
                            job->request.type == NULL ? NULL : job->request.type->name,
                            period == NULL ? NULL : period->name},
    };
    struct scan *scan = NULL;
    struct schema *columns = NULL;
    lake_status status = scan_open(job->lake, &options, &scan, err);
    if (status == LAKE_NOT_FOUND || status == LAKE_INVALID_ARGUMENT)
        return LAKE_OK;
    if (status != LAKE_OK)
        return status;
    const struct schema *stored = scan_get_schema(scan);
    TRY_OUT(schema_new(stored->fields, stored->n_fields, &columns, err));
    job->dataset.columns = columns;
    job->dataset.n_stored = columns->n_fields;
out:
    scan_close(scan);
    return status;
}

static lake_status unite_columns(struct job *job, const struct schema *schema, struct lake_error *err)
{
    struct schema *known = job->dataset.columns, *united = NULL;
    struct column_field *fields = NULL;
    size_t n = known == NULL ? 0 : known->n_fields;
    TRY(memory_new(n + schema->n_fields, sizeof *fields, &fields, err));
    if (n > 0)
        memcpy(fields, known->fields, n * sizeof *fields);
    for (size_t i = 0; i < schema->n_fields; i++)
        if (known == NULL || schema_find(known, schema->fields[i].name) < 0)
            fields[n++] = schema->fields[i];
    lake_status status = schema_new(fields, n, &united, err);
    memory_free(fields);
    if (status != LAKE_OK)
        return status;
    schema_free(known);
    job->dataset.columns = united;
    return LAKE_OK;
}

/* ---- a member ---- */

lake_status ingest_dataset_name(struct job *job, struct reading *reading, struct lake_error *err)
{
    bool is_first = job->dataset.teller == NULL;
    file_name_read(source_name(reading->source), &reading->name);
    TRY(take_names(job, reading, err));
    TRY(check_names(job, reading, err));
    if (is_first) {
        const char *place = source_place(reading->source);
        TRY(arena_copy_text(&job->arena, place, strlen(place), &job->dataset.teller, err));
        TRY(read_stored(job, err));
    }
    reading->wishes = job->request.wishes;
    reading->wishes.columns.items = job->choices;
    reading->wishes.columns.n_items = job->n_choices;
    reading->wishes.columns.stored = job->dataset.columns;
    reading->wishes.columns.symbol = job->dataset.symbol;
    reading->wishes.has_zone = reading->zone != NULL;
    return LAKE_OK;
}

static lake_status check_type_options(const struct job *job, const struct reading *reading, struct lake_error *err)
{
    const struct data_type *type = reading->rows->type;
    if (type->has_period)
        return LAKE_OK;
    if (job->request.period != NULL && strcmp(job->request.period->name, type->fixed_period) != 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: these are %s, which have no period; leave --period out",
                         reading->rows->place, type->what);
    if (job->request.is_close_stamp)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: these are %s, which have no close; leave --stamp out",
                         reading->rows->place, type->what);
    return LAKE_OK;
}

lake_status ingest_dataset_type(struct job *job, struct reading *reading, struct lake_error *err)
{
    struct ingest_dataset *dataset = &job->dataset;
    const struct data_type *type = reading->rows->type;
    TRY(check_type_options(job, reading, err));
    if (dataset->type != NULL && dataset->type != type)
        return lake_fail(err, LAKE_INVALID_DATA,
                         "%s: these are %s, but %s has %s; ingest them one by one, or name the type with --type",
                         reading->rows->place, type->what, dataset->teller, dataset->type->what);
    dataset->type = type;
    return unite_columns(job, reading->rows->schema, err);
}

/* ---- the first rows ---- */

static void add_evidence(const struct row_runs *runs, struct period_clues *clues)
{
    for (size_t i = 0; i < runs->n_runs; i++) {
        const struct batch *batch = runs->runs[i].batch;
        if (batch->n_rows > 0 && clues->evidence.n_rows == 0)
            clues->first_ms = ((const int64_t *)batch->columns[0].values)[0];
        bar_evidence_add(&clues->evidence, batch_values(batch, 0), batch->n_rows);
    }
}

static const struct period *named_period(const struct reading *reading)
{
    if (reading->layout != NULL && reading->layout->period != NULL)
        return reading->layout->period;
    return reading->name.period;
}

static lake_status add_period_findings(struct job *job, const struct reading *reading, const struct period_told *told,
                                       struct lake_error *err)
{
    char text[96];
    const struct period *named = named_period(reading);
    if (named == NULL || named == told->period || job->request.period != NULL)
        return add_finding(job, "period", told->period->name, told->origin, "--period", err);
    (void)snprintf(text, sizeof text, "%s by the rows, though the name says %s", told->period->name, named->name);
    return add_finding(job, "period", text, "values", "--period", err);
}

static lake_status tell_period(struct job *job, const struct reading *reading, const struct row_runs *runs,
                               struct lake_error *err)
{
    struct ingest_dataset *dataset = &job->dataset;
    bool is_first = dataset->period == NULL;
    struct period_told told = {NULL, NULL};
    struct period_clues clues = {
        .place = reading->rows->place,
        .given = is_first ? job->request.period : dataset->period,
        .giver = job->request.period != NULL ? NULL : dataset->teller,
        .named = named_period(reading),
        .close_length_ms = reading->layout == NULL ? 0 : csv_reader_bar_ms(reading->rows),
    };
    add_evidence(runs, &clues);
    TRY(row_period_tell(&clues, &told, err));
    if (!is_first)
        return LAKE_OK;
    dataset->period = told.period;
    TRY(add_period_findings(job, reading, &told, err));
    row_stage_set_period(&job->stage, told.period, job->request.period != NULL);
    return LAKE_OK;
}

static lake_status begin_write(struct job *job, struct lake_error *err)
{
    struct ingest_dataset *dataset = &job->dataset;
    const struct period *period = dataset->period;
    struct lake_selection names = {dataset->exchange, dataset->market, dataset->symbol, dataset->type->name,
                                   period == NULL ? NULL : period->name};
    TRY(lake_write_begin(job->lake, &names, "ingest", &job->write, err));
    job->stage.is_crypto = row_stage_is_crypto(dataset->exchange);
    return LAKE_OK;
}

lake_status ingest_dataset_rows(struct job *job, struct reading *reading, const struct row_runs *runs,
                                struct lake_error *err)
{
    if (job->dataset.type->has_period)
        TRY(tell_period(job, reading, runs, err));
    reading->is_told = true;
    return job->write == NULL ? begin_write(job, err) : LAKE_OK;
}
