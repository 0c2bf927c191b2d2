"""The files that the documents speak of: made-up rows in the forms of vendors (tests/cli/vendors.py)."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "cli"))

import vendors

N_ROWS = 200
FIRST_MS = vendors.epoch_ms(vendors.FIRST)


def write_samples(directory: Path) -> None:
    for form in (*vendors.BARS, *vendors.TRADES):
        rows = vendors.trades(N_ROWS, 1) if form in vendors.TRADES else vendors.bars(N_ROWS // 2, 1, form.step_ms)
        (directory / form.file).write_bytes(form.text(rows).encode())
    bars = vendors.bars(N_ROWS, 2)
    ccxt = next(form for form in vendors.BARS if form.name == "ccxt")
    for i in range(2):
        (directory / f"part-{i}.csv").write_text(ccxt.text(bars[i * 100 : (i + 1) * 100]), encoding="utf-8")
    (directory / "no_header.csv").write_text(_lines("{ms},{ohlcv},x", bars), encoding="utf-8")
    header = "ts,open,high,low,close,Lots,x,n,note\n"
    two = header + _lines("{ms},{ohlcv},0,{n},a", bars)
    (directory / "two_volumes.csv").write_text(two, encoding="utf-8")
    wrong = ccxt.text(bars) + f"{FIRST_MS + N_ROWS * 60_000},1,2,0.5,abc,3\n"
    (directory / "some_wrong.csv").write_text(wrong, encoding="utf-8")


def _lines(template: str, bars: list[vendors.Bar]) -> str:
    return "".join(template.format(ms=bar.ms, ohlcv=vendors.ohlcv(bar), n=bar.trades) + "\n" for bar in bars)
