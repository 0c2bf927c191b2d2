"""What the lake raises: one family of exceptions, a class for each kind of error of the engine.

Every class derives from `LakeError` and from the built-in that a person would catch, so that `except FileNotFoundError` and
`except NotFoundError` both work. `code` is the engine's name of the kind, `exit_status` what `dl` exits with, `http_status` what the server answers.

Example:
    >>> try:
    ...     client.read_ohlc("BINANCE", "BTCUSD", "2024-01-01", "2024-01-02")
    ... except NotFoundError as error:
    ...     print(error)
"""

from ._native import ERRORS, LakeError

__all__ = [
    "BusyError",
    "CancelledError",
    "ConflictError",
    "CorruptError",
    "ExistsError",
    "InternalError",
    "InvalidArgumentError",
    "InvalidDataError",
    "InvalidStateError",
    "IoError",
    "LakeError",
    "MissingExtraError",
    "NoMemoryError",
    "NoSpaceError",
    "NotFoundError",
    "PermissionError",
    "RateLimitedError",
    "RemoteError",
    "TimeoutError",
    "UnsupportedError",
]

# The classes are the extension's, made from the engine's one table: a new row there is a new name here.
globals().update({row[4].__name__: row[4] for row in ERRORS})


class MissingExtraError(LakeError, ImportError):
    """A package that the call needs is not installed; the message names the command that installs it."""

    code = "missing_extra"
    exit_status = 1
    http_status = 501
