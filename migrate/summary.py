"""What an import did, as a person reads it.

Pure: knows no clock, environment, logger or AWS client. Imports `endpoints` and `import_state`.
"""

from collections.abc import Mapping

from migrate.endpoints import EXPLANATIONS
from migrate.import_state import Summary


def summary_text(summary: Summary, *, verb: str) -> str:
    """Several lines; `verb` says what happened to the endpoints, as in "were imported"."""
    lines = [
        f"{summary.imported:,} of {_endpoints(summary.endpoints)} {verb} in {_duration(summary.seconds)}."
    ]
    lines += _table("Skipped:", summary.skipped)
    lines += _table("Refused by the service, by HTTP status:", summary.refused)
    lines += _table("Left out of endpoints that are not skipped:", summary.left_out)
    if summary.with_user_id:
        lines.append(
            f"{_endpoints(summary.with_user_id)} with a user id: one profile for each endpoint, because "
            "events name the endpoint."
        )
    return "\n".join(lines)


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


def _endpoints(count: int) -> str:
    return f"{count:,} endpoint" if count == 1 else f"{count:,} endpoints"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
