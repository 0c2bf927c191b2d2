#include "ingest/ingest_request.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "column/feature_period.h"
#include "ingest/source.h"
#include "lake/types.h"

/* A word of an option and what it stands for. */
struct word {
    const char *text;
    int64_t value;
};

static const struct word separators[] = {
    {",", ','},    {"comma", ','}, {";", ';'},    {"semicolon", ';'}, {"tab", '\t'}, {"\t", '\t'},
    {"\\t", '\t'}, {"|", '|'},     {"pipe", '|'}, {"space", ' '},     {" ", ' '},    {NULL, 0},
};
static const struct word headers[] = {{"yes", 1}, {"no", -1}, {NULL, 0}};
static const struct word decimals[] = {{"point", '.'}, {".", '.'}, {"comma", ','}, {",", ','}, {NULL, 0}};
static const struct word stamps[] = {{"open", 0}, {"close", 1}, {NULL, 0}};
static const struct word units[] = {
    {"s", NS_PER_SECOND}, {"ms", NS_PER_MS}, {"us", NS_PER_US}, {"ns", 1}, {NULL, 0},
};
static const struct word orders[] = {
    {"ymd", CSV_ORDER_YMD},
    {"dmy", CSV_ORDER_DMY},
    {"mdy", CSV_ORDER_MDY},
    {NULL, 0},
};

static const struct word *find_word(const struct word *words, const char *text)
{
    for (; words->text != NULL; words++)
        if (strcmp(words->text, text) == 0)
            return words;
    return NULL;
}

/* Leaves *out as it is where the option is not given. */
static lake_status read_word(const char *text, const char *option, const char *choices, const struct word *words,
                             int64_t *out, struct lake_error *err)
{
    if (!ingest_is_given(text))
        return LAKE_OK;
    const struct word *word = find_word(words, text);
    if (word == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s '%.40s' is none of %s", option, text, choices);
    *out = word->value;
    return LAKE_OK;
}

static lake_status read_time_format(const char *text, struct csv_wishes *wishes, struct lake_error *err)
{
    if (!ingest_is_given(text))
        return LAKE_OK;
    const struct word *unit = find_word(units, text);
    const struct word *order = find_word(orders, text);
    if (unit == NULL && order == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "time format '%.40s' is none of s ms us ns ymd dmy mdy", text);
    if (unit != NULL)
        wishes->time_unit_ns = unit->value;
    else
        wishes->date_order = (enum csv_time_order)order->value;
    return LAKE_OK;
}

static lake_status read_forms(const struct lake_ingest_options *options, struct csv_wishes *wishes,
                              struct lake_error *err)
{
    int64_t separator = 0, header = 0, decimal = 0;
    TRY(read_word(options->separator, "separator", ", ; tab | space", separators, &separator, err));
    TRY(read_word(options->header, "header", "yes no", headers, &header, err));
    TRY(read_word(options->decimal, "decimal", "point comma", decimals, &decimal, err));
    wishes->separator = (char)separator;
    wishes->header = (int)header;
    wishes->decimal = (char)decimal;
    if (wishes->separator == ',' && wishes->decimal == ',')
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "a comma cannot separate both fields and decimals");
    return read_time_format(options->time_format, wishes, err);
}

/* A version never changes, so nothing is guessed of it. */
static lake_status fail_features(struct lake_error *err)
{
    return lake_fail(err, LAKE_INVALID_ARGUMENT,
                     "features are uploaded by set and version and not ingested (DataLakeClient.upload_features, "
                     "lake_put_features)");
}

static lake_status read_type(struct lake *lake, const struct lake_ingest_options *options, struct ingest_request *out,
                             struct lake_error *err)
{
    const struct lake_selection *dataset = &options->dataset;
    if (ingest_is_given(dataset->period) && feature_period_is(dataset->period))
        return fail_features(err);
    if (ingest_is_given(dataset->period))
        TRY(period_find(dataset->period, &out->period, err));
    if (!ingest_is_given(dataset->type))
        return LAKE_OK;
    TRY(lake_type_find(lake, dataset->type, &out->type, err));
    if (out->type->is_registered)
        return lake_fail(
            err, LAKE_INVALID_ARGUMENT,
            "'%s' is a registered type: what its columns are called in files is not known, so its rows come "
            "from programs (docs/howto/new-data-type.md)",
            out->type->name);
    if (strcmp(out->type->name, "agg") == 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "agg bars are derived from raw ones and not ingested; ingest as raw");
    return out->type->is_versioned ? fail_features(err) : LAKE_OK;
}

static lake_status read_rejects(const struct lake_ingest_options *options, struct ingest_request *out,
                                struct lake_error *err)
{
    if (options->max_rejects < 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "at most %" PRId64 " rejected rows makes no sense",
                         options->max_rejects);
    if (options->max_rejects > 0 && !ingest_is_given(options->rejects_path))
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "rows are rejected only where they have a place to go: --max-rejects needs "
                         "--rejects");
    if (ingest_is_given(options->rejects_path))
        out->rejects_path = options->rejects_path;
    out->max_rejects = options->max_rejects > 0 ? options->max_rejects : LIMIT_INGEST_REJECTS;
    return LAKE_OK;
}

static lake_status check_sources(const struct lake_ingest_options *options, struct lake_error *err)
{
    size_t n_streams = 0;
    if (options->sources == NULL || options->n_sources == 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "no source to ingest; name a file, or - for standard input");
    for (size_t i = 0; i < options->n_sources; i++) {
        if (!ingest_is_given(options->sources[i]))
            return lake_fail(err, LAKE_INVALID_ARGUMENT, "source %zu has no name", i + 1);
        n_streams += strcmp(options->sources[i], SOURCE_STANDARD_INPUT) == 0;
    }
    if (n_streams > 1)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "standard input can be read once, but is named %zu times",
                         n_streams);
    return LAKE_OK;
}

lake_status ingest_request_check(struct lake *lake, const struct lake_ingest_options *options,
                                 struct ingest_request *out, struct lake_error *err)
{
    int64_t is_close = 0;
    *out = (struct ingest_request){.options = options};
    TRY(check_sources(options, err));
    if ((unsigned)options->checks > LAKE_CHECK_REJECT)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "checks are %d, which is no such action", (int)options->checks);
    TRY(read_type(lake, options, out, err));
    TRY(read_word(options->stamp, "stamp", "open close", stamps, &is_close, err));
    out->is_close_stamp = is_close != 0;
    TRY(read_rejects(options, out, err));
    TRY(read_forms(options, &out->wishes, err));
    out->wishes.type = out->type;
    out->wishes.columns.items = options->columns;
    out->wishes.columns.n_items = options->n_columns;
    return columns_check_choices(&out->wishes.columns, err);
}
