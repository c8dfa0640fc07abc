"""Who the customer is: the variable that becomes the endpoint id."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from contract import url
from gtm.own_container.ga4_tags import GA4_EVENT, GOOGLE_TAGS, USER_ID, user_ids
from gtm.own_container.parts import Part, quoted
from gtm.own_container.values import Unread, Variables, data_layer_key
from gtm.plan import DEFAULT_ENDPOINT_ID
from gtm.variables import DataLayerVariable, PlainVariable

_NAMES: Final = (url.ENDPOINT_ID, USER_ID, "userId", "userID", "user.id")
"""Data layer keys of a customer, the first that exists first. Levels above do not count."""

_POSSIBLE_NAMES: Final = ("customer_id", "customerId", "customer.id", "visitorId", "uid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """The endpoint id's variable, and a sentence that says where it is from."""

    variable: PlainVariable
    why: str
    found: bool = True


def find(tags: Iterable[Part], variables: Variables) -> Customer:
    """From the Google tag's user_id, else an event tag's, else a data layer variable of that name."""
    senders = [tag for tag in tags if tag.type in (*GOOGLE_TAGS, GA4_EVENT) and not tag.paused]
    senders.sort(key=lambda tag: tag.type == GA4_EVENT)
    unread: list[str] = []
    for tag in senders:
        for text in user_ids(tag, variables):
            source = variables.read(text)
            if not isinstance(source, Unread):
                what = "GA4 event tag" if tag.type == GA4_EVENT else "Google tag"
                return Customer(variable=source, why=f"the {what} {quoted(tag.name)} sends it as user_id")
            unread.append(f"the user_id of {quoted(tag.name)} {source.why}, so it is not used")
    by_name = next(_named(_NAMES, variables), None)
    if by_name is not None:
        name, source = by_name
        return Customer(
            variable=source, why=_joined(unread, f"by its name: the data layer variable {quoted(name)}")
        )
    possible = [
        f"{source.key} (the variable {quoted(name)})"
        for name, source in _named(_POSSIBLE_NAMES, variables)
        if isinstance(source, DataLayerVariable)
    ]
    hint = f"; it may be {' or '.join(possible)}" if possible else ""
    return Customer(
        variable=DEFAULT_ENDPOINT_ID,
        why=_joined(unread, f"no tag sends a user_id and no data layer variable has that name{hint}"),
        found=False,
    )


def _named(names: Iterable[str], variables: Variables) -> Iterator[tuple[str, PlainVariable]]:
    for wanted in names:
        for name, variable in variables.by_name.items():
            key = data_layer_key(variable)
            if key is not None and f".{key}".endswith(f".{wanted}"):
                source = variables.read(f"{{{{{name}}}}}")
                if not isinstance(source, Unread):
                    yield name, source


def _joined(unread: Iterable[str], why: str) -> str:
    return "; ".join((*unread, why))
