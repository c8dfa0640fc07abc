"""Names of AWS resources that begin with the stack's, in the characters that every service takes. Pure."""

import hashlib
import re
from typing import Final

_FORBIDDEN: Final = re.compile(r"[^A-Za-z0-9_-]")
_HASH_CHARACTERS: Final = 8


def fitting_name(stack: str, *, longest: int, suffix: str = "") -> str:
    """The stack's name and `suffix`, in at most `longest` letters, digits, - and _.

    A name that has to be changed ends with a hash of the whole: the stacks `eu.live` and `eu-live` must not
    share a resource.
    """
    name = f"{stack}{suffix}"
    if len(name) <= longest and not _FORBIDDEN.search(name):
        return name
    end = f"-{hashlib.sha256(stack.encode()).hexdigest()[:_HASH_CHARACTERS]}{suffix}"
    return f"{_FORBIDDEN.sub('-', stack)[: longest - len(end)]}{end}"
