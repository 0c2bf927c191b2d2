/* Columns of sources without a header, by the shapes that vendors' files have.
 *
 * A shape is the header that the vendor might have written. It is taken where the sampled values are what it says:
 * high and low are the extremes of their row, counts are whole, what was paid lies within the bar. Where shapes
 * remain that differ none is taken, and they are named.
 * To add a vendor: add a row, and a file of its form to tests/spec/csv/vendors. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ingest/columns_work.h"

enum { MAX_SHAPE_FIELDS = 16 };

struct shape {
    const char *vendor;
    const char *type;
    const char *header;
};

/* Where two shapes read the sampled values the same way the first names it. */
static const struct shape shapes[] = {
    {"Binance", "raw",
     "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"},
    {"Binance", "raw",
     "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume"},
    {"MEXC", "raw", "open_time,open,high,low,close,volume,close_time,quote_volume"},
    {"most vendors", "raw", "time,open,high,low,close,volume"},
    {"most vendors", "raw", "time,open,high,low,close"},
    {"T-Bank", "raw", "uid,time,open,close,high,low,volume"},
    {"Kraken", "raw", "time,open,high,low,close,volume,trades"},
    {"Kraken (REST)", "raw", "time,open,high,low,close,vwap,volume,count"},
    {"Bybit", "raw", "startTime,open,high,low,close,volume,turnover"},
    {"Bitget", "raw", "time,open,high,low,close,volume,quote_volume,usdt_volume"},
    {"OKX", "raw", "ts,open,high,low,close,vol,volCcy,volCcyQuote,confirm"},
    {"Coinbase", "raw", "time,low,high,open,close,volume"},
    {"Bitfinex", "raw", "mts,open,close,high,low,volume"},
    {"KuCoin", "raw", "time,open,close,high,low,volume,turnover"},
    {"Gate.io", "raw", "time,volume,close,high,low,open"},
    {"Gate.io (REST)", "raw", "time,quote_volume,close,high,low,open,volume,window_closed"},
    {"Poloniex", "raw",
     "low,high,open,close,amount,quantity,taker_amount,taker_quantity,count,time,vwap,interval,open_time,close_time"},
    {"MetaTrader", "raw", "date,time,open,high,low,close,volume"},
    {"MetaTrader", "raw", "date,time,open,high,low,close"},
    {"MetaTrader 5", "raw", "date,time,open,high,low,close,tickvol,vol,spread"},
    {"TradeStation", "raw", "date,time,open,high,low,close,volume,open_interest"},
    {"MetaStock", "raw", "symbol,date,open,high,low,close,volume"},
    {"MetaStock", "raw", "symbol,date,time,open,high,low,close,volume"},
    {"MetaStock", "raw", "symbol,per,date,time,open,high,low,close,volume"},
    {"MetaStock", "raw", "symbol,per,date,time,open,high,low,close,volume,open_interest"},
    {"Binance", "trades", "id,price,qty,quote_qty,time,is_buyer_maker"},
    {"Binance COIN-M", "trades", "id,price,qty,base_qty,time,is_buyer_maker"},
    {"Binance", "trades", "id,price,qty,quote_qty,time,is_buyer_maker,is_best_match"},
    {"Binance", "aggtrades", "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker"},
    {"Binance", "aggtrades",
     "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker,is_best_match"},
    {"Kraken", "trades", "time,price,volume"},
    {"Bybit", "trades", "id,time,price,volume,side"},
    {"OKX", "trades", "trade_id,side,size,price,created_time"},
    {"Kraken (REST)", "trades", "price,volume,time,side,order_type,misc"},
    {"Kraken (REST)", "trades", "price,volume,time,side,order_type,misc,trade_id"},
    {"symbol first", "trades", "symbol,time,side,price,size,id"},
    {"funding", "funding", "time,funding_rate"},
    {"Binance", "funding", "calc_time,funding_interval_hours,last_funding_rate"},
};

enum { N_SHAPES = sizeof shapes / sizeof shapes[0] };

struct position_field {
    struct csv_span name;
    struct csv_meaning meaning;
    const struct column_profile *profile;
};

struct position_match {
    const struct columns_work *work;
    const struct data_type *type;
    struct position_field fields[MAX_SHAPE_FIELDS];
    size_t n;
    size_t first; /* field that the shape begins at: behind a saved index */
};

static size_t split(const char *header, struct position_field *fields)
{
    size_t n = 0;
    while (n < MAX_SHAPE_FIELDS) {
        size_t length = strcspn(header, ",");
        fields[n++].name = (struct csv_span){header, length};
        if (header[length] == '\0')
            break;
        header += length + 1;
    }
    return n;
}

static const struct position_field *find(const struct position_match *m, const char *column)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->fields[i].meaning.column != NULL && strcmp(m->fields[i].meaning.column, column) == 0)
            return &m->fields[i];
    return NULL;
}

static bool is_name(const struct position_field *f, const char *name)
{
    return csv_is_same_name(f->name, (struct csv_span){name, strlen(name)});
}

static size_t n_of(const struct position_field *f, enum csv_time_kind kind)
{
    return f->profile->n_kind[kind];
}

/* A bar's time of day can be a count since midnight, where the file's name has the day. */
static bool is_time(const struct position_match *m, const struct position_field *f)
{
    size_t n = f->profile->n_values;
    bool has_date = is_name(&m->fields[0], "date") || is_name(&m->fields[1], "date") || is_name(&m->fields[2], "date");
    if (n == 0)
        return false;
    if (has_date && is_name(f, "date"))
        return m->work->input->n_samples == n && n_of(f, CSV_TIME_DATE) + n_of(f, CSV_TIME_INSTANT) == n;
    if (has_date && is_name(f, "time"))
        return n_of(f, CSV_TIME_CLOCK) == n || column_profile_is_whole(f->profile);
    if (n_of(f, CSV_TIME_NUMBER) + n_of(f, CSV_TIME_INSTANT) + n_of(f, CSV_TIME_DATE) == n)
        return true;
    return m->work->input->may_have_clock && (column_profile_is_whole(f->profile) || n_of(f, CSV_TIME_CLOCK) == n);
}

static bool is_word(const struct position_field *f)
{
    return f->profile->n_values > 0 && f->profile->n_numbers == 0 &&
           n_of(f, CSV_TIME_INSTANT) + n_of(f, CSV_TIME_DATE) == 0;
}

/* Whether the values of the field can be what the shape says, as far as they say it alone. */
static bool is_plausible(const struct position_match *m, const struct position_field *f)
{
    const struct column_profile *p = f->profile;
    const char *column = f->meaning.column != NULL ? f->meaning.column : "";
    if (strcmp(column, "ts") == 0)
        return is_time(m, f);
    if (strcmp(column, NAME_CLOSE_TIME) == 0)
        return p->n_values > 0 && n_of(f, CSV_TIME_NUMBER) == p->n_values;
    if (strcmp(column, NAME_SYMBOL) == 0)
        return is_word(f);
    if (strcmp(column, NAME_SIDE) == 0)
        return p->n_values > 0 && p->n_sides == p->n_values;
    if (strcmp(column, NAME_MAKER) == 0)
        return p->n_values > 0 && p->n_bools == p->n_values;
    if (strcmp(column, "id") == 0 || strcmp(column, "trades") == 0 || strcmp(column, "interval") == 0)
        return column_profile_is_whole(p) && p->n_negative == 0;
    if (column[0] == '\0' || strcmp(column, NAME_PERIOD) == 0)
        return true;
    return p->n_values == 0 ? strcmp(column, "price") != 0 && strcmp(column, "close") != 0
                            : p->n_numbers == p->n_values;
}

/* High and low are the extremes of all rows but one in fifty. */
static bool are_extremes(const struct position_match *m)
{
    const struct position_field *high = find(m, "high"), *low = find(m, "low");
    const struct position_field *open = find(m, "open"), *close = find(m, "close");
    size_t n = 0, n_wrong = 0;
    if (high == NULL || low == NULL || open == NULL || close == NULL)
        return true;
    for (size_t row = 0; row < m->work->input->n_samples; row++) {
        double h = high->profile->numbers[row], l = low->profile->numbers[row];
        double o = open->profile->numbers[row], c = close->profile->numbers[row];
        if (isnan(h) || isnan(l) || isnan(o) || isnan(c))
            continue;
        n++;
        n_wrong += h < l || o > h || c > h || o < l || c < l;
    }
    return n > 0 && 50 * n_wrong <= n;
}

/* How many rows of those that tell have `a / b` in a range. */
static bool is_ratio(const struct position_field *a, const struct position_field *b, const double *low,
                     const double *high, size_t n_rows)
{
    size_t n = 0, n_inside = 0;
    for (size_t row = 0; row < n_rows; row++) {
        double ratio = a->profile->numbers[row] / b->profile->numbers[row];
        if (!(b->profile->numbers[row] > 0) || !isfinite(ratio))
            continue;
        n++;
        n_inside += ratio >= low[row] * 0.998 && ratio <= high[row] * 1.002;
    }
    return n > 0 && 5 * n_inside >= 4 * n;
}

/* A turnover beside a volume is one; what stands there otherwise is another shape's count. Binance's own shape has
 * room for COIN-M's, and OKX' volume may count contracts beside one that does not. */
static bool is_paid_within(const struct position_match *m)
{
    const struct position_field *volume = find(m, "volume"), *other = find(m, NAME_VOLUME);
    const struct position_field *quote = find(m, "quote_volume"), *high = find(m, "high"), *low = find(m, "low");
    size_t n = m->work->input->n_samples;
    if (volume == NULL || quote == NULL || high == NULL || low == NULL || find(m, NAME_CLOSE_TIME) != NULL)
        return true;
    const double *lows = low->profile->numbers, *highs = high->profile->numbers;
    return is_ratio(quote, volume, lows, highs, n) || is_ratio(volume, quote, lows, highs, n) ||
           (other != NULL && is_ratio(quote, other, lows, highs, n));
}

/* price * qty is the quote quantity; of a contract, base quantity * price is a round multiple of them. */
static bool is_trade_paid(const struct position_match *m)
{
    static const double multiples[] = {1, 10, 100};
    const struct position_field *price = find(m, "price"), *quote = NULL, *contracts = NULL, *base = NULL;
    for (size_t i = 0; i < m->n; i++) {
        quote = is_name(&m->fields[i], "quote_qty") ? &m->fields[i] : quote;
        contracts = is_name(&m->fields[i], "qty") ? &m->fields[i] : contracts;
        base = is_name(&m->fields[i], "base_qty") ? &m->fields[i] : base;
    }
    if (quote != NULL)
        return is_ratio(quote, contracts, price->profile->numbers, price->profile->numbers, m->work->input->n_samples);
    for (size_t i = 0; base != NULL && i < sizeof multiples / sizeof multiples[0]; i++) {
        size_t n = 0, n_inside = 0;
        for (size_t row = 0; row < m->work->input->n_samples; row++, n++) {
            double value = base->profile->numbers[row] * price->profile->numbers[row];
            double want = contracts->profile->numbers[row] * multiples[i];
            n_inside += fabs(value - want) <= 0.01 * want;
        }
        if (n > 0 && 5 * n_inside >= 4 * n)
            return true;
    }
    return base == NULL;
}

/* Two columns are funding where the second is a rate. */
static bool is_rate(const struct position_match *m)
{
    const struct position_field *rate = find(m, "rate");
    for (size_t row = 0; rate != NULL && row < m->work->input->n_samples; row++)
        if (!(fabs(rate->profile->numbers[row]) < 0.1))
            return false;
    return true;
}

/* Fields up to the last one that has a value: separators at the end of lines make none. */
static size_t count_used(const struct columns_work *work)
{
    size_t n = work->input->n_fields;
    while (n > 1 && work->fields[n - 1].profile.n_values == 0 && work->fields[n - 1].name.length == 0)
        n--;
    return n;
}

static bool matches(const struct columns_work *work, const struct shape *shape, size_t first, struct position_match *m)
{
    *m = (struct position_match){.work = work, .first = first};
    m->n = split(shape->header, m->fields);
    if (first + m->n != count_used(work) || data_type_find(shape->type, &m->type, NULL) != LAKE_OK ||
        (work->type != NULL && work->type != m->type && !(work->type->has_period && m->type->has_period)))
        return false;
    for (size_t i = 0; i < m->n; i++) {
        m->fields[i].meaning = csv_meaning_of(m->fields[i].name, m->type);
        m->fields[i].profile = &work->fields[first + i].profile;
    }
    for (size_t i = 0; i < m->n; i++)
        if (!is_plausible(m, &m->fields[i]))
            return false;
    return are_extremes(m) && is_paid_within(m) && is_trade_paid(m) && is_rate(m);
}

/* The sum of the jumps from each close to the next open, in order of the file and against it: the smaller. */
static double jumps(const double *open, const double *close, size_t n)
{
    double forward = 0, backward = 0;
    for (size_t row = 1; row < n; row++) {
        double ahead = fabs(open[row] - close[row - 1]), back = fabs(open[row - 1] - close[row]);
        forward += isnan(ahead) ? 0 : ahead;
        backward += isnan(back) ? 0 : back;
    }
    return forward < backward ? forward : backward;
}

/* Whether the rows are in order of time as the first and last one say. */
static bool is_backward(const struct position_match *m)
{
    static const struct csv_time_rules rules = {CSV_ORDER_UNKNOWN, 0, 0, 0, 0};
    struct csv_time first, last;
    size_t n = m->work->input->n_samples;
    for (size_t i = 0; i < m->n; i++) {
        const struct csv_span *samples = m->work->input->samples + m->first + i;
        if (m->fields[i].meaning.column == NULL || strcmp(m->fields[i].meaning.column, "ts") != 0)
            continue;
        if (csv_time_parse(samples[0], &rules, &first) == CSV_TIME_OK &&
            csv_time_parse(samples[(n - 1) * m->work->input->n_fields], &rules, &last) == CSV_TIME_OK &&
            first.ns != last.ns)
            return first.ns > last.ns;
    }
    return false;
}

/* An open is near the close before it. False where the other way round fits far better: then the columns are no
 * vendor's that is known. */
static bool is_continuous(const struct position_match *m)
{
    enum { LEAST_ROWS = 8 };
    const struct position_field *open = find(m, "open"), *close = find(m, "close");
    size_t n = m->work->input->n_samples;
    if (open == NULL || close == NULL || n < LEAST_ROWS)
        return true;
    const double *o = open->profile->numbers, *c = close->profile->numbers;
    double as_named = 0, exchanged = 0;
    bool back = is_backward(m);
    for (size_t row = 1; row < n; row++) {
        size_t before = back ? row : row - 1, after = back ? row - 1 : row;
        double a = fabs(o[after] - c[before]), b = fabs(c[after] - o[before]);
        as_named += isnan(a) ? 0 : a;
        exchanged += isnan(b) ? 0 : b;
    }
    return as_named <= 2 * exchanged;
}

static bool is_same_meaning(const struct position_match *a, const struct position_match *b)
{
    if (a->type != b->type)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        const char *x = a->fields[i].meaning.column, *y = b->fields[i].meaning.column;
        if ((x == NULL) != (y == NULL) || (x != NULL && strcmp(x, y) != 0))
            return false;
    }
    return true;
}

/* Of two shapes that the values allow: a count of trades is whole and so may be what was paid, but not the reverse;
 * and the better continuity tells open from close. 1: a, -1: b, 0: neither. */
static int compare(const struct position_match *a, const struct position_match *b)
{
    bool has_quote_a = find(a, "quote_volume") != NULL, has_quote_b = find(b, "quote_volume") != NULL;
    const struct position_field *open_a = find(a, "open"), *open_b = find(b, "open");
    const struct position_field *close_a = find(a, "close"), *close_b = find(b, "close");
    size_t n = a->work->input->n_samples;
    if (has_quote_a != has_quote_b)
        return has_quote_a ? 1 : -1;
    if (open_a == NULL || open_b == NULL || close_a == NULL || close_b == NULL)
        return 0;
    double jumps_a = jumps(open_a->profile->numbers, close_a->profile->numbers, n);
    double jumps_b = jumps(open_b->profile->numbers, close_b->profile->numbers, n);
    return jumps_a < 0.5 * jumps_b ? 1 : jumps_b < 0.5 * jumps_a ? -1 : 0;
}

static lake_status fail_ambiguous(const struct columns_work *work, const struct shape *a, const struct shape *b,
                                  struct lake_error *err)
{
    return lake_fail(
        err, LAKE_INVALID_DATA,
        "%s: there is no header line, and the %zu columns can be those of %s (%s) or of %s (%s); choose with --columns %s",
        work->input->place, work->input->n_fields, a->vendor, a->header, b->vendor, b->header, a->header);
}

static lake_status fail_unknown(const struct columns_work *work, struct lake_error *err)
{
    return lake_fail(
        err, LAKE_INVALID_DATA,
        "%s: there is no header line, and the %zu columns are not those of a vendor that is known; name them in "
        "their order, such as --columns ts,open,high,low,close,volume ('-' leaves one out)",
        work->input->place, work->input->n_fields);
}

static lake_status use_shape(struct columns_work *work, const struct shape *shape, const struct position_match *m,
                             struct lake_error *err)
{
    char text[FIELD_LIST_BYTES];
    for (size_t i = 0; i < m->n; i++) {
        struct columns_field *f = &work->fields[m->first + i];
        f->name = f->is_chosen ? f->name : m->fields[i].name;
    }
    work->origin = "position";
    (void)snprintf(text, sizeof text, "%s, as in files of %s", shape->header, shape->vendor);
    return columns_note(work, "columns", text, "position", err);
}

/* The shape that the fields from `first` on have; *found is NULL where they have none. */
static lake_status find_shape(const struct columns_work *work, size_t first, const struct shape **found,
                              struct position_match *best, struct lake_error *err)
{
    struct position_match other;
    *found = NULL;
    for (size_t i = 0; i < N_SHAPES; i++) {
        if (!matches(work, &shapes[i], first, &other) || !is_continuous(&other))
            continue;
        int order = *found == NULL ? -1 : is_same_meaning(best, &other) ? 1 : compare(best, &other);
        if (order == 0)
            return fail_ambiguous(work, *found, &shapes[i], err);
        if (order < 0) {
            *found = &shapes[i];
            *best = other;
        }
    }
    return LAKE_OK;
}

lake_status columns_take_positions(struct columns_work *work, struct lake_error *err)
{
    struct position_match best;
    const struct shape *found = NULL;
    TRY(find_shape(work, 0, &found, &best, err));
    if (found == NULL && work->fields[0].profile.is_sequence)
        TRY(find_shape(work, 1, &found, &best, err));
    return found != NULL ? use_shape(work, found, &best, err) : fail_unknown(work, err);
}
