"""Reads a response that lists one result per item, in the order of the request. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from handler.delivery.failures import no_response, with_code
from handler.destinations import DeadLetter, Item, Outcome, Recorded, Retry, same_outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryResults:
    """The names of the parts of such a response in a service, and the meaning of its error codes.

    A result without an error and an id gives no response for its item, and a response that does not add up
    gives none for any: the service may have recorded the items or not.
    """

    name: str  # begins the reasons
    results: str  # the list: `RequestResponses` of Firehose's PutRecordBatch
    failed_count: str  # how many of them failed: `FailedPutCount`
    accepted_id: str  # present in a result if the service took the item: `RecordId`
    by_code: Mapping[str, Retry | DeadLetter]  # by the `ErrorCode` of a result
    other_code: Retry

    def read(self, items: Sequence[Item], response: Mapping[str, Any]) -> dict[str, Outcome]:
        """The outcome of each item, by message id."""
        listed: object = response.get(self.results)
        results = cast("list[object]", listed) if isinstance(listed, list) else []
        entries = [cast("dict[str, object]", one) if isinstance(one, dict) else {} for one in results]
        failed = sum(entry.get("ErrorCode") is not None for entry in entries)
        if len(entries) != len(items) or response.get(self.failed_count) != failed:
            return same_outcome(items, no_response(self.name))
        return {item.message_id: self._outcome(entry) for item, entry in zip(items, entries, strict=True)}

    def _outcome(self, entry: Mapping[str, object]) -> Outcome:
        code = entry.get("ErrorCode")
        if code is not None:
            return with_code(self.by_code.get(str(code), self.other_code), code)
        return Recorded() if entry.get(self.accepted_id) else no_response(self.name)
