"""Files that the commands write: new, whole, and for the owner alone."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from cli.errors import FailedError

_ONLY_THE_OWNER: Final = 0o600


@contextmanager
def new_file(file: Path) -> Generator[TextIO]:
    """Opens a new file for writing, and removes it if the block fails. Raises FailedError."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_THE_OWNER)
    except OSError as error:
        raise FailedError(f"{file} cannot be written ({error.strerror}); name a new file") from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            yield opened
    except BaseException as error:
        file.unlink()
        if isinstance(error, OSError):
            raise FailedError(f"{file} cannot be written ({error.strerror})") from None
        raise
