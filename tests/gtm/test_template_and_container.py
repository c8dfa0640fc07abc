"""A container with presets and the web template with GA4's data record the same event for the same push.

The container runs in the fake GTM, the template in a mock of GTM's sandbox with the data layer at that time.
The event processor's own reader turns both requests into events.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from contract.scenario import TimestampSource
from gtm.container import container_export
from gtm.custom_template import TemplateKind
from gtm.functions_script import functions_script
from gtm.ga4 import ITEM_COUNT, ITEM_LISTS, PRESETS, Source, preset_tag
from gtm.item_functions import LONGEST_LIST, SEPARATOR
from handler.events import Event, Message, Rejection, parse_event
from tests.gtm import chromium
from tests.gtm.plans import EVENTS_URL, plan
from tests.gtm.pushes import ECOMMERCE, EVENT_MODEL
from tests.gtm.sandbox import Sandbox, Template
from tests.gtm.site import FAKE_GTM

WEB: Final = Template.read(TemplateKind.WEB)

# Runs each sequence of pushes on a data layer of its own. Returns the tags that fired, by name.
RUN: Final = """([container, sequences]) => Object.entries(sequences).map(([name, messages], number) => {
  window.Image = function () {};
  const fired = [];
  const layer = (window["layer" + number] = [{ endpoint_id: "e1" }]);
  const keys = ["endpoint_id", "ecommerce", "eventModel", ...KEYS];
  const fakeGtm = GtmFake.run(container, {
    dataLayer: "layer" + number,
    onTag({ event, url }) {
      const dataLayer = Object.fromEntries(keys.map((key) => [key, fakeGtm ? fakeGtm.get(key) : null]));
      fired.push({ event, url, dataLayer: JSON.stringify(dataLayer) });
    },
  });
  const gtag = function () { layer.push(arguments); };
  for (const message of messages) {
    const pushed = new Function("gtag", "return " + message)(gtag);
    if (pushed !== undefined) layer.push(pushed);
  }
  return [name, fired];
})"""


class Fired(NamedTuple):
    """A tag of the container that fired, and what was in the data layer then."""

    event: str
    url: str
    data_layer: Mapping[str, Any]


def fired(
    page: Page, source: Source, sequences: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, Fired]]:
    """The tags that fire for each of these sequences, with its name."""
    export = container_export(plan(*(preset_tag(name, source) for name in PRESETS)))
    keys = {key for preset in PRESETS.values() for key in (*preset.attributes, *preset.metrics)}
    page.evaluate(f"() => {{ {FAKE_GTM}; {functions_script(export)} }}")
    for name, tags in page.evaluate(RUN.replace("KEYS", json.dumps(sorted(keys))), [export, sequences]):
        for tag in tags:
            yield name, Fired(tag["event"], tag["url"], json.loads(tag["dataLayer"]))


def recorded(url: str) -> Event | Rejection:
    """What the event processor makes of a request."""
    message = Message(message_id="own", body=urlsplit(url).query, sent_at_ms=0)
    event = parse_event(message, timestamp_source=TimestampSource.URL)
    # What has no value is sent by the container only, and dropped.
    return replace(event, dropped={}) if isinstance(event, Event) else event


def recorded_by_template(sandbox: Sandbox, source: Source, tag: Fired) -> Event | None:
    """What the event processor makes of the template's request; None if it sends none."""
    fields = {
        "eventsUrl": EVENTS_URL,
        "eventName": tag.event,
        "endpointId": tag.data_layer.get("endpoint_id"),
        "ga4": str(source),
    }
    end = sandbox.run_tag(WEB, fields, dataLayer=tag.data_layer)
    if end.outcome == "gtmOnFailure":
        assert end.urls == []
        return None
    event = recorded(end.urls[0])
    assert isinstance(event, Event)
    return event


@chromium.NEEDED
@pytest.mark.parametrize(
    ("source", "sequences"), [(Source.ECOMMERCE, ECOMMERCE), (Source.EVENT_MODEL, EVENT_MODEL)]
)
def test_the_same_push_gives_the_same_record(
    page: Page, sandbox: Sandbox, source: Source, sequences: Mapping[str, tuple[str, ...]]
) -> None:
    seen: set[str] = set()

    for name, tag in fired(page, source, sequences):
        seen.add(name)
        event = recorded(tag.url)
        by_template = recorded_by_template(sandbox, source, tag)
        assert by_template == (event if isinstance(event, Event) else None), name

    assert seen == set(sequences)


@chromium.NEEDED
def test_below_a_reset_a_container_writes_false_and_the_template_nothing(
    page: Page, sandbox: Sandbox
) -> None:
    """The one difference. GTM itself makes `false` of a data layer variable below null."""
    sequences = {"reset": ("{ecommerce: null}", "{event: 'view_cart'}")}

    ((_, tag),) = fired(page, Source.ECOMMERCE, sequences)

    event, by_template = recorded(tag.url), recorded_by_template(sandbox, Source.ECOMMERCE, tag)
    assert isinstance(event, Event)
    assert by_template is not None
    assert (event.attributes, event.metrics) == ({"currency": "false"}, {})
    assert (by_template.attributes, by_template.metrics) == ({}, {})


@pytest.mark.parametrize("kind", list(TemplateKind))
def test_a_template_has_the_presets_of_the_kit(kind: TemplateKind) -> None:
    table = Template.read(kind).code.partition("const GA4_EVENTS = [")[2].partition("];")[0]
    rows = re.sub(r"(\w+): ", r'"\1": ', table).replace("'", '"')

    assert {row.pop("event"): row for row in json.loads(f"[{rows}]")} == {
        name: {
            "attributes": list(preset.attributes),
            "metrics": list(preset.metrics),
            **({"ecommerce": True} if preset.ecommerce else {}),
            **({"eventId": preset.event_id} if preset.event_id else {}),
        }
        for name, preset in PRESETS.items()
    }
    assert all(preset.items == preset.ecommerce for preset in PRESETS.values())


@pytest.mark.parametrize("kind", list(TemplateKind))
def test_a_template_makes_lists_as_the_kit_does(kind: TemplateKind) -> None:
    code = Template.read(kind).code
    lists = re.findall(r"\{name: '(\w+)', field: '(\w+)'\}", code)

    assert dict(lists) == ITEM_LISTS
    assert f"const ITEM_COUNT = '{ITEM_COUNT}';" in code
    assert f"const LONGEST_LIST = {LONGEST_LIST};" in code
    assert f"const LIST_SEPARATOR = '{SEPARATOR}';" in code
