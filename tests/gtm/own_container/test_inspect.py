"""`python -m gtm inspect`, from an export to the container that is made of what it wrote."""

import json
from pathlib import Path

import pytest

from gtm.__main__ import main
from tests.gtm.own_container.exports import (
    event_trigger,
    export,
    ga4_tag,
    tag,
)
from tests.gtm.own_container.inspecting import passed_over, plan_of, reported, text_of, written
from tests.gtm.own_container.shop import export_of_shop
from tests.gtm.plans import EVENTS_URL

Capture = pytest.CaptureFixture[str]

SHOP = export_of_shop()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "export.json"
    path.write_text(json.dumps(SHOP), encoding="utf-8")
    return path


def run(*arguments: str | Path) -> int:
    return main(["inspect", *map(str, arguments)])


class TestTheShop:
    def test_the_gtm_yaml_sends_what_its_ga4_tags_send(self) -> None:
        sent = written(SHOP)

        assert sent == {
            "container": "GTM-W3ABCD12",
            "endpoint_id": "user.id",
            "consent": ["analytics_storage"],
            "ga4": {
                "events": {
                    "purchase": {"event_attributes": {"store": "shop.id"}},
                    "add_to_cart": None,
                    "begin_checkout": None,
                    "add_shipping_info": None,
                    "add_payment_info": None,
                }
            },
            "events": {
                "form_sent": {
                    "event_attributes": {"campaign": {"cookie": "campaign"}, "form_id": "form.id"},
                    "metrics": {"value": "form.value"},
                    "user_attributes": {"language": {"cookie": "lang"}},
                },
                "article": {"event_attributes": {"topic": "article.topic"}},
                "newsletter": {"consent": ["analytics_storage", "ad_storage"]},
            },
        }

    def test_the_report_shows_events_variables_and_the_customer(self) -> None:
        text = reported(SHOP)
        lines = [" ".join(line.split()) for line in text.splitlines()]

        assert lines[0] == 'Container "shop.example.com" GTM-W3ABCD12: 20 tags, 14 triggers, 19 variables'
        assert 'endpoint_id: user.id, because the Google tag "Google tag - GA4" sends it as user_id' in lines
        assert "purchase ga4 GA4 - purchase CE - purchase" in lines
        assert "form_sent (GA4: generate_lead) events GA4 - generate_lead CE - form_sent" in lines
        assert "quiz_done not sent - CE - quiz_done" in lines
        assert "form.value DLV - form.value value" in lines
        assert "user.id DLV - user.id endpoint_id" in lines
        assert "article.read DLV - article.read -" in lines

    def test_everything_that_is_not_read_is_named_in_a_line(self) -> None:
        lines = passed_over(SHOP).splitlines()[1:]

        assert lines == [
            '  trigger "CE - ^wishlist_.*": its events cannot be listed ({{_event}} matches "^wishlist_.*")',
            '  trigger "Click - phone": is a link click trigger, which is no custom event',
            '  trigger "Click - mail": is a link click trigger, which is no custom event',
            '  trigger "Click - menu": is a click trigger, which is no custom event',
            '  trigger "DOM ready": is a DOM ready trigger, which is no custom event',
            '  trigger "Cart and consent": fires when several triggers have fired, which is no custom event',
            '  tag "GA4 - phone_click": fires on "Click - phone", which is not read',
            '  tag "GA4 - page_view": fires on "All Pages", which is no custom event',
            '  tag "GA4 - refund": is paused',
            '  tag "Hotjar": is a Custom HTML tag; only GA4\'s tags are read',
            '  tag "Chat": is a Custom HTML tag; only GA4\'s tags are read',
            '  tag "Survey": is a Custom HTML tag; only GA4\'s tags are read',
            '  tag "Meta - PageView": is a custom template; only GA4\'s tags are read',
            '  tag "Meta - AddToCart": is a custom template; only GA4\'s tags are read',
            '  tag "Meta - Purchase": is a custom template; only GA4\'s tags are read',
            '  tag "Ads - purchase": is a Google Ads conversion tag; only GA4\'s tags are read',
            '  tag "Ads - lead": is a Google Ads conversion tag; only GA4\'s tags are read',
            '  variable "DLV - form.value": has a default value, which is not copied',
            '  parameter "hour" of "GA4 - generate_lead": is "JS - hour", a Custom JavaScript variable',
            '  parameter "user_data.email" of "GA4 - generate_lead": is personal data',
            '  parameter "plan" of "GA4 - article_read": is a fixed value',
        ]

    def test_the_comments_say_what_differs_from_ga4(self) -> None:
        text = text_of(SHOP)

        assert '  # GA4 records it as "generate_lead", gtm-pixel under this name.\n  form_sent:' in text
        assert (
            '  # GA4\'s trigger also asks for: {{DLV - article.read}} equals "true". '
            "Here every such event is sent.\n  article:"
        ) in text
        assert text.endswith("#   refund:\n#   quiz_done:\n")

    def test_an_event_whose_tag_needs_more_consent_has_a_list_of_its_own(self) -> None:
        text = text_of(SHOP)

        assert "\nconsent: [analytics_storage]\n" in text
        assert "  newsletter:\n    consent: [analytics_storage, ad_storage]\n" in text
        assert text.count("ad_storage") == 1

    def test_consent_that_all_tags_need_is_for_all_events(self) -> None:
        asking = ga4_tag("1", "done", ["1"], name="Asking", consentSettings=AD_STORAGE)

        text = text_of(export([asking], [event_trigger("1", "done")]))

        assert "\nconsent: [analytics_storage, ad_storage]\n" in text
        assert text.count("ad_storage") == 1

    def test_consent_for_which_one_of_an_events_tags_asks_is_told(self) -> None:
        tags = [
            ga4_tag("1", "done", ["1"], name="Asking", consentSettings=AD_STORAGE),
            ga4_tag("2", "done", ["1"], name="Other"),
        ]

        text = text_of(export(tags, [event_trigger("1", "done")]))

        assert '# Only "Asking" asked for consent to ad_storage. Here the event needs it.\n' in text


AD_STORAGE = {"consentStatus": "NEEDED", "consentType": {"list": [{"value": "ad_storage"}]}}

WRONG = {
    "a file that is not there": (
        None,
        "cannot be read (No such file or directory); give the path of a file",
    ),
    "nothing": (b" \n", "is empty; export the container, in GTM: Admin → Export Container"),
    "a text": (b"hello", "is not JSON; export the container, in GTM: Admin → Export Container"),
    "bytes of no text": (b"\x80\x81\x82\x83", "is not JSON; export"),
    "too deep": (b"[" * 100_000, "is not JSON; export"),
    "a zip": (b"PK\x03\x04..", "is a zip archive; unpack it and give the .json file inside"),
    "a gzip": (b"\x1f\x8b\x08", "is a gzip archive; unpack it"),
    "a web page": (b"\xef\xbb\xbf <!doctype html>", "is a web page; export the container as JSON"),
    "a template": (b"___INFO___\n{}", "is a custom template; export the container instead"),
    "a list": (b"[]", "is not the export of a container: it has no containerVersion"),
    "other JSON": (b'{"containerVersion": 3}', "is not the export of a container"),
    "a server container": (
        json.dumps(export([tag("1", "x", "sgtmgaaw", [], ["2"])], usageContext=["SERVER"])).encode(),
        "is a server container; export the web container, whose tags run on the pages",
    ),
    "a container for apps": (
        json.dumps(export([], usageContext=["iOS"])).encode(),
        "is a container for iOS apps; export the web container",
    ),
    "no tags": (
        json.dumps(export([])).encode(),
        "has neither tags nor triggers; export all of the workspace",
    ),
    "no custom events": (
        json.dumps(export([ga4_tag("1", "page_view", ["2147479553"])])).encode(),
        "names no custom event that could be sent: gtm-pixel sends events that pages push",
    ),
}


class TestTheCommand:
    def test_it_writes_a_file_that_container_takes_unedited(
        self, file: Path, tmp_path: Path, capsys: Capture
    ) -> None:
        written = tmp_path / "gtm.yaml"

        assert run(file, "-o", written) == 0

        streams = capsys.readouterr()
        assert streams.out == ""
        assert streams.err.endswith(f"wrote {written}\nNext: edit it, then make gtm GTM_CONFIG={written}\n")
        assert main(["container", "--config", str(written), "--events-url", EVENTS_URL]) == 0

    def test_without_a_file_it_prints_the_gtm_yaml_alone(self, file: Path, capsys: Capture) -> None:
        assert run(file) == 0

        streams = capsys.readouterr()
        assert plan_of(streams.out).container == "GTM-W3ABCD12"
        assert "Passed over: 21" in streams.err

    def test_it_overwrites_a_file_only_if_told_to(self, file: Path, tmp_path: Path, capsys: Capture) -> None:
        written = tmp_path / "gtm.yaml"
        written.write_text("mine", encoding="utf-8")

        assert run(file, "-o", written) == 2
        assert capsys.readouterr().err.splitlines()[-1] == (
            f"error: {written} exists; give another -o, or --force to overwrite it"
        )
        assert written.read_text(encoding="utf-8") == "mine"
        assert run(file, "-o", written, "--force") == 0
        assert written.read_text(encoding="utf-8").startswith("# What the tags send")

    def test_a_byte_order_mark_and_utf_16_do_no_harm(self, file: Path, capsys: Capture) -> None:
        text = json.dumps(SHOP)
        for content in (text.encode("utf-8-sig"), text.encode("utf-16")):
            file.write_bytes(content)

            assert run(file) == 0
        capsys.readouterr()

    @pytest.mark.parametrize(("content", "message"), WRONG.values(), ids=WRONG)
    def test_an_error_is_one_line(
        self, tmp_path: Path, capsys: Capture, content: bytes | None, message: str
    ) -> None:
        wrong = tmp_path / "wrong.json"
        if content is not None:
            wrong.write_bytes(content)

        assert run(wrong) == 2

        streams = capsys.readouterr()
        (line,) = streams.err.splitlines()
        assert streams.out == ""
        assert line.startswith(f"error: {wrong} {message}")
