"""What can go wrong in the runtime's core; each message says what to do next.

Errors::

    RuntimeFault
    ├── StoreError                       the database can't do what was asked
    │   ├── DiskFullError (OSError)      no room: what was asked is not saved
    │   ├── ReadOnlyError (OSError)      the disk or file can't be written: nothing is saved
    │   ├── DamagedError                 the file was broken; it was moved aside and a new one begun
    │   └── NewerDatabaseError           a later Browline made the file; it is left as it is
    ├── SettingError (ValueError)        no such setting, or not a value it can have
    ├── RecordingError (ValueError)      a recording can't be started or read
    └── UnknownPartError (LookupError)   no part has this name
"""

from __future__ import annotations


class RuntimeFault(Exception):
    """Root of the core's errors."""


class StoreError(RuntimeFault):
    """The database can't do what was asked; nothing half done is left behind."""


class DiskFullError(StoreError, OSError):
    """There is no room on the disk; what was asked for is not saved."""


class ReadOnlyError(StoreError, OSError):
    """The disk can't be written; what was asked for is not saved."""


class DamagedError(StoreError):
    """The database was broken; it was moved aside and a new one was begun."""


class NewerDatabaseError(StoreError):
    """The database was made by a later version of Browline."""


class SettingError(RuntimeFault, ValueError):
    """There is no such setting, or it can't have this value."""


class RecordingError(RuntimeFault, ValueError):
    """A recording can't be started, or a file is not one."""


class UnknownPartError(RuntimeFault, LookupError):
    """No part has this name; the message lists those there are."""


def describe(error: BaseException) -> str:
    """Type and message on one line; of a group, its first leaf."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
