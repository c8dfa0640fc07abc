"""Error messages about settings. Each is one line with the key, the value, the rule and the fix."""

import difflib
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pulumi

# The most keys that one line lists.
_FEW = 12


@dataclass(frozen=True, slots=True)
class Problem:
    """One error. `key` says where it is, for example customerProfilesTriggers[0].name."""

    key: str
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.key}: {self.what} {self.fix}"

    def within(self, prefix: str) -> "Problem":
        """The same problem, with `prefix` before its key."""
        return replace(self, key=prefix + self.key)


class SettingsError(pulumi.RunError):
    """Settings are invalid. `pulumi up` shows a line for each problem and creates nothing."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class InvalidValue(Exception):  # noqa: N818 - a reader's verdict, not a failure of the program
    """A value, or something in it, is invalid."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems


class Problems(list[Problem]):
    """Collects problems, so that one invalid value does not hide the next."""

    @contextmanager
    def collected(self) -> Generator[None]:
        """Keep the problems of an InvalidValue instead of raising it."""
        try:
            yield
        except InvalidValue as invalid:
            self.extend(invalid.problems)

    def raise_any(self) -> None:
        """Raise InvalidValue if there are problems."""
        if self:
            raise InvalidValue(*self)


def closest(word: str, known: Collection[str]) -> str | None:
    """The known word that was probably meant. Case does not count."""
    by_folded = {one.casefold(): one for one in known}
    matches = difflib.get_close_matches(word.casefold(), by_folded, n=5)
    # Swapped letters are the likeliest typo, then an unfinished word.
    matches.sort(
        key=lambda match: (sorted(match) != sorted(word.casefold()), not match.startswith(word.casefold()))
    )
    return by_folded[matches[0]] if matches else None


def unknown_key(path: str, key: str, known: Collection[str]) -> Problem:
    """The problem of an unknown key. `path` says where it is."""
    meant = closest(key, known)
    there_are = (
        f"There are {', '.join(known)}." if len(known) <= _FEW else "docs/settings.md lists the settings."
    )
    fix = f"Did you mean {meant}?" if meant else there_are
    return Problem(path, "there is no such setting.", fix)
