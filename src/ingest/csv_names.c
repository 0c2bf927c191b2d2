#include "ingest/csv_names.h"

#include <string.h>

#include "base/utf8.h"

struct spelling {
    const char *name;
    const char *column;
};

/* Of two spellings for one column the better first: when the bar began before when something happened. */
static const struct spelling spellings[] = {
    {"ts", "ts"},
    {"tsms", "ts"},
    {"timeperiodstart", "ts"},
    {"opentime", "ts"},
    {"opentimestamp", "ts"},
    {"opentimems", "ts"},
    {"timeopen", "ts"},
    {"starttime", "ts"},
    {"starttimestamp", "ts"},
    {"startat", "ts"},
    {"windowstart", "ts"},
    {"startedat", "ts"},
    {"candledatetimeutc", "ts"},
    {"periodstart", "ts"},
    {"candlebegintime", "ts"},
    {"candletime", "ts"},
    {"klineopentime", "ts"},
    {"mts", "ts"},
    {"ticks", "ts"},
    {"fundingtime", "ts"},
    {"fundingtimestamp", "ts"},
    {"fundingratetimestamp", "ts"},
    {"calctime", "ts"},
    {"settletime", "ts"},
    {"settlementtime", "ts"},
    {"transacttime", "ts"},
    {"tradetime", "ts"},
    {"tradetimestamp", "ts"},
    {"executedat", "ts"},
    {"exectime", "ts"},
    {"createdtime", "ts"},
    {"createdat", "ts"},
    {"timestamp", "ts"},
    {"timestampms", "ts"},
    {"timestamputc", "ts"},
    {"utctimestamp", "ts"},
    {"unix", "ts"},
    {"unixtime", "ts"},
    {"unixtimestamp", "ts"},
    {"unixtimestampms", "ts"},
    {"unixtimems", "ts"},
    {"unixms", "ts"},
    {"epoch", "ts"},
    {"epochms", "ts"},
    {"epochtime", "ts"},
    {"tsevent", "ts"},
    {"t", "ts"},
    {"datetime", "ts"},
    {"datetimeutc", "ts"},
    {"utcdatetime", "ts"},
    {"dateutc", "ts"},
    {"timeutc", "ts"},
    {"utctime", "ts"},
    {"utc", "ts"},
    {"gmttime", "ts"},
    {"localtime", "ts"},
    {"barstarttime", "ts"},
    {"bartime", "ts"},
    {"dateandtime", "ts"},
    {"datetimestamp", "ts"},
    {"begin", "ts"},
    {"start", "ts"},
    {"date", "ts"},
    {"time", "ts"},
    {"day", "ts"},
    {"tradedate", "ts"},
    {"tradingdate", "ts"},
    {"tradeday", "ts"},
    {"pricedate", "ts"},
    {"dtyyyymmdd", "ts"},
    {"yyyymmdd", "ts"},
    {"clock", "ts"},
    {"dt", "ts"},
    {"opendatetime", "ts"},
    {"tradedatetime", "ts"},
    {"bartimestamp", "ts"},
    {"timegmt", "ts"},
    {"snappedat", "ts"},
    {"时间", "ts"},
    {"开盘时间", "ts"},
    {"成交时间", "ts"},
    {"日期时间", "ts"},
    {"日期", "ts"},
    {"交易时间", "ts"},
    {"交易日", "ts"},
    {"交易日期", "ts"},
    {"時間", "ts"},
    {"日時", "ts"},
    {"日付", "ts"},
    {"日付け", "ts"},
    {"날짜", "ts"},
    {"시간", "ts"},
    {"일자", "ts"},
    {"일시", "ts"},
    {"거래일", "ts"},
    {"datum", "ts"},
    {"zeit", "ts"},
    {"uhrzeit", "ts"},
    {"zeitstempel", "ts"},
    {"datumzeit", "ts"},
    {"fecha", "ts"},
    {"hora", "ts"},
    {"data", "ts"},
    {"ora", "ts"},
    {"heure", "ts"},
    {"horodatage", "ts"},
    {"дата", "ts"},
    {"время", "ts"},
    {"датаивремя", "ts"},
    {"tarih", "ts"},
    {"tanggal", "ts"},
    {"ngày", "ts"},
    {"fechahora", "ts"},
    {"datahora", "ts"},
    {"dataora", "ts"},
    {"open", "open"},
    {"o", "open"},
    {"openprice", "open"},
    {"priceopen", "open"},
    {"openingprice", "open"},
    {"opening", "open"},
    {"first", "open"},
    {"openpx", "open"},
    {"pxopen", "open"},
    {"开盘", "open"},
    {"开盘价", "open"},
    {"今开", "open"},
    {"開盤", "open"},
    {"開盤價", "open"},
    {"始値", "open"},
    {"시가", "open"},
    {"오픈", "open"},
    {"eröffnung", "open"},
    {"eröffn", "open"},
    {"eröffnungskurs", "open"},
    {"erster", "open"},
    {"ouverture", "open"},
    {"ouv", "open"},
    {"apertura", "open"},
    {"abertura", "open"},
    {"открытие", "open"},
    {"откр", "open"},
    {"ценаоткрытия", "open"},
    {"açılış", "open"},
    {"otwarcie", "open"},
    {"öppen", "open"},
    {"öppningskurs", "open"},
    {"pembukaan", "open"},
    {"mở", "open"},
    {"开", "open"},
    {"24hopen", "open"},
    {"midopen", "open"},
    {"mido", "open"},
    {"high", "high"},
    {"h", "high"},
    {"highprice", "high"},
    {"pricehigh", "high"},
    {"highestprice", "high"},
    {"highest", "high"},
    {"max", "high"},
    {"maxprice", "high"},
    {"highpx", "high"},
    {"pxhigh", "high"},
    {"最高", "high"},
    {"最高价", "high"},
    {"最高價", "high"},
    {"高値", "high"},
    {"고가", "high"},
    {"hoch", "high"},
    {"höchst", "high"},
    {"höchstkurs", "high"},
    {"tageshoch", "high"},
    {"plushaut", "high"},
    {"haut", "high"},
    {"máximo", "high"},
    {"maximo", "high"},
    {"máx", "high"},
    {"máxima", "high"},
    {"massimo", "high"},
    {"макс", "high"},
    {"максимум", "high"},
    {"высокая", "high"},
    {"yüksek", "high"},
    {"najwyższy", "high"},
    {"najwyzszy", "high"},
    {"hoog", "high"},
    {"hoogste", "high"},
    {"högst", "high"},
    {"högsta", "high"},
    {"tertinggi", "high"},
    {"cao", "high"},
    {"高", "high"},
    {"24hhigh", "high"},
    {"midhigh", "high"},
    {"midh", "high"},
    {"low", "low"},
    {"l", "low"},
    {"lowprice", "low"},
    {"pricelow", "low"},
    {"lowestprice", "low"},
    {"lowest", "low"},
    {"min", "low"},
    {"minprice", "low"},
    {"lowpx", "low"},
    {"pxlow", "low"},
    {"最低", "low"},
    {"最低价", "low"},
    {"最低價", "low"},
    {"安値", "low"},
    {"저가", "low"},
    {"tief", "low"},
    {"tiefst", "low"},
    {"tiefstkurs", "low"},
    {"tagestief", "low"},
    {"plusbas", "low"},
    {"bas", "low"},
    {"mínimo", "low"},
    {"minimo", "low"},
    {"mín", "low"},
    {"mínima", "low"},
    {"мин", "low"},
    {"минимум", "low"},
    {"низкая", "low"},
    {"düşük", "low"},
    {"najniższy", "low"},
    {"najnizszy", "low"},
    {"laag", "low"},
    {"laagste", "low"},
    {"lägst", "low"},
    {"lägsta", "low"},
    {"terendah", "low"},
    {"thấp", "low"},
    {"低", "low"},
    {"24hlow", "low"},
    {"midlow", "low"},
    {"midl", "low"},
    {"close", "close"},
    {"c", "close"},
    {"closeprice", "close"},
    {"priceclose", "close"},
    {"closingprice", "close"},
    {"closing", "close"},
    {"closelast", "close"},
    {"closepx", "close"},
    {"pxclose", "close"},
    {"last", "close"},
    {"lastprice", "close"},
    {"price", "close"},
    {"收盘", "close"},
    {"收盘价", "close"},
    {"收盤", "close"},
    {"收盤價", "close"},
    {"終値", "close"},
    {"종가", "close"},
    {"현재가", "close"},
    {"schluss", "close"},
    {"schlusskurs", "close"},
    {"schluß", "close"},
    {"zuletzt", "close"},
    {"letzter", "close"},
    {"clôture", "close"},
    {"cloture", "close"},
    {"clôt", "close"},
    {"dernier", "close"},
    {"cierre", "close"},
    {"último", "close"},
    {"ultimo", "close"},
    {"última", "close"},
    {"fechamento", "close"},
    {"chiusura", "close"},
    {"закрытие", "close"},
    {"закр", "close"},
    {"цена", "close"},
    {"ценазакрытия", "close"},
    {"şimdi", "close"},
    {"kapanış", "close"},
    {"zamknięcie", "close"},
    {"zamkniecie", "close"},
    {"ostatnio", "close"},
    {"laatste", "close"},
    {"slotkoers", "close"},
    {"senaste", "close"},
    {"terakhir", "close"},
    {"penutupan", "close"},
    {"lầncuối", "close"},
    {"收", "close"},
    {"最新价", "close"},
    {"midclose", "close"},
    {"midc", "close"},
    {"latest", "close"},
    {"pxlast", "close"},
    {"ltp", "close"},
    {"tradeprice", "close"},
    {"settle", "close"},
    {"settleprice", "close"},
    {"homenotional", "volume"}, /* BitMEX, Bybit: base, whatever the contract is */
    {"volume", "volume"},
    {"basevolume", "volume"},
    {"volumebase", "volume"},
    {"baseassetvolume", "volume"},
    {"volumetraded", "volume"},
    {"vol", "volume"},
    {"v", "volume"},
    {"tradedvolume", "volume"},
    {"totalvolume", "volume"},
    {"volumes", "volume"},
    {"basevol", "volume"},
    {"volbase", "volume"},
    {"tickvolume", "volume"},
    {"tickvol", "volume"},
    {"成交量", "volume"},
    {"出来高", "volume"},
    {"거래량", "volume"},
    {"volumen", "volume"},
    {"stück", "volume"},
    {"объем", "volume"},
    {"объём", "volume"},
    {"hacim", "volume"},
    {"basetokenvolume", "volume"},
    {"candleacctradevolume", "volume"},
    {"totaltradequantity", "volume"},
    {"noofshares", "volume"},
    {"sharestraded", "volume"},
    {"tickqty", "volume"},
    {"pxvolume", "volume"},
    {"numberofshares", "volume"},
    {"totaltradedquantity", "volume"},
    {"stuecke", "volume"},
    {"stücke", "volume"},
    {"交易量", "volume"},
    {"wolumen", "volume"},
    {"wol", "volume"},
    {"hac", "volume"},
    {"kl", "volume"},
    {"quantidade", "volume"},
    {"cantidad", "volume"},
    {"quantity", "volume"},
    {"quotevolume", "quote_volume"},
    {"volumequote", "quote_volume"},
    {"quoteassetvolume", "quote_volume"},
    {"quotevol", "quote_volume"},
    {"volquote", "quote_volume"},
    {"foreignnotional", "quote_volume"},
    {"volccyquote", "quote_volume"},
    {"turnover", "quote_volume"},
    {"cost", "quote_volume"},
    {"volumecurrency", "quote_volume"},
    {"volumequoted", "quote_volume"},
    {"quotetradedvolume", "quote_volume"},
    {"成交额", "quote_volume"},
    {"成交額", "quote_volume"},
    {"成交金额", "quote_volume"},
    {"売買代金", "quote_volume"},
    {"거래대금", "quote_volume"},
    {"amount", NAME_VOLUME},
    {"volccy", NAME_VOLUME},
    {"candleacctradeprice", "quote_volume"},
    {"usdvolume", "quote_volume"},
    {"totalturnover", "quote_volume"},
    {"totaltradedvalue", "quote_volume"},
    {"volumenotional", "quote_volume"},
    {"tradedvalue", "quote_volume"},
    {"money", "quote_volume"},
    {"金额", "quote_volume"},
    {"оборот", "quote_volume"},
    {"usdtvolume", NAME_VOLUME},
    {"value", NAME_VOLUME},
    {"umsatz", NAME_VOLUME},
    {"trades", "trades"},
    {"count", "trades"},
    {"numberoftrades", "trades"},
    {"numtrades", "trades"},
    {"nooftrades", "trades"},
    {"ntrades", "trades"},
    {"tradecount", "trades"},
    {"tradescount", "trades"},
    {"tradesnum", "trades"},
    {"tradenum", "trades"},
    {"transactions", "trades"},
    {"n", "trades"},
    {"numberofdeals", "trades"},
    {"deals", "trades"},
    {"barcount", "trades"},
    {"notrades", "trades"},
    {"tradesdone", "trades"},
    {"nbtrades", "trades"},
    {"negócios", "trades"},
    {"negocios", "trades"},
    {"成交笔数", "trades"},
    {"成交筆數", "trades"},
    {"takerbuyvolume", "taker_buy_volume"},
    {"takerbuybaseassetvolume", "taker_buy_volume"},
    {"takerbuybasevolume", "taker_buy_volume"},
    {"takerbuyvolumebase", "taker_buy_volume"},
    {"takerbuybase", "taker_buy_volume"},
    {"tbbase", "taker_buy_volume"},
    {"tbbav", "taker_buy_volume"},
    {"takerbasevolume", "taker_buy_volume"},
    {"takerbuyquotevolume", "taker_buy_quote_volume"},
    {"takerbuyquoteassetvolume", "taker_buy_quote_volume"},
    {"takerbuyvolumequote", "taker_buy_quote_volume"},
    {"takerbuyquote", "taker_buy_quote_volume"},
    {"tbquote", "taker_buy_quote_volume"},
    {"tbqav", "taker_buy_quote_volume"},
    {"takerquotevolume", "taker_buy_quote_volume"},
    {"vwap", "vwap"},
    {"bars", "bars"},
    {"barsexpected", "bars_expected"},
    {"closetime", NAME_CLOSE_TIME},
    {"timeclose", NAME_CLOSE_TIME},
    {"closetimestamp", NAME_CLOSE_TIME},
    {"closetimems", NAME_CLOSE_TIME},
    {"endtime", NAME_CLOSE_TIME},
    {"timeperiodend", NAME_CLOSE_TIME},
    {"windowend", NAME_CLOSE_TIME},
    {"end", NAME_CLOSE_TIME},
    {"periodend", NAME_CLOSE_TIME},
    {"收盘时间", NAME_CLOSE_TIME},
    {"ignore", NAME_IGNORE},
    {"unusedfield", NAME_IGNORE},
    {"index", NAME_INDEX},
    {"idx", NAME_INDEX},
    {"unnamed0", NAME_INDEX},
    {"unnamed01", NAME_INDEX},
    {"level0", NAME_INDEX},
    {"row", NAME_INDEX},
    {"rownum", NAME_INDEX},
    {"no", NAME_INDEX},
    {"序号", NAME_INDEX},
    {"sno", NAME_INDEX},
    {"symbol", NAME_SYMBOL},
    {"ticker", NAME_SYMBOL},
    {"instrument", NAME_SYMBOL},
    {"instrumentname", NAME_SYMBOL},
    {"instid", NAME_SYMBOL},
    {"pair", NAME_SYMBOL},
    {"currencypair", NAME_SYMBOL},
    {"tradingpair", NAME_SYMBOL},
    {"symbolid", NAME_SYMBOL},
    {"product", NAME_SYMBOL},
    {"productid", NAME_SYMBOL},
    {"security", NAME_SYMBOL},
    {"tic", NAME_SYMBOL},
    {"contract", NAME_SYMBOL},
    {"contracts", NAME_SYMBOL}, /* of Binance's funding history */
    {"交易对", NAME_SYMBOL},
    {"代码", NAME_SYMBOL},
    {"证券代码", NAME_SYMBOL},
    {"股票代码", NAME_SYMBOL},
    {"тикер", NAME_SYMBOL},
    {"コード", NAME_SYMBOL},
    {"銘柄コード", NAME_SYMBOL},
    {"종목코드", NAME_SYMBOL},
    {"tscode", NAME_SYMBOL},
    {"orderbookid", NAME_SYMBOL},
    {"ric", NAME_SYMBOL},
    {"secid", NAME_SYMBOL},
    {"stockcode", NAME_SYMBOL},
    {"ativo", NAME_SYMBOL},
    {"papel", NAME_SYMBOL},
    {"isin", NAME_SYMBOL},
    {"wkn", NAME_SYMBOL},
    {"code", NAME_SYMBOL},
    {"stock", NAME_SYMBOL},
    {"coin", NAME_SYMBOL},
    {"asset", NAME_SYMBOL},
    {"name", NAME_SYMBOL},
    {"名称", NAME_SYMBOL},
    {"exchange", NAME_EXCHANGE},
    {"exchangeid", NAME_EXCHANGE},
    {"venue", NAME_EXCHANGE},
    {"period", NAME_PERIOD},
    {"per", NAME_PERIOD},
    {"interval", NAME_PERIOD},
    {"timeframe", NAME_PERIOD},
    {"resolution", NAME_PERIOD},
    {"granularity", NAME_PERIOD},
    {"aggtradeid", "id"},
    {"aggregatetradeid", "id"},
    {"aggid", "id"},
    {"tradeid", "id"},
    {"trdmatchid", "id"},
    {"matchid", "id"},
    {"execid", "id"},
    {"executionid", "id"},
    {"tid", "id"},
    {"dealid", "id"},
    {"id", "id"},
    {"id", "ts"}, /* HTX; a bar has no other */
    {"a", "id"},
    {"uniqueid", "id"},
    {"tradeseq", "id"},
    {"成交编号", "id"},
    {"price", "price"},
    {"p", "price"},
    {"tradeprice", "price"},
    {"execprice", "price"},
    {"executionprice", "price"},
    {"px", "price"},
    {"rateprice", "price"},
    {"价格", "price"},
    {"成交价", "price"},
    {"成交价格", "price"},
    {"価格", "price"},
    {"가격", "price"},
    {"baseqty", "amount"}, /* Binance COIN-M, beside a quantity of contracts */
    {"homenotional", "amount"},
    {"amount", "amount"},
    {"quantity", "amount"},
    {"qty", "amount"},
    {"size", "amount"},
    {"q", "amount"},
    {"volume", "amount"},
    {"vol", "amount"},
    {"basevolume", "amount"},
    {"baseamount", "amount"},
    {"basequantity", "amount"},
    {"tradesize", "amount"},
    {"execqty", "amount"},
    {"execsize", "amount"},
    {"sz", "amount"},
    {"lastsize", "amount"},
    {"数量", "amount"},
    {"成交量", "amount"},
    {"成交数量", "amount"},
    {"side", NAME_SIDE},
    {"takerside", NAME_SIDE},
    {"direction", NAME_SIDE},
    {"takerdirection", NAME_SIDE},
    {"tradeside", NAME_SIDE},
    {"buysell", NAME_SIDE},
    {"aggressorside", NAME_SIDE},
    {"type", NAME_SIDE},
    {"tradetype", NAME_SIDE},
    {"交易方向", NAME_SIDE},
    {"方向", NAME_SIDE},
    {"成交方向", NAME_SIDE},
    {"isbuyermaker", NAME_MAKER},
    {"buyermaker", NAME_MAKER},
    {"wasbuyermaker", NAME_MAKER},
    {"wasthebuyerthemaker", NAME_MAKER},
    {"isbuyerthemaker", NAME_MAKER},
    {"isbuyermarketmaker", NAME_MAKER},
    {"m", NAME_MAKER},
    {"sell", NAME_MAKER}, /* Kaiko */
    {"lastfundingrate", "rate"},
    {"fundingrate", "rate"},
    {"relativefundingrate", "rate"},
    {"realizedrate", "rate"},
    {"realfundingrate", "rate"},
    {"fundingfeerate", "rate"},
    {"rate", "rate"},
    {"r", "rate"},
    {"资金费率", "rate"},
    {"markprice", "mark_price"},
    {"fundinginterval", "interval"},
    {"fundingintervalhours", "interval"},
    {"fundingintervalhour", "interval"},
    {"intervalhours", "interval"},
    {"interval", "interval"},
};

enum { N_SPELLINGS = sizeof spellings / sizeof spellings[0], PLAIN_BYTES = 64 };

/* Of Latin Extended-A, where each lower-case letter follows its upper-case one: Ş and İ, as Turkish has them. */
static uint32_t lower_extended(uint32_t c)
{
    bool has_even_uppers = (c >= 0x100 && c <= 0x137) || (c >= 0x14a && c <= 0x177);
    bool has_odd_uppers = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e);
    if (c == 0x130)
        return 'i';
    return (has_even_uppers && c % 2 == 0) || (has_odd_uppers && c % 2 == 1) ? c + 1 : c;
}

/* The character at *p, which must be UTF-8 or is taken byte by byte, in lower case as far as Latin and Cyrillic
 * letters go. */
static uint32_t take_character(const char **p, const char *end)
{
    size_t n = utf8_length(*p, end);
    uint32_t c = (uint8_t) * *p;
    if (n > 1)
        c &= n == 2 ? 0x1fu : n == 3 ? 0x0fu : 0x07u;
    for (size_t i = 1; i < n; i++)
        c = c << 6 | ((uint8_t)(*p)[i] & 0x3fu);
    *p += n > 0 ? n : 1;
    bool is_upper = (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x410 && c <= 0x42f);
    return is_upper ? c + 0x20 : lower_extended(c);
}

/* The next character of a name that makes a difference, or 0. */
static uint32_t next_letter(struct csv_span name, size_t *at)
{
    if (*at == name.length) /* data may be NULL */
        return 0;
    const char *p = name.data + *at, *end = name.data + name.length;
    uint32_t c = 0;
    while (p < end && c == 0) {
        c = take_character(&p, end);
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80;
        if (!is_plain || c == 0xa0 || c == 0x3000 || c == 0xfeff)
            c = 0;
    }
    *at = (size_t)(p - name.data);
    return c;
}

bool csv_is_same_name(struct csv_span a, struct csv_span b)
{
    size_t at_a = 0, at_b = 0;
    for (;;) {
        uint32_t c = next_letter(a, &at_a);
        if (c != next_letter(b, &at_b))
            return false;
        if (c == 0)
            return true;
    }
}

/* A name as the table has it. */
struct plain_name {
    char text[PLAIN_BYTES];
    size_t length; /* 0 where it is too long for any spelling */
};

static struct plain_name plain_of(struct csv_span name)
{
    struct plain_name plain = {.length = 0};
    uint32_t c;
    for (size_t at = 0; (c = next_letter(name, &at)) != 0;) {
        if (plain.length + UTF8_BYTES > PLAIN_BYTES)
            return (struct plain_name){.length = 0};
        plain.length += utf8_encode(c, plain.text + plain.length);
    }
    return plain;
}

static bool is_spelled(const struct plain_name *plain, const char *spelling)
{
    return plain->length > 0 && plain->text[0] == spelling[0] && strlen(spelling) == plain->length &&
           memcmp(plain->text, spelling, plain->length) == 0;
}

/* Which of the meanings that sources alone have go with which type: those of bars need a close, those of trades an
 * amount. */
static bool is_for_type(const char *column, const struct data_type *type)
{
    if (type == NULL || strcmp(column, NAME_SYMBOL) == 0 || strcmp(column, NAME_EXCHANGE) == 0 ||
        strcmp(column, NAME_IGNORE) == 0)
        return true;
    if (column[0] != '@')
        return data_type_column(type, column) != NULL;
    if (strcmp(column, NAME_SIDE) == 0 || strcmp(column, NAME_MAKER) == 0)
        return data_type_column(type, "side") != NULL;
    if (strcmp(column, NAME_INDEX) == 0)
        return data_type_column(type, "id") == NULL;
    if (strcmp(column, NAME_PERIOD) == 0)
        return type->has_period;
    return data_type_column(type, "close") != NULL;
}

static struct csv_meaning look_up(struct csv_span name, const struct data_type *type)
{
    struct plain_name plain = plain_of(name);
    for (size_t i = 0; i < N_SPELLINGS; i++)
        if (is_spelled(&plain, spellings[i].name) && is_for_type(spellings[i].column, type))
            return (struct csv_meaning){spellings[i].column, i};
    return (struct csv_meaning){NULL, N_SPELLINGS};
}

/* "1. open", "2a. high": behind the number. */
static struct csv_span skip_number(struct csv_span name)
{
    size_t n = 0;
    while (n < name.length && name.data[n] >= '0' && name.data[n] <= '9')
        n++;
    size_t digits = n;
    n += n < name.length && (name.data[n] == 'a' || name.data[n] == 'b');
    if (digits == 0 || n >= name.length || name.data[n] != '.')
        return name;
    return (struct csv_span){name.data + n + 1, name.length - n - 1};
}

/* Before a bracket or a slash. */
static struct csv_span cut_remark(struct csv_span name)
{
    size_t n = 0;
    while (n < name.length && strchr("([/", name.data[n]) == NULL)
        n++;
    return (struct csv_span){name.data, n};
}

struct csv_meaning csv_meaning_of(struct csv_span name, const struct data_type *type)
{
    struct csv_meaning meaning = look_up(name, type);
    struct csv_span without_number = skip_number(name);
    if (meaning.column == NULL && without_number.length < name.length)
        meaning = look_up(without_number, type);
    struct csv_span shorter = cut_remark(without_number);
    bool is_asset = csv_volume_asset(name).length > 0;
    if (meaning.column == NULL && shorter.length < without_number.length && !is_asset)
        meaning = look_up(shorter, type);
    return meaning;
}

bool csv_is_known_name(struct csv_span name)
{
    return csv_meaning_of(name, NULL).column != NULL || csv_volume_asset(name).length > 0;
}

static bool is_volume(struct csv_span word)
{
    struct plain_name plain = plain_of(word);
    return is_spelled(&plain, "volume");
}

static bool is_asset_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

struct csv_span csv_volume_asset(struct csv_span name)
{
    enum { MIN_ASSET = 2, MAX_ASSET = 10, WORD = 6 };
    struct csv_span none = {name.data, 0};
    struct csv_span volume = {name.data, WORD};
    if (name.length < WORD + 1 + MIN_ASSET)
        return none;
    const char *p = name.data + WORD, *end = name.data + name.length;
    if (!is_volume(volume)) {
        volume.data = end - WORD;
        p = name.data;
        end = volume.data;
        if (!is_volume(volume) || is_asset_letter(end[-1]))
            return none;
    } else if (is_asset_letter(*p)) {
        return none;
    }
    while (p < end && !is_asset_letter(*p))
        p++;
    while (p < end && !is_asset_letter(end[-1]))
        end--;
    struct csv_span asset = {p, (size_t)(end - p)};
    for (size_t i = 0; i < asset.length; i++)
        if (!is_asset_letter(asset.data[i]))
            return none;
    return asset.length >= MIN_ASSET && asset.length <= MAX_ASSET ? asset : none;
}

const char *csv_spelling_at(size_t index, const char **column)
{
    if (index >= N_SPELLINGS)
        return NULL;
    *column = spellings[index].column;
    return spellings[index].name;
}
