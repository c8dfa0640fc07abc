"""What an import did, as a person reads it.

Pure: knows no clock, environment, logger or AWS client.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from migrate.account import Summary
from migrate.endpoints import EXPLANATIONS

_MOST_NAMES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """What a search for some of the profiles found in the end."""

    count: int
    missing: int
    different: int
    # Of a customer who opted out: has an address, or not the mark.
    against_consent: int
    # The service did not answer: nothing is known of them.
    unanswered: bool = False


def summary_text(
    summary: Summary,
    *,
    verb: str,
    attributes: Collection[str],
    by_user: bool,
    look_up: LookUp | None = None,
) -> str:
    """Several lines; `verb` says what happened to the profiles, as in "were taken"."""
    rate = f", {summary.profiles / summary.seconds:,.0f} a second" if summary.seconds >= 1 else ""
    lines = [
        f"{_count(summary.profiles, 'profile')} of {_count(summary.of_endpoints, 'endpoint')} {verb} in "
        f"{_duration(summary.seconds)}{rate}; the export has {_count(summary.endpoints, 'endpoint')}."
    ]
    if summary.profiles:
        lines.append(
            f"Of these profiles {summary.with_email:,} have an email address, {summary.with_phone:,} a phone "
            f"number, {summary.without_address:,} neither; {summary.opted_out:,} have the mark of an opt-out."
        )
    if summary.addresses_removed:
        lines.append(
            f"{_count(summary.addresses_removed, 'address', 'addresses')} that the target had of customers "
            "who opted out, or of inactive endpoints, are taken away."
        )
    if look_up is not None and look_up.count:
        lines.append(_look_up_text(look_up))
    lines += _table(
        "Addresses of customers who opted out that are STILL IN THEIR PROFILES, by HTTP status:",
        summary.addresses_kept,
    )
    lines += _table("Refused by the service, profiles by HTTP status:", summary.refused)
    lines += _table("Endpoints skipped:", summary.skipped)
    lines += _table("Left out of the others:", summary.left_out)
    lines += _undeclared_text(summary.undeclared, attributes)
    if by_user and summary.of_endpoints > summary.profiles:
        lines.append("Endpoints of one user are one profile (--key user-id).")
    return "\n".join(lines)


def _look_up_text(look_up: LookUp) -> str:
    if look_up.unanswered:
        return (
            "What the target holds is not known: the service did not answer a search for "
            f"{look_up.count:,} of them."
        )
    if not (look_up.missing or look_up.different or look_up.against_consent):
        return f"{look_up.count:,} of them were looked up: all are as they were sent."
    parts = {
        "not found yet": look_up.missing,
        "with another address": look_up.different,
        "WITH AN ADDRESS OR WITHOUT THE MARK although the customer opted out": look_up.against_consent,
    }
    found = ", ".join(f"{count:,} {what}" for what, count in parts.items() if count)
    return f"{look_up.count:,} of them were looked up: {found}."


def _undeclared_text(undeclared: Counter[str], attributes: Collection[str]) -> list[str]:
    """The names of user attributes that no profile gets, and which of them may be slips of the pen."""
    if not undeclared:
        return []
    by_letters = {name.casefold(): name for name in attributes}
    lines = ["User attributes of the export that are not declared:"]
    for name, count in undeclared.most_common(_MOST_NAMES):
        like = by_letters.get(name.casefold())
        hint = f"  differs from {like} in the case of letters only" if like is not None else ""
        shown = name if name.isprintable() else ascii(name)
        lines.append(f"  {count:>9,}  {shown[:60]}{hint}")
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
