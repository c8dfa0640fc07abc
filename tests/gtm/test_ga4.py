"""The tags of Google Analytics 4's recommended events."""

import pytest

from gtm.ga4 import PRESETS, Source, preset_tag
from gtm.plan import ParameterKind, TagPlan
from gtm.plan_warnings import warnings
from gtm.variables import CookieVariable, DataLayerVariable, ItemCount, ItemList, Variable
from tests.gtm.plans import plan


def sent(tag: TagPlan, kind: ParameterKind) -> dict[str, Variable]:
    return {each.name: each.value for each in tag.parameters if each.kind is kind}


def key_of(variable: Variable) -> str:
    assert not isinstance(variable, CookieVariable)
    return variable.key if isinstance(variable, DataLayerVariable) else variable.items


def test_a_purchase_sends_what_google_documents_and_lists_of_its_items() -> None:
    tag = preset_tag("purchase", Source.ECOMMERCE)

    of_ecommerce = ("transaction_id", "currency", "coupon", "customer_type", "payment_type")
    assert sent(tag, ParameterKind.EVENT_ATTRIBUTE) == {
        **{name: DataLayerVariable(f"ecommerce.{name}") for name in of_ecommerce},
        "item_ids": ItemList("ecommerce.items", "item_id"),
        "item_names": ItemList("ecommerce.items", "item_name"),
        "item_categories": ItemList("ecommerce.items", "item_category"),
    }
    assert sent(tag, ParameterKind.METRIC) == {
        **{name: DataLayerVariable(f"ecommerce.{name}") for name in ("value", "tax", "shipping")},
        "item_count": ItemCount("ecommerce.items"),
    }


def test_only_a_purchase_has_an_id_of_its_own() -> None:
    ids = {event: preset_tag(event, Source.ECOMMERCE).event_id for event in PRESETS}

    assert {event: variable for event, variable in ids.items() if variable} == {
        "purchase": DataLayerVariable("ecommerce.transaction_id")
    }
    assert "transaction_id" in PRESETS["refund"].attributes


def test_an_event_without_ecommerce_reads_the_top_of_the_data_layer() -> None:
    tag = preset_tag("login", Source.ECOMMERCE)

    assert sent(tag, ParameterKind.EVENT_ATTRIBUTE) == {"method": DataLayerVariable("method")}


@pytest.mark.parametrize("event", PRESETS)
def test_with_gtag_everything_is_under_event_model(event: str) -> None:
    tag = preset_tag(event, Source.EVENT_MODEL)

    assert [key for key in map(key_of, tag.variables) if not key.startswith("eventModel.")] == []


def test_every_preset_fits_into_a_request_with_a_token() -> None:
    tags = [preset_tag(event, Source.ECOMMERCE) for event in PRESETS]

    assert list(warnings(plan(*tags, token=DataLayerVariable("id_token")))) == []


def test_only_shops_have_items() -> None:
    assert {event for event, preset in PRESETS.items() if preset.items} == {
        event for event, preset in PRESETS.items() if preset.ecommerce
    }
