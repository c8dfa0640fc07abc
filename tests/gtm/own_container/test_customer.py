"""Which variable of a container becomes the endpoint id."""

from typing import Any

import pytest

from tests.gtm.own_container.exports import (
    cookie_variable,
    data_layer_variable,
    event_trigger,
    export,
    ga4_tag,
    settings_variable,
    table,
    tag,
    template,
    variable,
)
from tests.gtm.own_container.inspecting import reported, text_of, written


class TestTheCustomer:
    """Which variable becomes the endpoint id."""

    TRIGGERS = (event_trigger("1", "done"),)
    EVENT = ga4_tag("1", "done", ["1"])

    def endpoint_id(self, tags: list[Any], variables: list[Any]) -> tuple[Any, str]:
        made = export(tags, self.TRIGGERS, variables)
        (line,) = [line for line in reported(made).splitlines() if line.startswith("  endpoint_id:")]
        return written(made)["endpoint_id"], line.partition(", because ")[2]

    @pytest.mark.parametrize(
        "parameters",
        [
            [table("configSettingsTable", {"user_id": "{{id}}"})],
            [template("configSettingsVariable", "{{config}}")],
            [table("eventSettingsTable", {"user_id": "{{id}}"})],
            [template("eventSettingsVariable", "{{events}}")],
        ],
        ids=["its settings", "a settings variable", "its event settings", "an event settings variable"],
    )
    def test_the_google_tag_says_it(self, parameters: list[Any]) -> None:
        google = tag("9", "Google", "googtag", [template("tagId", "G-1"), *parameters], ["2147479573"])
        variables = [
            data_layer_variable("1", "crm.number", name="id"),
            data_layer_variable("2", "user_id"),
            settings_variable("3", "config", "gtcs", [table("configSettingsTable", {"user_id": "{{id}}"})]),
            settings_variable("4", "events", "gtes", [table("eventSettingsTable", {"user_id": "{{id}}"})]),
        ]

        assert self.endpoint_id([self.EVENT, google], variables) == (
            "crm.number",
            'the Google tag "Google" sends it as user_id',
        )

    def test_the_former_configuration_tag_says_it_in_its_fields(self) -> None:
        fields = table("fieldsToSet", {"user_id": "{{Cookie}}"}, ("name", "value"))
        former = tag("9", "GA4", "gaawc", [fields], ["2147479553"])
        cookie = cookie_variable("1", "Cookie", "crm")

        assert self.endpoint_id([self.EVENT, former], [cookie])[0] == {"cookie": "crm"}

    def test_else_an_event_tag_says_it(self) -> None:
        event = ga4_tag("1", "done", ["1"], rows={"user_id": "{{id}}"})

        found = self.endpoint_id([event], [data_layer_variable("1", "crm", name="id")])

        assert found == ("crm", 'the GA4 event tag "GA4 - done" sends it as user_id')

    def test_else_a_variable_with_the_name(self) -> None:
        variables = [data_layer_variable("1", "customer.userId"), data_layer_variable("2", "page.user_id")]

        assert self.endpoint_id([self.EVENT], variables) == (
            "page.user_id",
            'by its name: the data layer variable "DLV - page.user_id"',
        )

    def test_a_user_id_that_cannot_be_sent_is_named(self) -> None:
        google = tag("9", "Google", "googtag", [table("configSettingsTable", {"user_id": "{{JS}}"})], ["1"])
        variables = [
            variable("1", "JS", "jsm", [template("javascript", "function() {}")]),
            data_layer_variable("2", "userId"),
        ]

        assert self.endpoint_id([self.EVENT, google], variables) == (
            "userId",
            'the user_id of "Google" is "JS", a Custom JavaScript variable, so it is not used; by its name: '
            'the data layer variable "DLV - userId"',
        )

    def test_else_a_line_to_check(self) -> None:
        made = export([self.EVENT], self.TRIGGERS, [data_layer_variable("1", "shop.customer_id")])
        text = text_of(made)

        assert "CHECK THIS LINE" in text
        assert self.endpoint_id([self.EVENT], [data_layer_variable("1", "shop.customer_id")]) == (
            "endpoint_id",
            "no tag sends a user_id and no data layer variable has that name; it may be "
            'shop.customer_id (the variable "DLV - shop.customer_id")',
        )
