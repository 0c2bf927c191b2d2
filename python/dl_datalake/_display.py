"""A lake as text and as HTML for notebooks. Whatever comes from a lake is escaped."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dl_datalake._lake import LakeRef

MOST_ROWS = 100

_STYLE = "text-align:right;font-variant-numeric:tabular-nums"
_BAR = (
    '<div style="display:inline-block;width:6em;height:.7em;background:#d9d9d9;border-radius:2px" title="{title}">'
    '<div style="width:{share:.1f}%;height:100%;background:#2e7d4f;border-radius:2px"></div></div> {text}'
)


def one_line(name: str, ref: LakeRef) -> str:
    """The `repr` of a client: what and where the lake is, and how much is in it. It never fails."""
    place = f"{name} data_root={ref.data_root!r} db_path={ref.db_path!r}"
    try:
        rows = _datasets(ref)
    except Exception as error:
        return f"<{place}: {error}>"
    if rows is None:
        return f"<{place}: no lake yet>"
    more = "more than " if len(rows) > MOST_ROWS else ""
    rows = rows[:MOST_ROWS]
    return f"<{place}: {more}{len(rows)} dataset{'s' * (len(rows) != 1)}, {sum(row['rows'] for row in rows):,} rows>"


def html(name: str, ref: LakeRef) -> str:
    """The table of datasets with their coverage."""
    from html import escape

    head = f"<b>{escape(name)}</b> <code>{escape(ref.data_root)}</code>, <code>{escape(ref.db_path)}</code>"
    try:
        rows = _datasets(ref)
    except Exception as error:
        return f"<div>{head}: {escape(str(error))}</div>"
    if not rows:
        return f"<div>{head}: {'no lake yet' if rows is None else 'empty'}</div>"
    body = "".join(_row(row) for row in rows[:MOST_ROWS])
    names = "exchange market symbol type period first last rows coverage size".split()
    titles = "".join(f"<th>{title}</th>" for title in names)
    more = f"<div>the first {MOST_ROWS}; all: <code>client.datasets()</code></div>" if len(rows) > MOST_ROWS else ""
    return f"<div>{head}<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>{more}</div>"


def _row(row: dict[str, Any]) -> str:
    from html import escape

    from dl_datalake._progress import human_bytes

    cells = "".join(f"<td>{escape(str(row[name]))}</td>" for name in ("exchange", "market", "symbol", "type", "period"))
    cells += "".join(f"<td>{escape(_day(row[name]))}</td>" for name in ("first_ts", "last_ts"))
    cells += f'<td style="{_STYLE}">{row["rows"]:,}</td><td>{_coverage(row["rows"], row["gaps"])}</td>'
    return f'<tr>{cells}<td style="{_STYLE}">{human_bytes(row["bytes"])}</td></tr>'


def _coverage(n_rows: int, n_missing: int | None) -> str:
    """A bar of how many of the bars between first and last are there; nothing of what is no bars."""
    if n_missing is None or n_rows + n_missing == 0:
        return ""
    share = 100 * n_rows / (n_rows + n_missing)
    # what lacks a bar is never shown as whole
    text = "100 %" if n_missing == 0 else f"{min(share, 99.99):.2f} %"
    return _BAR.format(title=f"{n_missing:,} missing", share=share, text=text)


def _day(ms: int | None) -> str:
    from dl_datalake._times import utc

    return "" if ms is None else utc(ms).strftime("%Y-%m-%d %H:%M")


def _datasets(ref: LakeRef) -> list[dict[str, Any]] | None:
    from dl_datalake._rows import as_rows

    lake = ref.open_if_there()
    return None if lake is None else as_rows(lake.list_datasets(limit=MOST_ROWS + 1).read_all())
