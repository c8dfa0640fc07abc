"""Reads a response that lists one result per item, in the order of the request. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from handler.destinations import Item, Outcome, Recorded, Retry, same_outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryResults:
    """What a service calls the parts of such a response, and what its error codes mean.

    A result that says too little, and a response that does not add up, are `no_response`: the service may
    have the item or not.
    """

    results: str  # the list: `RequestResponses` of Firehose's PutRecordBatch
    failed_count: str  # how many of them failed: `FailedPutCount`
    accepted_id: str  # what a result has if the service took the item: `RecordId`
    no_response: Retry
    outcome_of_code: Callable[[object], Outcome]  # of the `ErrorCode` of a result

    def read(self, items: Sequence[Item], response: Mapping[str, Any]) -> dict[str, Outcome]:
        """The outcome of each item, by message id."""
        listed: object = response.get(self.results)
        results = cast("list[object]", listed) if isinstance(listed, list) else []
        entries = [cast("dict[str, object]", one) if isinstance(one, dict) else {} for one in results]
        failed = sum(entry.get("ErrorCode") is not None for entry in entries)
        if len(entries) != len(items) or response.get(self.failed_count) != failed:
            return same_outcome(items, self.no_response)
        return {item.message_id: self._outcome(entry) for item, entry in zip(items, entries, strict=True)}

    def _outcome(self, entry: Mapping[str, object]) -> Outcome:
        code = entry.get("ErrorCode")
        if code is not None:
            return self.outcome_of_code(code)
        return Recorded() if entry.get(self.accepted_id) else self.no_response
