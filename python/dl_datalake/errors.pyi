import builtins

class LakeError(Exception):
    """What the lake reports; the base of all."""

    code: str
    exit_status: int
    http_status: int

class InvalidArgumentError(LakeError, ValueError):
    """An argument is wrong."""

class InvalidStateError(LakeError, RuntimeError):
    """Not possible in this state."""

class NotFoundError(LakeError, FileNotFoundError):
    """There is no such thing."""

class ExistsError(LakeError, FileExistsError):
    """It exists already."""

class InvalidDataError(LakeError, ValueError):
    """The input cannot be understood."""

class CorruptError(LakeError, ValueError):
    """Stored data is damaged."""

class UnsupportedError(LakeError, NotImplementedError):
    """The feature is not supported."""

class IoError(LakeError, OSError):
    """The operating system reported an error."""

class PermissionError(LakeError, builtins.PermissionError):
    """Access is denied."""

class NoMemoryError(LakeError, MemoryError):
    """Out of memory, or over a configured limit."""

class NoSpaceError(LakeError, OSError):
    """The disk is full."""

class BusyError(LakeError, BlockingIOError):
    """Held by somebody else."""

class ConflictError(LakeError, RuntimeError):
    """Somebody else changed it meanwhile."""

class CancelledError(LakeError, KeyboardInterrupt):
    """Stopped on request."""

class TimeoutError(LakeError, builtins.TimeoutError):
    """Took too long."""

class RateLimitedError(LakeError, ConnectionError):
    """The remote side asks to wait."""

class RemoteError(LakeError, ConnectionError):
    """The remote side failed."""

class InternalError(LakeError, RuntimeError):
    """A mistake of this software."""

class MissingExtraError(LakeError, ImportError):
    """A package that the call needs is not installed; the message names the command that installs it."""
