"""Types of data: those that every lake knows, and those that its users add."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import ClassVar, TypeAlias

    from dl_datalake._lake import LakeRef

    # name, kind, unit, whether a source must have it, whether a row may lack it
    ColumnRow: TypeAlias = tuple[str, str, str | None, bool, bool]

_ALIASES = {"ticks": "trades"}


class _Types(type):
    """What `DataType` itself can be asked: it is iterated and looked into as an enumeration is."""

    def __iter__(cls) -> Iterator[DataType]:
        return iter(tuple(_members.values()))

    def __len__(cls) -> int:
        return len(_members)

    def __contains__(cls, value: object) -> bool:
        return isinstance(value, str) and find(value) is not None

    def __getitem__(cls, name: str) -> DataType:
        member = find(name)
        if member is None or name != name.upper():
            raise KeyError(name)
        return member

    def __dir__(cls) -> list[str]:
        return [*super().__dir__(), *(member.name for member in cls)]

    def __getattr__(cls, name: str) -> DataType:
        try:
            return cls[name]
        except KeyError:
            raise AttributeError(f"type object 'DataType' has no attribute '{name}'") from None


class DataType(str, metaclass=_Types):
    """A type of data. Members are text: `DataType.RAW == "raw"`, and go wherever the name of a type goes.

    `RAW` bars as the venue published them, `AGG` bars derived from them, `TRADES` (also `TICKS`), `AGGTRADES` that the venue has joined,
    `FUNDING` rates and `FEATURE`s. `DataType("ticks")` finds a member by name or alias, `DataType["RAW"]` by the attribute's name.

    Example:
        >>> [member.value for member in DataType]
        ['raw', 'agg', 'trades', 'aggtrades', 'funding', 'feature']
    """

    __slots__ = ("_columns", "_has_period", "_key", "_what")

    RAW: ClassVar[DataType]
    AGG: ClassVar[DataType]
    TRADES: ClassVar[DataType]
    TICKS: ClassVar[DataType]
    AGGTRADES: ClassVar[DataType]
    FUNDING: ClassVar[DataType]
    FEATURE: ClassVar[DataType]

    def __new__(cls, name: str) -> DataType:
        member = find(name) if isinstance(name, str) else None  # pyright: ignore[reportUnnecessaryIsInstance]
        if member is None:
            raise ValueError(f"{name!r} is none of the types {' '.join(_members)}")
        return member

    @property
    def value(self) -> str:
        """The name as plain text."""
        return str.__str__(self)

    @property
    def name(self) -> str:
        """The name of the attribute: "RAW"."""
        return self.value.upper()

    @classmethod
    def register(
        cls,
        name: str,
        columns: Mapping[str, str | tuple[str, str]],
        key: Sequence[str] = ("ts",),
        period: str | None = None,
        what: str | None = None,
    ) -> DataType:
        """Adds a type of one's own; a lake learns of it when rows of it are first written there, and knows it from then on.

        Args:
            name: 2 to 32 of a-z, 0-9 and `_`, beginning with a letter.
            columns: The kind of each column by its name, or (kind, unit). Kinds: "timestamp[ms]", "timestamp[us]", "double", "float",
                "int64", "int32", "bool", "utf8", "binary". `ts` comes first and is a timestamp. A kind that ends with "?" may be
                absent from a frame.
            key: What tells rows apart: `ts`, and perhaps one text column more.
            period: None for single events; any period ("1m") for rows that stand on a period's grid: each write then names its own.
            what: One line for people.

        Returns:
            The new member, which is also an attribute: `DataType.LIQUIDATIONS`.

        Raises:
            InvalidArgumentError: The name is one of the lake's own types, or the definition is not one.
            ExistsError: The name was registered with another definition.
            TypeError: An argument is of a wrong kind.

        Example:
            >>> DataType.register(
            ...     "liquidations", columns={"ts": "timestamp[us]", "id": "utf8", "price": "double"}, key=("ts", "id")
            ... )
            DataType.LIQUIDATIONS
        """
        from dl_datalake import _native, errors

        _check_text("name", name)
        if not hasattr(columns, "items"):
            raise TypeError(f"columns is {type(columns).__name__}, not the kind of each column by its name")
        if period is not None:
            _native.parse_period(period)
        if isinstance(key, str):
            key = (key,)
        rows = tuple(_column(column, kind, key) for column, kind in columns.items())
        # before it is known to this process, where it could not be changed any more
        _native.check_type(name, rows, tuple(key), what=what, has_period=period is not None)
        new = _make(name, rows, tuple(key), period is not None, what)
        old = _members.setdefault(name, new)
        if old.definition() != new.definition():
            raise errors.ExistsError(f"data type '{name}' is registered with another definition")
        return old

    @property
    def is_registered(self) -> bool:
        """Whether a user has added it."""
        return bool(self._columns)

    def definition(self) -> tuple[tuple[ColumnRow, ...], tuple[str, ...], bool, str | None]:
        """Tells what it was registered as.

        Returns:
            Columns (name, kind, unit, whether a source must have it, whether a row may lack it), key, whether it has periods, and what it is.
        """
        return self._columns, self._key, self._has_period, self._what

    _columns: tuple[ColumnRow, ...]
    _key: tuple[str, ...]
    _has_period: bool
    _what: str | None

    def __repr__(self) -> str:
        return f"DataType.{self.name}"

    def __reduce__(self) -> tuple[object, ...]:
        return (_restore, (self.value, *self.definition())) if self.is_registered else (DataType, (self.value,))


def find(name: str) -> DataType | None:
    """The member of a name or alias, in any case; None where there is none."""
    text = str.__str__(name).lower()
    return _members.get(_ALIASES.get(text, text))


def make_known(ref: LakeRef, name: str) -> None:
    """Registers a type of a user's with a lake, before rows of it are written there for the first time."""
    member = find(name)
    if member is None or not member.is_registered or not ref.register(member.value):
        return
    columns, key, has_period, what = member.definition()
    try:
        ref.open().register_type(member.value, columns, key, what=what, has_period=has_period)
    except BaseException:
        ref.unregister(member.value)
        raise


def forget(member: DataType) -> None:
    """Takes back what `DataType.register` did, where no lake has come to know it."""
    _members.pop(member.value, None)


def _make(
    name: str, columns: tuple[ColumnRow, ...], key: tuple[str, ...], has_period: bool, what: str | None
) -> DataType:
    member = str.__new__(DataType, name)
    member._columns, member._key = columns, key  # pyright: ignore[reportPrivateUsage]
    member._has_period, member._what = has_period, what  # pyright: ignore[reportPrivateUsage]
    return member


def _restore(
    name: str, columns: tuple[ColumnRow, ...], key: tuple[str, ...], has_period: bool, what: str | None
) -> DataType:
    """A type that another process registered."""
    return _members.setdefault(name, _make(name, columns, key, has_period, what))


def _column(name: str, kind: str | tuple[str, str], key: Sequence[str]) -> ColumnRow:
    unit = None
    if isinstance(kind, tuple):
        kind, unit = kind
    _check_text("a column's name", name)
    _check_text(f"the kind of column '{name}'", kind)
    is_key = name in key
    return name, kind.removesuffix("?"), unit, not kind.endswith("?"), not is_key


def _check_text(what: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{what} is {type(value).__name__}, not text")


_members: dict[str, DataType] = {}
for _name in "raw agg trades aggtrades funding feature".split():
    _members[_name] = _make(_name, (), (), False, None)
