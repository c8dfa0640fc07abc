"""Writes the summary of an import for a person to read.

Pure.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cli.printable import printable
from migrate.endpoints import EXPLANATIONS
from migrate.import_log import Counts

_MOST_NAMES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotCheck:
    """How many of the sampled profiles differ from what was sent."""

    count: int
    missing: int = 0
    different: int = 0
    # The customer opted out, but the profile has an address or lacks the opt-out mark.
    against_consent: int = 0
    # The service did not respond, so nothing is known about the sample.
    failed: bool = False


def summary_lines(
    counts: Counts,
    *,
    verb: str,
    attributes: Collection[str],
    by_user: bool,
    check: SpotCheck | None = None,
) -> list[str]:
    """Lines of text. `verb` says what happened to the profiles, for example "were imported"."""
    rate = f", {counts.profiles / counts.seconds:,.0f} a second" if counts.seconds >= 1 else ""
    lines = [
        f"{_count(counts.profiles, 'profile')} from {_count(counts.of_endpoints, 'endpoint')} {verb} in "
        f"{_duration(counts.seconds)}{rate}. The export has {_count(counts.endpoints, 'endpoint')}."
    ]
    if counts.profiles:
        lines.append(
            f"Of these profiles, {counts.with_email:,} have an email address, {counts.with_phone:,} a phone "
            f"number, {counts.without_address:,} neither; {counts.opted_out:,} are marked as opted out."
        )
    if counts.addresses_removed:
        lines.append(
            f"Removed {_count(counts.addresses_removed, 'address', 'addresses')} from existing profiles: the "
            "customers opted out, or the endpoints are inactive."
        )
    if check is not None and check.count:
        lines.append(_check_text(check))
    lines += _table(
        "Addresses of customers who opted out, STILL IN THEIR PROFILES, by HTTP status:",
        counts.addresses_kept,
    )
    lines += _table("Profiles refused by the service, by HTTP status:", counts.refused)
    lines += _table("Endpoints skipped:", counts.skipped)
    lines += _table("Dropped from imported endpoints:", counts.dropped)
    lines += _undeclared_text(counts.undeclared, attributes)
    if by_user and counts.of_endpoints > counts.profiles:
        lines.append("All endpoints of a user become one profile (--key user-id).")
    return lines


def _check_text(check: SpotCheck) -> str:
    if check.failed:
        return f"Spot check failed: the service did not respond to a search for {check.count:,} profiles."
    if not (check.missing or check.different or check.against_consent):
        return f"Spot check of {check.count:,} profiles: all are as they were sent."
    parts = {
        "not found yet": check.missing,
        "with another address": check.different,
        "OPTED OUT BUT WITH AN ADDRESS OR WITHOUT THE MARK": check.against_consent,
    }
    found = ", ".join(f"{count:,} {what}" for what, count in parts.items() if count)
    return f"Spot check of {check.count:,} profiles: {found}."


def _undeclared_text(undeclared: Counter[str], attributes: Collection[str]) -> list[str]:
    """User attributes that no profile gets, and which of them may be misspelled."""
    if not undeclared:
        return []
    by_letters = {name.casefold(): name for name in attributes}
    lines = ["User attributes of the export that the object type does not declare:"]
    for name, count in undeclared.most_common(_MOST_NAMES):
        like = by_letters.get(name.casefold())
        hint = f"  differs from {like} only in case" if like is not None else ""
        lines.append(f"  {count:>9,}  {printable(name)[:60]}{hint}")
    if len(undeclared) > _MOST_NAMES:
        lines.append(f"             and {len(undeclared) - _MOST_NAMES:,} more")
    return lines


def _table(heading: str, counts: Mapping[str, int]) -> list[str]:
    if not counts:
        return []
    width = max(len(reason) for reason in counts)
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    return [
        heading,
        *(
            f"  {count:>9,}  {reason:<{width}}  {EXPLANATIONS.get(reason, '')}".rstrip()
            for reason, count in rows
        ),
    ]


def _count(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one}" if count == 1 else f"{count:,} {many or one + 's'}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
