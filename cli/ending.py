"""Runs a command and says in one line how it ended, if it did not end well."""

import errno
import sys
from collections.abc import Callable
from typing import Final

from cli import interrupts, output
from cli.errors import FAILED, INTERRUPTED, USAGE_ERROR, FailedError, UsageError

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def exit_status(main: Callable[[], int]) -> int:
    """Run `main` as all that this process does; `interrupts.end_at_once` comes before."""
    output.escape_unknown_letters()
    try:
        interrupts.raise_exception()
        status = main()
        interrupts.ignore()
    except KeyboardInterrupt:
        interrupts.ignore()
        status = _interrupted()
    return status


def run(command: Callable[[], int]) -> int:
    """Run a command; returns the exit status. SystemExit, of --help, passes through."""
    try:
        status = command()
        output.flush()
        return status
    except UsageError as error:
        return _failed(error, USAGE_ERROR)
    except FailedError as error:
        return _failed(error, FAILED)
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:
        # The reader of a pipe has gone, as in `| head`.
        output.drop(sys.stdout)
        return FAILED
    except OSError as error:
        if error.errno not in _FULL:
            raise
        output.drop(sys.stdout)
        return _failed(FailedError(f"the output cannot be written ({error.strerror}); free space"), FAILED)


def _failed(error: UsageError | FailedError, status: int) -> int:
    first, *more = map(str, error.args)
    output.note(f"error: {first}")
    for line in more:
        output.note(line)
    return status


def _interrupted() -> int:
    output.note("interrupted")
    return INTERRUPTED
