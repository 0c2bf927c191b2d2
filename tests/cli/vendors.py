"""One series of bars and one of trades, in the forms of many vendors.

Forms are what each vendor publishes: names and order of columns, separators, times, direction. The rows are made up. What a
form cannot say (a time zone, a stamp at the close) is in its options, as a user would say it.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

MINUTE_MS, DAY_MS = 60_000, 86_400_000
FIRST = datetime(2023, 1, 13, 22, 0, tzinfo=UTC)  # days that are no months, on both sides of a midnight
FIRST_DAY = datetime(2023, 1, 13, tzinfo=UTC)
SYMBOL, BASE, QUOTE = "BTCUSDT", "BTC", "USDT"


def epoch_ms(time: datetime) -> int:
    return int(time.timestamp()) * 1000


@dataclass(frozen=True)
class Bar:
    ms: int
    step_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    quote_volume: Decimal
    trades: int
    taker_buy_volume: Decimal
    taker_buy_quote_volume: Decimal

    @property
    def end_ms(self) -> int:
        return self.ms + self.step_ms

    @property
    def vwap(self) -> Decimal:
        return (self.quote_volume / self.volume).quantize(Decimal("0.0001"))

    def time(self, form: str, hours: float = 0, ms: int | None = None) -> str:
        """In the zone that is this many hours ahead of UTC."""
        zone = timezone(timedelta(hours=hours))
        return datetime.fromtimestamp((self.ms if ms is None else ms) / 1000, tz=zone).strftime(form)


@dataclass(frozen=True)
class Trade:
    ms: int
    id: int
    price: Decimal
    amount: Decimal
    side: str

    @property
    def is_sell(self) -> bool:
        return self.side == "sell"

    def time(self, form: str, hours: float = 0) -> str:
        zone = timezone(timedelta(hours=hours))
        return datetime.fromtimestamp(self.ms / 1000, tz=zone).strftime(form)


def bars(n_rows: int, seed: int, step_ms: int = MINUTE_MS) -> list[Bar]:
    """A walk in which each bar opens near where the one before closed, and none is flat."""
    chance = random.Random(seed)
    first_ms = epoch_ms(FIRST_DAY if step_ms == DAY_MS else FIRST)
    made, cents = [], 2_100_000
    for i in range(n_rows):
        opened = cents + chance.choice([0, 0, 0, 1, -1])
        cents = opened + chance.choice([-1, 1]) * chance.randint(40, 900)
        top = max(opened, cents) + chance.randint(20, 500)
        bottom = min(opened, cents) - chance.randint(20, 500)
        volume = Decimal(chance.randint(5_000, 900_000)).scaleb(-3)
        middle = (Decimal(top + bottom) / 200).quantize(Decimal("0.01"))
        taker = (volume * chance.randint(10, 90) / 100).quantize(Decimal("0.001"))
        prices = [Decimal(price).scaleb(-2) for price in (opened, top, bottom, cents)]
        counts = (volume, volume * middle, chance.randint(2, 900), taker, taker * middle)
        made.append(Bar(first_ms + i * step_ms, step_ms, *prices, *counts))
    return made


def trades(n_rows: int, seed: int) -> list[Trade]:
    """With ids; now and then several in one millisecond."""
    chance = random.Random(seed)
    made, ms, cents = [], epoch_ms(FIRST), 2_100_000
    for i in range(n_rows):
        ms += chance.choice([0, 1, 17, 431, 2_003])
        cents += chance.randint(-30, 30)
        amount = Decimal(chance.randint(1, 90_000)).scaleb(-3)
        made.append(Trade(ms, 77_001_000 + i, Decimal(cents).scaleb(-2), amount, chance.choice(["buy", "sell"])))
    return made


@dataclass(frozen=True)
class Form:
    name: str
    file: str
    header: str  # "" where there is none; may be several lines
    row: Callable[..., str]
    options: Sequence[str] = ()
    columns: Sequence[str] = ()  # that it has beside those of every form
    newest_first: bool = False
    end: str = "\n"
    step_ms: int = MINUTE_MS
    kind: str = "raw"
    lacks: Sequence[str] = field(default=())

    def text(self, rows: Iterable[Bar] | Iterable[Trade]) -> str:
        lines = [self.row(row) for row in rows]
        header = [self.header] if self.header else []
        return self.end.join([*header, *(reversed(lines) if self.newest_first else lines)]) + self.end


def ohlcv(b: Bar) -> str:
    return f"{b.open},{b.high},{b.low},{b.close},{b.volume}"


def binance(b: Bar, factor: int = 1) -> str:
    times = f"{b.ms * factor}", f"{b.end_ms * factor - 1}"
    more = f"{b.quote_volume},{b.trades},{b.taker_buy_volume},{b.taker_buy_quote_volume}"
    return f"{times[0]},{ohlcv(b)},{times[1]},{more},0"


def german(number: Decimal, places: int = 2) -> str:
    return f"{number:,.{places}f}".translate(str.maketrans(",.", ".,"))


BINANCE_HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
)
BINANCE_COLUMNS = ("quote_volume", "trades", "taker_buy_volume", "taker_buy_quote_volume")
ISO = "%Y-%m-%d %H:%M:%S"

BARS = [
    Form("binance spot", "BTCUSDT-1m-2023-01.csv", "", binance, columns=BINANCE_COLUMNS),
    Form("binance futures", "BTCUSDT-1m-2023-01-13.csv", BINANCE_HEADER, binance, columns=BINANCE_COLUMNS),
    Form("binance spot in µs", "BTCUSDT-1m-2025-01.csv", "", lambda b: binance(b, 1000), columns=BINANCE_COLUMNS),
    Form("kraken", "XBTUSDT_1.csv", "", lambda b: f"{b.ms // 1000},{ohlcv(b)},{b.trades}", columns=["trades"]),
    Form(
        "coinbase",
        "BTC-USDT.csv",
        "time,low,high,open,close,volume",
        lambda b: f"{b.ms // 1000},{b.low},{b.high},{b.open},{b.close},{b.volume}",
        newest_first=True,
    ),
    Form(
        "bitfinex",
        "bitfinex_btcusdt.csv",
        "MTS,OPEN,CLOSE,HIGH,LOW,VOLUME",
        lambda b: f"{b.ms},{b.open},{b.close},{b.high},{b.low},{b.volume}",
    ),
    Form(
        "cryptodatadownload",
        "Binance_BTCUSDT_minute.csv",
        "https://www.CryptoDataDownload.com\nUnix,Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USDT,tradecount",
        lambda b: f"{b.ms},{b.time(ISO)},BTCUSDT,{ohlcv(b)},{b.quote_volume},{b.trades}",
        columns=["quote_volume", "trades"],
        newest_first=True,
    ),
    Form(
        "gemini",
        "gemini_BTCUSDT_2023_1min.csv",
        "https://www.CryptoDataDownload.com\nUnix Timestamp,Date,Symbol,Open,High,Low,Close,Volume",
        lambda b: f"{b.ms},{b.time(ISO)},BTCUSDT,{ohlcv(b)}",
        newest_first=True,
        end="\r\n",
    ),
    Form(
        "kucoin",
        "kucoin.csv",
        "time,open,close,high,low,volume,turnover",
        lambda b: f"{b.ms // 1000},{b.open},{b.close},{b.high},{b.low},{b.volume},{b.quote_volume}",
        columns=["quote_volume"],
        newest_first=True,
    ),
    Form(
        "gate.io",
        "gateio.csv",
        "",
        lambda b: f"{b.ms // 1000},{b.volume},{b.close},{b.high},{b.low},{b.open}",
    ),
    Form(
        "okx",
        "okx_spot.csv",
        "ts,o,h,l,c,vol,volCcy,volCcyQuote,confirm",
        lambda b: f"{b.ms},{ohlcv(b)},{b.quote_volume},{b.quote_volume},1",
        newest_first=True,
    ),
    Form(
        "bybit v5",
        "bybit.csv",
        "startTime,openPrice,highPrice,lowPrice,closePrice,volume,turnover",
        lambda b: f"{b.ms},{ohlcv(b)},{b.quote_volume}",
        columns=["quote_volume"],
        newest_first=True,
    ),
    Form(
        "bybit for metatrader",
        "BTCUSDT_1_2023-01-01_2023-01-31.csv",
        "",
        lambda b: f"{b.time('%Y.%m.%d %H:%M', 3)},{ohlcv(b)}",
        options=["--tz", "+03:00"],
    ),
    Form(
        "bitmex",
        "bitmex_buckets.csv",
        "timestamp,symbol,open,high,low,close,trades,volume,vwap",
        lambda b: (
            f"{b.time('%Y-%m-%dT%H:%M:%S.000Z', ms=b.end_ms)},XBTUSDT,{b.open},{b.high},{b.low},{b.close},"
            f"{b.trades},{b.volume},{b.vwap}"
        ),
        options=["--stamp", "close"],
        columns=["trades"],
    ),
    Form(
        "coinapi",
        "coinapi.csv",
        "time_period_start;time_period_end;time_open;time_close;"
        "price_open;price_high;price_low;price_close;volume_traded;trades_count",
        lambda b: ";".join(
            [
                b.time("%Y-%m-%dT%H:%M:%S.0000000Z"),
                b.time("%Y-%m-%dT%H:%M:%S.0000000Z", ms=b.end_ms),
                b.time("%Y-%m-%dT%H:%M:%S.3370000Z"),
                b.time("%Y-%m-%dT%H:%M:%S.9120000Z", ms=b.end_ms - 1000),
                ohlcv(b).replace(",", ";"),
                str(b.trades),
            ]
        ),
        columns=["trades"],
    ),
    Form(
        "bitcoin at kaggle",
        "bitstamp_1-min_data.csv",
        "Timestamp,Open,High,Low,Close,Volume_(BTC),Volume_(Currency),Weighted_Price",
        lambda b: f"{b.ms // 1000},{ohlcv(b)},{b.quote_volume},{b.vwap}",
        columns=["quote_volume"],
    ),
    Form(
        "pandas",
        "frame.csv",
        ",date,open,high,low,close,volume",
        lambda b: f"{(b.ms // 60_000) % 100_000},{b.time(ISO)}+00:00,{ohlcv(b)}",
    ),
    Form("ccxt", "ohlcv.csv", "timestamp,open,high,low,close,volume", lambda b: f"{b.ms},{ohlcv(b)}"),
    Form(
        "yahoo",
        "BTC-USD.csv",
        "Date,Open,High,Low,Close,Adj Close,Volume",
        lambda b: f"{b.time('%Y-%m-%d')},{b.open},{b.high},{b.low},{b.close},{b.close},{b.volume}",
        step_ms=DAY_MS,
    ),
    Form(
        "stooq",
        "btcusdt.txt",
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>",
        lambda b: f"BTCUSDT,1,{b.time('%Y%m%d,%H%M%S')},{ohlcv(b)},0",
        end="\r\n",
    ),
    Form(
        "finam",
        "finam.csv",
        "<TICKER>;<PER>;<DATE>;<TIME>;<OPEN>;<HIGH>;<LOW>;<CLOSE>;<VOL>",
        lambda b: f"BTCUSDT;1;{b.time('%Y%m%d;%H%M%S')};{ohlcv(b).replace(',', ';')}",
        end="\r\n",
    ),
    Form(
        "metatrader 5",
        "BTCUSDT_M1.csv",
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>",
        lambda b: (
            f"{b.time('%Y.%m.%d')}\t{b.time('%H:%M:%S')}\t{b.open}\t{b.high}\t{b.low}\t{b.close}\t"
            f"{b.trades}\t{b.volume}\t12"
        ),
        end="\r\n",
    ),
    Form(
        "metatrader 4",
        "BTCUSDT1.csv",
        "",
        lambda b: f"{b.time('%Y.%m.%d,%H:%M')},{ohlcv(b)}",
        end="\r\n",
    ),
    Form(
        "whole rows in quotes",
        "export.csv",
        '"Time\tOpen\tHigh\tLow\tClose\tVolume"',
        lambda b: '"' + f"{b.time(ISO)},{ohlcv(b)}".replace(",", "\t") + '"',
        end="\r\n",
    ),
    Form(
        "dukascopy",
        "BTCUSDT_Candlestick_1_M_BID_13.01.2023-14.01.2023.csv",
        "Gmt time,Open,High,Low,Close,Volume",
        lambda b: f"{b.time('%d.%m.%Y %H:%M:%S.000')},{ohlcv(b)}",
    ),
    Form(
        "histdata",
        "DAT_ASCII_BTCUSDT_M1_2023.csv",
        "",
        lambda b: f"{b.time('%Y%m%d %H%M%S', -5)};{ohlcv(b).replace(',', ';')}",
        options=["--tz", "EST"],
    ),
    Form("firstrate", "BTC_full_1min.txt", "", lambda b: f"{b.time(ISO)},{ohlcv(b)}"),
    Form("kibot", "BTC.txt", "", lambda b: f"{b.time('%m/%d/%Y,%H:%M')},{ohlcv(b)}", end="\r\n"),
    Form(
        "polygon",
        "X:BTC-USD.csv",
        "ticker,volume,open,close,high,low,window_start,transactions",
        lambda b: f"X:BTC-USDT,{b.volume},{b.open},{b.close},{b.high},{b.low},{b.ms * 1_000_000},{b.trades}",
        columns=["trades"],
    ),
    Form(
        "alpaca",
        "alpaca.csv",
        "symbol,timestamp,open,high,low,close,volume,trade_count,vwap",
        lambda b: f"BTC/USDT,{b.time(ISO)}+00:00,{ohlcv(b)},{b.trades},{b.vwap}",
        columns=["trades"],
    ),
    Form(
        "databento",
        "databento.csv",
        "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol",
        lambda b: f"{b.ms * 1_000_000},33,1,5482,{ohlcv(b)},BTCUSDT",
    ),
    Form(
        "tradingview",
        "BINANCE_BTCUSDT, 1.csv",
        "time,open,high,low,close,Volume",
        lambda b: f"{b.ms // 1000},{ohlcv(b)}",
    ),
    Form(
        "tradingview with a zone",
        "BINANCE_BTCUSDT, 1m.csv",
        "time,open,high,low,close,Plot,Plot,Volume",
        lambda b: f"{b.time('%Y-%m-%dT%H:%M:%S', 9)}+09:00,{b.open},{b.high},{b.low},{b.close},NaN,{b.vwap},{b.volume}",
    ),
    Form(
        "investing.com",
        "Bitcoin Historical Data.csv",
        '"Date","Price","Open","High","Low","Vol.","Change %"',
        lambda b: (
            f'"{b.time("%m/%d/%Y")}","{b.close:,.2f}","{b.open:,.2f}","{b.high:,.2f}","{b.low:,.2f}",'
            f'"{b.volume / 1000}K","-1.23%"'
        ),
        newest_first=True,
        step_ms=DAY_MS,
    ),
    Form(
        "nasdaq",
        "HistoricalData.csv",
        "Date,Close/Last,Volume,Open,High,Low",
        lambda b: f"{b.time('%m/%d/%Y')},${b.close},{b.volume},${b.open},${b.high},${b.low}",
        newest_first=True,
        step_ms=DAY_MS,
    ),
    Form(
        "alpha vantage",
        "daily_BTC.csv",
        "timestamp,open,high,low,close,volume",
        lambda b: f"{b.time('%Y-%m-%d')},{ohlcv(b)}",
        newest_first=True,
        step_ms=DAY_MS,
    ),
    Form(
        "coinmarketcap",
        "Bitcoin_historical_data_coinmarketcap.csv",
        "timeOpen;timeClose;timeHigh;timeLow;open;high;low;close;volume;marketCap;timestamp",
        lambda b: ";".join(
            [
                *(b.time('"%Y-%m-%dT%H:%M:%S.000Z"'), b.time('"%Y-%m-%dT%H:%M:%S.999Z"', ms=b.end_ms - 1000)),
                *(b.time('"%Y-%m-%dT11:22:00.000Z"'), b.time('"%Y-%m-%dT03:04:00.000Z"')),
                ohlcv(b).replace(",", ";"),
                str(b.close * 19_000_000),
                b.time('"%Y-%m-%dT%H:%M:%S.999Z"', ms=b.end_ms - 1000),
            ]
        ),
        newest_first=True,
        step_ms=DAY_MS,
    ),
    Form(
        "german",
        "kurse.csv",
        "Datum;Zeit;Eröffnung;Hoch;Tief;Schluss;Volumen",
        lambda b: ";".join(
            [
                b.time("%d.%m.%Y;%H:%M"),
                *(german(number) for number in (b.open, b.high, b.low, b.close)),
                german(b.volume, 3),
            ]
        ),
        end="\r\n",
    ),
    Form("chinese", "行情.csv", "时间,开盘,最高,最低,收盘,成交量", lambda b: f"{b.time(ISO)},{ohlcv(b)}"),
]

TRADES = [
    Form(
        "binance trades",
        "BTCUSDT-trades-2023-01-13.csv",
        "id,price,qty,quote_qty,time,is_buyer_maker",
        lambda t: f"{t.id},{t.price},{t.amount},{t.price * t.amount},{t.ms},{str(t.is_sell).lower()}",
    ),
    Form(
        "binance spot trades",
        "BTCUSDT-trades-2023-01.csv",
        "",
        lambda t: f"{t.id},{t.price},{t.amount},{t.price * t.amount},{t.ms},{t.is_sell},True",
    ),
    Form(
        "bybit trades",
        "BTCUSDT2023-01-13.csv",
        "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional",
        lambda t: (
            f"{t.ms // 1000}.{t.ms % 1000:03},BTCUSDT,{t.side.title()},{t.amount},{t.price},PlusTick,{t.id},"
            f"{t.price * t.amount},{t.amount},{t.price * t.amount}"
        ),
        newest_first=True,
    ),
    Form(
        "bybit spot trades",
        "BTCUSDT_2023-01.csv",
        "id,timestamp,price,volume,side",
        lambda t: f"{t.id},{t.ms},{t.price},{t.amount},{t.side}",
    ),
    Form(
        "tardis",
        "binance_trades_2023-01-13_BTCUSDT.csv",
        "exchange,symbol,timestamp,local_timestamp,id,side,price,amount",
        lambda t: f"binance,BTCUSDT,{t.ms * 1000},{t.ms * 1000 + 4321},{t.id},{t.side},{t.price},{t.amount}",
    ),
    Form(
        "ftx",
        "ftx.csv",
        "id,price,size,side,liquidation,time",
        lambda t: f"{t.id},{t.price},{t.amount},{t.side},False,{t.time('%Y-%m-%dT%H:%M:%S')}.{t.ms % 1000:03}000+00:00",
    ),
    Form(
        "ccxt trades",
        "trades.csv",
        "timestamp,id,type,side,price,amount,cost",
        lambda t: f"{t.ms},{t.id},,{t.side},{t.price},{t.amount},{t.price * t.amount}",
    ),
    Form(
        "kraken trades",
        "XBTUSDT.csv",
        "",
        lambda t: f"{t.ms // 1000}.{t.ms % 1000:03},{t.price},{t.amount}",
        options=["--type", "trades"],
        lacks=["id", "side"],
    ),
]
