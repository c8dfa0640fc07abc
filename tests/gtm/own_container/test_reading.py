"""What is read of triggers, parameters and variables of all shapes."""

from typing import Any

import pytest

from gtm.plan_error import PlanError
from tests.gtm.own_container.exports import (
    boolean,
    condition,
    data_layer_variable,
    event_trigger,
    export,
    ga4_tag,
    table,
    tag,
    template,
    trigger,
)
from tests.gtm.own_container.inspecting import passed_over, reading, reported, text_of, written


class TestTriggers:
    def sent(self, *triggers: Any, tags: list[Any] | None = None) -> list[str]:
        return list(written(export(tags or [], triggers)).get("events", {}))

    def test_without_ga4_tags_the_triggers_name_the_events(self) -> None:
        assert self.sent(event_trigger("1", "a"), event_trigger("2", "b")) == ["a", "b"]

    @pytest.mark.parametrize("pattern", ["a|b.c", "^(a|b\\.c)$", "^a$|^b.c$", "(?:a|b\\.c)"])
    def test_a_pattern_of_alternatives_names_each(self, pattern: str) -> None:
        assert self.sent(event_trigger("1", pattern, "MATCH_REGEX")) == ["a", "b.c"]

    @pytest.mark.parametrize(
        ("operator", "operand"),
        [("CONTAINS", "cart"), ("STARTS_WITH", "cart"), ("MATCH_REGEX", "^cart_\\d+$"), ("MATCH_REGEX", "[")],
    )
    def test_events_that_cannot_be_listed_are_passed_over(self, operator: str, operand: str) -> None:
        made = export([], [event_trigger("1", "a"), event_trigger("2", operand, operator, name="open")])

        assert '"open": its events cannot be listed' in passed_over(made)

    def test_a_container_that_lists_no_event_says_which_trigger_hides_them(self) -> None:
        made = export([], [event_trigger(str(number), f"{number}_.*", "MATCH_REGEX") for number in (1, 2, 3)])

        with pytest.raises(PlanError) as raised:
            reading(made)
        assert str(raised.value) == (
            'names no custom event: trigger "CE - 1_.*": its events cannot be listed ({{_event}} matches '
            '"1_.*") (and 2 more like it); copy gtm/gtm.yaml, and name the events there'
        )

    def test_a_condition_on_the_event_itself_is_no_further_filter(self) -> None:
        made = export([], [event_trigger("1", "a", filters=[condition("EQUALS", "{{Event}}", "a")])])

        assert "also asks" not in text_of(made)

    def test_the_api_writes_types_in_other_letters(self) -> None:
        lower = trigger("1", "a", "customEvent", customEventFilter=[condition("equals", "{{_event}}", "a")])

        assert self.sent(lower) == ["a"]

    def test_a_tag_for_every_event_becomes_one_for_all_custom_events(self) -> None:
        every = ga4_tag("1", "{{Event}}", ["1"], rows={"topic": "{{DLV - topic}}"})
        made = export([every], [event_trigger("1", ".*", "MATCH_REGEX")], [data_layer_variable("1", "topic")])

        assert written(made)["all_custom_events"] == {"event_attributes": {"topic": "topic"}}

    def test_ecommerce_data_of_a_tag_for_every_event_needs_the_names(self) -> None:
        every = ga4_tag("1", "{{Event}}", ["1"], ecommerce=True, name="Shop")
        made = export([every], [event_trigger("1", ".*", "MATCH_REGEX")])

        assert "shops only; name these under ga4, in place of all_custom_events" in passed_over(made)

    def test_events_of_gtm_and_of_gtm_pixel_are_not_sent(self) -> None:
        own = event_trigger("2", "x", name="gtm-pixel - x")
        tags = [tag("1", "gtm-pixel - x", "img", [], ["2"])]

        assert self.sent(event_trigger("1", "a"), own, event_trigger("3", "gtm.video"), tags=tags) == ["a"]


class TestOtherParts:
    def test_zones_and_parts_of_unknown_kinds_are_named(self) -> None:
        made = export([], [event_trigger("1", "a")])
        made["containerVersion"] |= {"zone": [{"name": "Partner"}], "spell\x1b": [{"name": "x"}]}

        named = passed_over(made).splitlines()
        assert '  zone "Partner": loads other containers; inspect their exports as well' in named
        assert '  spell\\u001b "x": is not read' in named

    def test_folders_and_built_in_variables_are_not(self) -> None:
        made = export([], [event_trigger("1", "a")])
        made["containerVersion"]["folder"] = [{"name": "Shop"}]

        assert passed_over(made) == ""


class TestParameters:
    def event(self, *variables: Any, ecommerce: bool = False, **rows: str) -> Any:
        made = export(
            [ga4_tag("1", "done", ["1"], rows=rows, ecommerce=ecommerce)],
            [event_trigger("1", "done")],
            variables,
        )
        return written(made)["events"]["done"]

    def test_ga4s_names_of_numbers_become_metrics(self) -> None:
        assert self.event(
            data_layer_variable("1", "n"), value="{{DLV - n}}", tax="{{DLV - n}}", size="{{DLV - n}}"
        ) == {
            "event_attributes": {"size": "n"},
            "metrics": {"value": "n", "tax": "n"},
        }

    def test_items_become_lists_and_their_count(self) -> None:
        assert self.event(data_layer_variable("1", "cart.items"), items="{{DLV - cart.items}}") == {
            "event_attributes": {
                "item_ids": {"list": "cart.items", "of": "item_id"},
                "item_names": {"list": "cart.items", "of": "item_name"},
                "item_categories": {"list": "cart.items", "of": "item_category"},
            },
            "metrics": {"item_count": {"count": "cart.items"}},
        }

    def test_an_event_id_is_the_event_id(self) -> None:
        assert self.event(data_layer_variable("1", "uid"), event_id="{{DLV - uid}}") == {"event_id": "uid"}

    def test_a_purchase_under_another_name_keeps_its_preset(self) -> None:
        made = export([ga4_tag("1", "purchase", ["1"], ecommerce=True)], [event_trigger("1", "order_done")])

        order = written(made)["events"]["order_done"]
        assert order["event_id"] == "ecommerce.transaction_id"
        assert order["metrics"]["value"] == "ecommerce.value"
        assert order["event_attributes"]["item_ids"] == {"list": "ecommerce.items", "of": "item_id"}

    def test_ecommerce_data_of_another_variable_is_read_from_there(self) -> None:
        parameters = [
            *(
                boolean("sendEcommerceData", value=True),
                template("ecommerceMacroData", "{{DLV - order.ga4}}"),
            ),
            *(template("getEcommerceDataFrom", "customObject"), template("eventName", "purchase")),
        ]
        made = export(
            [tag("1", "GA4", "gaawe", parameters, ["1"])],
            [event_trigger("1", "purchase")],
            [data_layer_variable("1", "order.ga4")],
        )

        assert written(made)["events"]["purchase"]["event_id"] == "order.ga4.transaction_id"

    def test_former_tags_have_their_parameters_in_another_table(self) -> None:
        parameters = [
            template("eventName", "done"),
            table("eventParameters", {"size": "{{DLV - size}}"}, ("name", "value")),
            {"type": "TAG_REFERENCE", "key": "measurementId", "value": "GA4"},
        ]
        made = export(
            [tag("1", "GA4", "gaawe", parameters, ["1"])],
            [event_trigger("1", "done")],
            [data_layer_variable("1", "size")],
        )

        assert written(made)["events"]["done"] == {"event_attributes": {"size": "size"}}

    def test_of_two_tags_for_an_event_the_first_counts(self) -> None:
        tags = [
            ga4_tag("1", "done", ["1"], rows={"size": "{{DLV - a}}"}, name="one"),
            ga4_tag("2", "done", ["1"], rows={"size": "{{DLV - b}}", "more": "{{DLV - b}}"}, name="two"),
        ]
        made = export(
            tags, [event_trigger("1", "done")], [data_layer_variable("1", "a"), data_layer_variable("2", "b")]
        )

        assert written(made)["events"]["done"] == {"event_attributes": {"size": "a", "more": "b"}}
        assert 'parameter "size" of "two": has another value in "one", which counts' in passed_over(made)

    def test_more_parameters_than_an_event_may_have_are_named(self) -> None:
        rows = {f"p{number}": "{{DLV - a}}" for number in range(45)}
        made = export(
            [ga4_tag("1", "done", ["1"], rows=rows)],
            [event_trigger("1", "done")],
            [data_layer_variable("1", "a")],
        )

        assert len(written(made)["events"]["done"]["event_attributes"]) == 40
        assert passed_over(made).count('parameter "p4') == 5

    @pytest.mark.parametrize(
        "key", ["ecommerce.items.0. quantity", "items[0].id", "", "a..b", "with\u2028break"]
    )
    def test_a_key_that_no_plan_may_have_is_named(self, key: str) -> None:
        made = export(
            [ga4_tag("1", "done", ["1"], rows={"size": "{{x}}"})],
            [event_trigger("1", "done")],
            [data_layer_variable("1", key, name="x")],
        )

        assert 'parameter "size" of "GA4 - done": is "x": the data layer variable' in passed_over(made)

    def test_version_1_of_the_data_layer_is_read_only_without_dots(self) -> None:
        variables = [
            data_layer_variable("1", "a.b", name="x", version=1),
            data_layer_variable("2", "a", name="y", version=1),
        ]

        assert self.event(*variables, x="{{x}}", y="{{y}}") == {"event_attributes": {"y": "a"}}


HOSTILE = [
    '"',
    "#",
    "a: b",
    "- x",
    "null",
    "1.0",
    "yes",
    "{{x}}",
    "a\nb",
    "a\u2028b",
    "\ud800",
    "🟤 café",
    "'",
    "*a",
    "%",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_any_characters_do_no_harm(name: str) -> None:
    made = export(
        [ga4_tag("1", "done", ["1"], rows={name: "{{v}}"}, name=name), ga4_tag("2", name, ["2"])],
        [
            event_trigger("1", "done", name=name, filters=[condition("EQUALS", f"{{{{{name}}}}}", name)]),
            event_trigger("2", name),
            event_trigger("3", f"{name}3", name=name),
        ],
        [data_layer_variable("1", "key", name="v")],
        name=name,
    )

    text = reported(made)

    assert "done" in written(made)["events"]
    assert text.isprintable() or set(text) - set(filter(str.isprintable, text)) == {"\n"}


@pytest.mark.parametrize(
    "broken", [None, 3, [], {}, "x", [None], [{"type": None}], [{"name": 3, "parameter": {}}]]
)
def test_parts_of_another_shape_are_read_as_empty(broken: Any) -> None:
    made = export(
        [ga4_tag("1", "done", ["1"])], [event_trigger("1", "done")], [data_layer_variable("1", "user_id")]
    )
    version = made["containerVersion"]
    for kind in ("tag", "trigger", "variable"):
        version[kind].extend(broken if isinstance(broken, list) else [broken])
    version["tag"][0]["parameter"].append({"key": "eventSettingsTable", "list": broken})
    version["tag"][0]["consentSettings"] = broken
    version["builtInVariable"] = broken

    sent = written(made)

    assert sent["endpoint_id"] == "user_id"
    assert sent["events"] == {"done": None}
