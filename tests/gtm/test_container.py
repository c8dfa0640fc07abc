"""The container export: genuine shape, right tags, and the same bytes for the same plan."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.missing_values import is_without_identity
from gtm.container import ALL_CUSTOM_EVENTS, CUSTOM_EVENT_PATTERN, as_text, container_export, plan_of
from gtm.export_parts import PREFIX
from gtm.export_variables import EVENTS_URL as EVENTS_URL_VARIABLE
from gtm.export_variables import variable_name
from gtm.ga4 import Source, preset_tag
from gtm.plan import Parameter, ParameterKind, Plan, TagPlan
from gtm.plan_error import PlanError
from gtm.variables import CookieVariable, DataLayerVariable, ItemCount, ItemList, PlainVariable
from tests.gtm.plans import EVENTS_URL, PURCHASE, event_attribute, plan, user_attribute

SHAPE: dict[str, Any] = json.loads(
    Path(__file__).with_name("gtm-export-shape.json").read_text(encoding="utf-8")
)

TEST_URL = "https://test.example.com/v1/events"
SIGN_UP = TagPlan(event="sign_up")
EVERYTHING = plan(
    PURCHASE,
    SIGN_UP,
    preset_tag("purchase", Source.ECOMMERCE),
    token=DataLayerVariable("id_token"),
    consent=("analytics_storage", "ad_storage"),
    container="GTM-ABC1234",
)


def deviations(actual: Any, shape: Any, path: str = "") -> Iterator[str]:
    """Differences from the shape of a genuine export: fields, their order, types, parameters."""
    if type(actual) is not type(shape):
        yield f"{path} is {actual!r}"
    elif isinstance(shape, dict):
        yield from _fields(actual, shape, path)
    elif isinstance(shape, list):
        if shape and isinstance(shape[0], dict) and "key" in shape[0]:
            kinds = [(item["type"], item["key"]) for item in actual]
            if kinds != [(item["type"], item["key"]) for item in shape]:
                yield f"{path} has the parameters {kinds}"
        for index, item in enumerate(actual):
            yield from deviations(item, _alternative(item, shape), f"{path}[{index}]")


def _fields(actual: dict[str, Any], shape: dict[str, Any], path: str) -> Iterator[str]:
    shapes = {key.rstrip("?"): part for key, part in shape.items()}
    yield from (f"{path}.{key} is missing" for key in shape if not key.endswith("?") and key not in actual)
    yield from (f"{path}.{key} is unknown" for key in actual if key not in shapes)
    if [key for key in actual if key in shapes] != [key for key in shapes if key in actual]:
        yield f"{path} has its fields in another order"
    for key in shapes.keys() & actual.keys():
        yield from deviations(actual[key], shapes[key], f"{path}.{key}")


def _alternative(item: Any, shapes: list[Any]) -> Any:
    """The shape of an item. Variables have two shapes, one for each type."""
    same = [shape for shape in shapes if isinstance(shape, dict) and shape.get("type") == item.get("type")]
    return same[0] if same else shapes[0]


def objects(export: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    return export["containerVersion"][kind]


def parameter(item: Mapping[str, Any], key: str) -> str:
    (value,) = (each["value"] for each in item["parameter"] if each["key"] == key)
    return value


@pytest.mark.parametrize(
    "made",
    [plan(), plan(TagPlan(event=None)), EVERYTHING, plan(preview_events_url=TEST_URL)],
    ids=["one event", "all custom events", "everything", "preview"],
)
def test_an_export_has_exactly_the_fields_of_a_genuine_one(made: Plan) -> None:
    shape = {key: value for key, value in SHAPE.items() if key != "_about"}

    assert list(deviations(container_export(made), shape)) == []


@pytest.mark.parametrize("lacking", ["fingerprint", "tagFiringOption", "monitoringMetadata"])
def test_the_comparison_with_the_genuine_shape_sees_a_missing_field(lacking: str) -> None:
    export = container_export(plan())
    del objects(export, "tag")[0][lacking]

    assert f".containerVersion.tag[0].{lacking} is missing" in list(deviations(export, SHAPE))


def test_a_tag_calls_the_events_url_with_a_variable_for_each_value() -> None:
    (tag,) = objects(container_export(plan()), "tag")

    assert parameter(tag, "url") == (
        "{{gtm-pixel - events URL}}?endpoint_id={{gtm-pixel - endpoint_id}}&event={{Event}}"
        "&evat_currency={{gtm-pixel - ecommerce.currency}}&evmt_value={{gtm-pixel - ecommerce.value}}"
        "&evmt_quantity={{gtm-pixel - ecommerce.quantity}}&usat_plan={{gtm-pixel - user.plan}}"
    )


def test_the_cache_buster_is_on() -> None:
    (tag,) = objects(container_export(plan()), "tag")

    assert (parameter(tag, "useCacheBuster"), parameter(tag, "cacheBusterQueryParam")) == ("true", "gtmcb")


def test_each_event_has_its_own_tag_and_trigger() -> None:
    export = container_export(plan(PURCHASE, SIGN_UP))
    triggers = {trigger["triggerId"]: trigger for trigger in objects(export, "trigger")}

    fired_by = {
        tag["name"]: parameter(triggers[tag["firingTriggerId"][0]]["customEventFilter"][0], "arg1")
        for tag in objects(export, "tag")
    }

    assert fired_by == {"gtm-pixel - purchase_success": "purchase_success", "gtm-pixel - sign_up": "sign_up"}


def test_one_tag_can_send_all_custom_events() -> None:
    export = container_export(plan(TagPlan(event=None)))

    (condition,) = objects(export, "trigger")[0]["customEventFilter"]
    assert (condition["type"], parameter(condition, "arg1")) == ("MATCH_REGEX", CUSTOM_EVENT_PATTERN)
    assert objects(export, "tag")[0]["name"] == PREFIX + ALL_CUSTOM_EVENTS


@pytest.mark.parametrize(
    ("event", "is_custom"),
    [
        ("purchase_success", True),
        ("gtm_like", True),
        ("x gtm.js", True),
        ("gtm.js", False),
        ("gtm.click", False),
        ("gtag.config", False),
        ("gtag_like", True),
    ],
)
def test_gtms_own_events_are_not_custom_events(event: str, is_custom: bool) -> None:  # noqa: FBT001
    assert (re.search(CUSTOM_EVENT_PATTERN, event) is not None) is is_custom


def test_a_variable_that_two_tags_use_is_written_once() -> None:
    again = TagPlan(event="refund", parameters=(event_attribute("amount", "ecommerce.value"),))

    names = [variable["name"] for variable in objects(container_export(plan(PURCHASE, again)), "variable")]

    assert names == [
        "gtm-pixel - events URL",
        "gtm-pixel - endpoint_id",
        "gtm-pixel - ecommerce.currency",
        "gtm-pixel - ecommerce.value",
        "gtm-pixel - ecommerce.quantity",
        "gtm-pixel - user.plan",
    ]


def test_the_endpoint_id_can_be_in_another_data_layer_variable() -> None:
    export = container_export(plan(endpoint_id=DataLayerVariable("user.id")))

    assert "?endpoint_id={{gtm-pixel - user.id}}&" in parameter(objects(export, "tag")[0], "url")
    assert parameter(objects(export, "variable")[1], "name") == "user.id"


@pytest.mark.parametrize(
    ("variable", "kind", "name"),
    [
        (DataLayerVariable("id_token"), "v", "gtm-pixel - id_token"),
        (CookieVariable("id_token"), "k", "gtm-pixel - cookie id_token"),
    ],
)
def test_the_token_comes_from_a_variable_of_the_data_layer_or_of_a_cookie(
    variable: PlainVariable, kind: str, name: str
) -> None:
    export = container_export(plan(token=variable))

    assert parameter(objects(export, "tag")[0], "url").endswith(f"&token={{{{{name}}}}}")
    token = objects(export, "variable")[-1]
    assert (token["type"], token["name"], parameter(token, "name")) == (kind, name, "id_token")


def test_consent_is_required_of_every_tag() -> None:
    export = container_export(plan(PURCHASE, SIGN_UP, consent=("analytics_storage",)))

    needed = {
        "consentStatus": "NEEDED",
        "consentType": {"type": "LIST", "list": [{"type": "TEMPLATE", "value": "analytics_storage"}]},
    }
    assert [tag["consentSettings"] for tag in objects(export, "tag")] == [needed, needed]


def test_a_tag_may_need_consent_of_its_own() -> None:
    tags = (PURCHASE, replace(SIGN_UP, consent=("ad_storage",)), TagPlan(event="seen", consent=()))

    export = container_export(plan(*tags, consent=("analytics_storage",)))

    types = [
        [one["value"] for one in tag.get("consentSettings", {}).get("consentType", {}).get("list", [])]
        for tag in objects(export, "tag")
    ]
    assert types == [["analytics_storage"], ["ad_storage"], []]
    assert plan_of(export) == plan(*tags, consent=("analytics_storage",))


def test_every_name_begins_so_that_a_merge_meets_nothing_of_the_same_name() -> None:
    export = container_export(EVERYTHING)

    kinds = ("tag", "trigger", "variable")
    assert [
        item["name"]
        for kind in kinds
        for item in objects(export, kind)
        if not item["name"].startswith(PREFIX)
    ] == []


def test_names_and_ids_are_unique_in_their_kind() -> None:
    export = container_export(EVERYTHING)

    for kind in ("tag", "trigger", "variable"):
        items = objects(export, kind)
        assert len({item["name"] for item in items}) == len(items)
    ids = [
        item[f"{kind}Id"]
        for kind in ("tag", "trigger", "variable", "folder")
        for item in objects(export, kind)
    ]
    assert len(set(ids)) == len(ids)


def test_everything_is_in_the_folder() -> None:
    export = container_export(plan(PURCHASE, SIGN_UP, consent=("ad_storage",)))

    (folder,) = objects(export, "folder")
    kinds = ("tag", "trigger", "variable")
    assert {item["parentFolderId"] for kind in kinds for item in objects(export, kind)} == {
        folder["folderId"]
    }


def test_a_parameter_name_is_encoded_where_a_url_needs_it() -> None:
    made = plan(TagPlan(event="e", parameters=(event_attribute("größe & farbe", "size"),)))

    url = parameter(objects(container_export(made), "tag")[0], "url")

    assert "&evat_gr%C3%B6%C3%9Fe%20%26%20farbe={{gtm-pixel - size}}" in url


def test_the_same_plan_gives_the_same_bytes() -> None:
    twin = plan(
        *(PURCHASE, SIGN_UP, preset_tag("purchase", Source.ECOMMERCE)),
        token=EVERYTHING.token,
        consent=EVERYTHING.consent,
        container="GTM-ABC1234",
    )

    assert as_text(container_export(twin)) == as_text(container_export(EVERYTHING))


def test_a_fingerprint_moves_when_what_it_stands_for_does() -> None:
    before, after = (container_export(made) for made in (plan(), plan(consent=("ad_storage",))))

    assert objects(before, "tag")[0]["fingerprint"] != objects(after, "tag")[0]["fingerprint"]
    assert objects(before, "trigger")[0]["fingerprint"] == objects(after, "trigger")[0]["fingerprint"]


NAMES = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=10)
EVENTS = NAMES.filter(lambda name: not is_without_identity(name))
KEYS = st.lists(NAMES, min_size=1, max_size=3).map(".".join)
FIELDS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True)
PLAIN = st.builds(DataLayerVariable, KEYS) | st.just(CookieVariable("id_token"))
VARIABLES = PLAIN | st.builds(ItemList, KEYS, FIELDS) | st.builds(ItemCount, KEYS)
PARAMETERS = st.lists(
    st.builds(Parameter, kind=st.sampled_from(ParameterKind), name=NAMES, value=VARIABLES),
    max_size=4,
    unique_by=lambda each: each.url_name,
).map(tuple)
TAGS = st.lists(
    st.builds(
        TagPlan,
        event=EVENTS,
        parameters=PARAMETERS,
        event_id=st.none() | PLAIN,
        timestamp=st.none() | PLAIN,
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda tag: tag.event,
).map(tuple) | st.builds(lambda parameters: (TagPlan(event=None, parameters=parameters),), PARAMETERS)
PLANS = st.builds(
    Plan,
    events_url=st.just(EVENTS_URL),
    tags=TAGS,
    preview_events_url=st.none() | st.just(TEST_URL),
    endpoint_id=PLAIN,
    token=st.none() | PLAIN,
    consent=st.lists(st.sampled_from(["ad_storage", "analytics_storage"]), unique=True).map(tuple),
    container=st.just("GTM-ABC1234"),
)


@pytest.mark.parametrize("character", ":,;<>&\"'/|#[(=?%$")
def test_names_have_no_character_that_gtm_refuses(character: str) -> None:
    key, event = f"order{character}value", f"purchase{character}done"
    made = plan(
        TagPlan(event=event, parameters=(event_attribute("value", key),)),
        TagPlan(event=event.replace(character, "_"), parameters=(event_attribute("value", "order_value"),)),
    )
    export = container_export(made)

    version = export["containerVersion"]
    for kind in ("tag", "trigger", "variable"):
        names = [item["name"] for item in version[kind]]
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[\w. -]+", name) for name in names)
    assert plan_of(export) == made


@given(PLANS)
def test_an_export_read_back_and_written_again_is_identical(made: Plan) -> None:
    text = as_text(container_export(made))

    assert as_text(container_export(plan_of(json.loads(text)))) == text


def test_an_export_read_back_is_the_plan_that_made_it() -> None:
    assert plan_of(container_export(EVERYTHING)) == EVERYTHING


def test_a_user_attribute_keeps_its_own_name() -> None:
    made = plan(TagPlan(event="e", parameters=(user_attribute("usat_plan", "plan"),)))

    assert plan_of(container_export(made)) == made


def changed(**changes: Any) -> dict[str, Any]:
    export = container_export(plan())
    objects(export, "tag")[0].update(changes)
    return export


@pytest.mark.parametrize(
    "foreign",
    [
        {},
        [],
        "text",
        {"containerVersion": {}},
        changed(type="html"),
        changed(notes="mine"),
        changed(firingTriggerId=[]),
    ],
    ids=["empty", "list", "text", "no tags", "another tag", "a field more", "no trigger"],
)
def test_a_container_of_another_program_is_not_read(foreign: Any) -> None:
    with pytest.raises(PlanError, match="gtm-pixel did not write this container"):
        plan_of(foreign)


def variable(export: Mapping[str, Any], name: str) -> dict[str, Any]:
    (found,) = (each for each in objects(export, "variable") if each["name"] == name)
    return found


def test_one_variable_holds_the_events_url_for_all_tags() -> None:
    export = container_export(plan(PURCHASE, SIGN_UP))

    constant = variable(export, EVENTS_URL_VARIABLE)
    assert (constant["type"], parameter(constant, "value")) == ("c", EVENTS_URL)
    assert json.dumps(export).count(EVENTS_URL) == 1
    assert all(
        parameter(tag, "url").startswith(f"{{{{{EVENTS_URL_VARIABLE}}}}}?") for tag in objects(export, "tag")
    )


def test_with_a_preview_url_the_variable_is_a_lookup_by_debug_mode() -> None:
    without = container_export(plan())
    export = container_export(plan(preview_events_url=TEST_URL))

    table = variable(export, EVENTS_URL_VARIABLE)
    (rows,) = (each["list"] for each in table["parameter"] if each["key"] == "map")
    assert (table["type"], parameter(table, "input"), parameter(table, "defaultValue")) == (
        *("smm", "{{Debug Mode}}"),
        EVENTS_URL,
    )
    assert [[each["value"] for each in row["map"]] for row in rows] == [["true", TEST_URL]]
    assert [each["type"] for each in objects(export, "builtInVariable")] == ["EVENT", "DEBUG_MODE"]
    assert objects(export, "tag") == objects(without, "tag")


def test_the_id_and_the_time_of_an_event_follow_its_name() -> None:
    made = plan(
        TagPlan(
            event="order_paid",
            event_id=DataLayerVariable("order.id"),
            timestamp=DataLayerVariable("order.paid_at"),
            parameters=(event_attribute("currency", "order.currency"),),
        )
    )
    export = container_export(made)

    assert parameter(objects(export, "tag")[0], "url").partition("?")[2] == (
        "endpoint_id={{gtm-pixel - endpoint_id}}&event={{Event}}&event_id={{gtm-pixel - order.id}}"
        "&timestamp={{gtm-pixel - order.paid_at}}&evat_currency={{gtm-pixel - order.currency}}"
    )
    assert plan_of(export) == made


def test_a_list_reads_the_variable_of_its_items() -> None:
    export = container_export(plan(preset_tag("add_to_cart", Source.EVENT_MODEL)))

    items = variable(export, "gtm-pixel - eventModel.items")
    listed = variable(export, "gtm-pixel - eventModel.items list of item_id")
    assert (items["type"], parameter(items, "name")) == ("v", "eventModel.items")
    assert listed["type"] == "jsm"
    assert "{{gtm-pixel - eventModel.items}}" in parameter(listed, "javascript")


def test_a_preview_url_survives_a_change_of_stack() -> None:
    made = plan(preview_events_url=TEST_URL)

    assert plan_of(container_export(made)) == made


def test_variables_of_different_kinds_never_share_a_name() -> None:
    words = ("cookie", "count", "list", "of", "events", "items", "URL")
    values = [
        *map(DataLayerVariable, words),
        *map(CookieVariable, words),
        *map(ItemCount, words),
        *(ItemList(items, field) for items in words for field in words),
    ]

    names = [EVENTS_URL_VARIABLE, *map(variable_name, values)]

    assert len(set(names)) == len(names)
