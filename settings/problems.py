"""What is wrong with a setting: one line with its key, its value, the rule and the fix."""

import difflib
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pulumi

# Keys that a line can list.
_FEW = 12


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong; `key` says where, such as customerProfilesTriggers[0].name."""

    key: str
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.key}: {self.what} {self.fix}"

    def within(self, prefix: str) -> "Problem":
        """The same with a longer key."""
        return replace(self, key=prefix + self.key)


class SettingsError(pulumi.RunError):
    """Settings are wrong; `pulumi up` shows the message, a line for each, and creates nothing."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class InvalidValue(Exception):  # noqa: N818 - a reader's verdict, not a failure of the program
    """A value, or several within it, cannot be used."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems


class Problems(list[Problem]):
    """A collection of problems, so that one wrong value does not hide the next."""

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
    """The known word that somebody probably meant, whatever its case."""
    by_folded = {one.casefold(): one for one in known}
    matches = difflib.get_close_matches(word.casefold(), by_folded, n=5)
    # Swapped letters are the likeliest slip.
    matches.sort(key=lambda match: sorted(match) != sorted(word.casefold()))
    return by_folded[matches[0]] if matches else None


def unknown_key(path: str, key: str, known: Collection[str]) -> Problem:
    """The problem of a key that does not exist; `path` says where it is."""
    meant = closest(key, known)
    there_are = (
        f"There are {', '.join(known)}." if len(known) <= _FEW else "docs/settings.md lists the settings."
    )
    fix = f"Did you mean {meant}?" if meant else there_are
    return Problem(path, "there is no such setting.", fix)
