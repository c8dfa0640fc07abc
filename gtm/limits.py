"""What the destinations of a stack accept of a tag: names of parameters, how many, and how long values are.

Pure. Beyond a limit a destination drops the attribute. That is an error if no destination would keep it, and
a warning if one would.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contract import customer_profiles, pinpoint
from contract.string_length import utf16_length
from gtm.plan import Parameter, ParameterKind, Plan, TagPlan
from gtm.plan_error import PlanError, shown

_LONG_VALUE: Final = 255
"""The length of a value, for an estimate, where a destination has no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationLimits:
    """The limits of one service. None is no limit."""

    service: str
    name_characters: int | None = None
    user_attribute_name: re.Pattern[str] | None = None
    # What such a name is, and how to mend another, for messages.
    user_attribute_rule: str = ""
    keys_of_event: int | None = None
    user_attributes: int | None = None
    value_characters: int | None = None
    user_attribute_value_characters: int | None = None

    def problem(self, parameter: Parameter) -> str | None:
        """Why the service would drop this parameter."""
        length = utf16_length(parameter.name)
        if self.name_characters is not None and length > self.name_characters:
            return (
                f"the name {shown(parameter.name)} has {length} characters, and {self.service} accepts "
                f"{self.name_characters}; choose another"
            )
        pattern = self.user_attribute_name
        of_user = parameter.kind is ParameterKind.USER_ATTRIBUTE
        if of_user and pattern is not None and pattern.fullmatch(parameter.name) is None:
            return (
                f"the name {shown(parameter.name)} is no name of a user attribute in {self.service}: "
                f"{self.user_attribute_rule}"
            )
        return None

    def problem_of_tag(self, tag: TagPlan) -> str | None:
        """Why the service would drop some of the tag's parameters, as they are too many."""
        of_user = sum(parameter.kind is ParameterKind.USER_ATTRIBUTE for parameter in tag.parameters)
        of_event = len(tag.parameters) - of_user
        if self.keys_of_event is not None and of_event > self.keys_of_event:
            return (
                f"there are {of_event} event attributes and metrics, and {self.service} accepts "
                f"{self.keys_of_event} in all; remove some"
            )
        if self.user_attributes is not None and of_user > self.user_attributes:
            return (
                f"there are {of_user} user attributes, and {self.service} accepts {self.user_attributes}; "
                "remove some"
            )
        return None


DESTINATIONS: Final[Mapping[str, DestinationLimits]] = {
    "pinpoint": DestinationLimits(
        service="Amazon Pinpoint",
        name_characters=pinpoint.KEY_CHARACTERS,
        user_attribute_name=re.compile(rf"[^{re.escape(pinpoint.AVOIDED_IN_USER_ATTRIBUTE_NAME)}]+"),
        user_attribute_rule="it must not contain # : ? \\ /; use an underscore",
        keys_of_event=pinpoint.KEYS_OF_EVENT,
        user_attributes=pinpoint.USER_ATTRIBUTES,
        value_characters=pinpoint.VALUE_CHARACTERS,
        user_attribute_value_characters=pinpoint.USER_ATTRIBUTE_VALUE_CHARACTERS,
    ),
    "customer-profiles": DestinationLimits(
        service="Customer Profiles",
        user_attribute_name=re.compile(customer_profiles.USER_ATTRIBUTE_NAME),
        user_attribute_rule="1 to 59 letters, digits, _, - and dots; use an underscore",
        value_characters=customer_profiles.VALUE_CHARACTERS,
        user_attribute_value_characters=customer_profiles.VALUE_CHARACTERS,
    ),
    "firehose": DestinationLimits(service="Firehose"),
    "eventbridge": DestinationLimits(service="EventBridge"),
}
"""By the names in the setting `destinations`. Another destination has no known limits."""

DETAIL_TYPE_CHARACTERS: Final = 128
"""EventBridge cuts longer events in `detail-type`, and keeps them whole in the detail."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a stack's destinations. None, for an unknown stack, are those of all: the strictest."""

    destinations: Sequence[str] | None = None

    def checked(self, parameter: Parameter) -> Parameter:
        """The same parameter. Raises PlanError if no destination would keep it."""
        self._refuse([each.problem(parameter) for each in self._all])
        return parameter

    def checked_tag(self, tag: TagPlan) -> TagPlan:
        """The same tag. Raises PlanError if every destination would drop some of its parameters."""
        for parameter in tag.parameters:
            self.checked(parameter)
        self._refuse([each.problem_of_tag(tag) for each in self._all])
        return tag

    def warnings(self, plan: Plan) -> Iterator[str]:
        """What some of the destinations would drop."""
        for tag in plan.tags:
            event = tag.event or "all custom events"
            for each in self._all:
                problems = [each.problem_of_tag(tag), *map(each.problem, tag.parameters)]
                yield from (f"{event}: {problem}" for problem in problems if problem is not None)
            known = "eventbridge" in (self.destinations or ())
            if known and tag.event is not None and utf16_length(tag.event) > DETAIL_TYPE_CHARACTERS:
                yield (
                    f"{shown(tag.event)}: EventBridge's detail-type has only the first "
                    f"{DETAIL_TYPE_CHARACTERS} characters; match detail.event_type in rules, or push a "
                    "shorter name"
                )

    def longest_value(self, kind: ParameterKind) -> int:
        """Characters of the longest value that a destination takes, or that the strictest of all takes."""
        of_user = kind is ParameterKind.USER_ATTRIBUTE
        longest = [
            (each.user_attribute_value_characters if of_user else each.value_characters) or _LONG_VALUE
            for each in self._all
        ]
        return min(longest) if self.destinations is None else max(longest, default=_LONG_VALUE)

    @property
    def _all(self) -> list[DestinationLimits]:
        if self.destinations is None:
            return list(DESTINATIONS.values())
        return [DESTINATIONS.get(name) or DestinationLimits(service=name) for name in self.destinations]

    def _refuse(self, problems: Sequence[str | None]) -> None:
        found = [problem for problem in problems if problem is not None]
        if found and (self.destinations is None or len(found) == len(problems)):
            raise PlanError(found[0])


STRICTEST: Final = Limits()
