"""What an operation did."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dl_datalake._frames import To
    from dl_datalake._native import Table


class Outcome(dict[str, "Any"]):
    """What an operation did: its numbers by name, as items or as attributes, and what it lists as a table.

    Example:
        >>> outcome = client.verify(full=True)
        >>> outcome.n_problems
        0
        >>> outcome.frame()  # a row a problem
    """

    __slots__ = ("table",)

    def __init__(self, numbers: dict[str, Any], table: Table | None = None) -> None:
        super().__init__(numbers)
        self.table = table

    def frame(self, to: To = "polars") -> Any:
        """The rows that the operation lists.

        Args:
            to: "polars", "pandas", "arrow", "numpy", "duckdb" or "table".

        Returns:
            The frame; None where the operation lists nothing.

        Raises:
            MissingExtraError: The library is not installed.
        """
        from dl_datalake import _frames

        return None if self.table is None else _frames.converter(to)(self.table)

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the outcome has no '{name}'; it has {', '.join(self)}") from None

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self})

    def __repr__(self) -> str:
        return f"Outcome({', '.join(f'{name}={value!r}' for name, value in self.items())})"

    def __reduce__(self) -> tuple[object, ...]:
        return Outcome, (dict(self),)
