"""What was found in a container, for a terminal."""

from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Final

from gtm.own_container.findings import FoundEvent, Reading
from gtm.own_container.parts import bare, quoted
from gtm.variables import CookieVariable, DataLayerVariable, PlainVariable

_LONGEST_CELL: Final = 60

Cells = tuple[str, ...]


def report(reading: Reading) -> Iterator[str]:
    """Lines of text."""
    container = reading.container
    yield (
        f"Container {quoted(container.name)} {bare(container.public_id)}: {_count(container.tags, 'tag')}, "
        f"{_count(container.triggers, 'trigger')}, {_count(container.variables, 'variable')}"
    )
    yield from ("", "Customer" if reading.customer.found else "Customer: CHECK THIS LINE of gtm.yaml")
    yield f"  endpoint_id: {_source(reading.customer.variable)}, because {reading.customer.why}"
    events = (*reading.sent, *reading.unsent)
    yield from ("", f"Custom events: {len(events)}")
    yield from _table([("EVENT", "IN GTM.YAML", "GA4 EVENT TAGS", "TRIGGERS"), *map(_event, events)])
    if reading.variables:
        yield from ("", f"Data layer variables: {len(reading.variables)}")
        rows = [(bare(each.key), bare(each.name), _listed(each.used_for)) for each in reading.variables]
        yield from _table([("KEY", "VARIABLE", "SENT AS"), *rows])
    if reading.passed_over:
        yield from ("", f"Passed over: {len(reading.passed_over)}")
        yield from (f"  {line}" for line in reading.passed_over)


def _event(event: FoundEvent) -> Cells:
    where = "not sent" if event.plan is None else "ga4" if event.preset else "events"
    name = "all custom events" if event.name is None else bare(event.name)
    if event.ga4_names:
        name += f" (GA4: {', '.join(map(bare, event.ga4_names))})"
    return name, where, _listed(event.tags), _listed(event.triggers)


def _source(variable: PlainVariable) -> str:
    match variable:
        case DataLayerVariable(key):
            return key
        case CookieVariable(name):
            return f"the cookie {name}"


def _table(rows: Sequence[Cells]) -> Iterator[str]:
    """Columns of equal width, except for the last."""
    shortened = [tuple(_short(cell) for cell in row[:-1]) + row[-1:] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shortened, strict=True)]
    for row in shortened:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        yield f"  {'  '.join(cells)}".rstrip()


def _short(cell: str) -> str:
    return cell if len(cell) <= _LONGEST_CELL else cell[: _LONGEST_CELL - 1] + "…"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(bare, names)) or "-"


def _count(things: Sized, what: str) -> str:
    return f"{len(things)} {what}" if len(things) == 1 else f"{len(things)} {what}s"
