"""Which URLs ad blockers stop. The matching was compared with an ad blocker's engine and the whole list."""

import re

import pytest

from contract.filter_lists import (
    BEACON_RULE,
    HOST_RULES,
    PATH_RULES,
    QUERY_RULES,
    RULES,
    RequestKind,
    blocking_rule,
)

API = "https://a1b2c3.execute-api.eu-central-1.amazonaws.com"
EVENT = "endpoint_id=e1&event=purchase&gtmcb=1"

# Google's recommended events, what sites without them call their own, and what the lists look for.
EVENT_NAMES = (
    *("page_view", "pageview", "screen_view", "view_item", "view_item_list", "view_cart"),
    *("view_promotion", "view_search_results", "add_to_cart", "remove_from_cart", "add_to_wishlist"),
    *("add_payment_info", "add_shipping_info", "begin_checkout", "purchase", "purchase_success"),
    *("refund", "sign_up", "login", "logout", "search", "select_content", "select_item"),
    *("select_promotion", "share", "generate_lead", "qualify_lead", "close_convert_lead", "join_group"),
    *("tutorial_begin", "tutorial_complete", "level_up", "post_score", "ad_impression", "click"),
    *("scroll", "file_download", "video_start", "video_progress", "video_complete", "form_start"),
    *("form_submit", "session_start", "first_visit", "user_engagement", "exception", "log", "error"),
    *("impression", "impressions", "performance", "conversion", "subscribe", "start_trial", "contact"),
    *("test", "event", "track"),
)


def names_in(rule: str) -> set[str]:
    """Words of a rule that could be a stage, a host label or an event."""
    return set(re.findall(r"[A-Za-z0-9_-]+", rule.partition("$")[0]))


class TestAnEventsUrl:
    """With endpoint_id first, on a host and a path as this project has them."""

    @pytest.mark.parametrize("host", [API, "https://events.example.com", "https://e.example.com"])
    @pytest.mark.parametrize("kind", [RequestKind.IMAGE, RequestKind.FETCH])
    def test_no_list_blocks_it_whatever_the_event_is_called(self, host: str, kind: RequestKind) -> None:
        for event in EVENT_NAMES:
            url = f"{host}/v1/events?endpoint_id=e1&event={event}&evat_page=%2Fa&usat_plan=gold&gtmcb=1"
            assert blocking_rule(url, kind) is None, event

    def test_with_the_event_first_some_would_be_blocked(self) -> None:
        blocked = {
            event
            for event in EVENT_NAMES
            if blocking_rule(f"{API}/v1/events?event={event}&endpoint_id=e1&gtmcb=1")
        }

        assert blocked == {"pageview", "log", "impressions", "performance"}

    def test_sent_by_send_beacon_it_is_blocked_on_another_site_only(self) -> None:
        url = f"https://events.example.com/v1/events?{EVENT}"

        assert blocking_rule(url, RequestKind.BEACON) == BEACON_RULE
        assert blocking_rule(url, RequestKind.BEACON, third_party=False) is None


class TestARule:
    @pytest.mark.parametrize("rule", PATH_RULES)
    def test_each_of_paths_blocks_some_stage(self, rule: str) -> None:
        urls = [
            f"{host}/{name}/events?{EVENT}"
            for name in names_in(rule)
            for host in (API, "https://e.example.com")
        ]

        assert any(blocking_rule(url, kind, rules=[rule]) for url in urls for kind in RequestKind)

    @pytest.mark.parametrize("rule", HOST_RULES)
    def test_each_of_hosts_blocks_some_host(self, rule: str) -> None:
        labels = names_in(rule) | {f"x{name}" for name in names_in(rule)}

        assert any(
            blocking_rule(f"https://{label}.example.com/v1/events?{EVENT}", rules=[rule]) for label in labels
        )

    @pytest.mark.parametrize("rule", QUERY_RULES)
    def test_each_of_queries_blocks_an_event_that_comes_first(self, rule: str) -> None:
        assert blocking_rule(f"{API}/v1/events{rule}endpoint_id=e1", rules=[rule]) == rule

    @pytest.mark.parametrize(
        ("rule", "url", "blocks"),
        [
            ("||example.com/a^", "https://example.com/a/b", "yes"),
            ("||example.com/a^", "https://x.example.com/a", "yes"),
            ("||example.com/a^", "https://x.example.com/ab", "no"),
            ("||example.com/a^", "https://notexample.com/a", "no"),
            ("||example.com/a^", "https://other.org/?u=example.com/a/", "no"),
            ("://a.*/event", "https://a.example.com/v1/events", "yes"),
            ("://a.*/event", "https://b.a.example.com/v1/events", "no"),
            ("/Ab/*", "https://example.com/aB/c", "yes"),
            ("/a.b?", "https://example.com/axb?", "no"),
        ],
    )
    def test_it_is_read_as_adblock_plus_defines_it(self, rule: str, url: str, blocks: str) -> None:
        assert (blocking_rule(url, rules=[rule]) is not None) == (blocks == "yes")

    def test_its_options_say_for_which_requests_it_is(self) -> None:
        url = f"https://e.example.com/stats/events?{EVENT}"

        assert blocking_rule(url, RequestKind.IMAGE) is None
        assert blocking_rule(url, RequestKind.FETCH) == "/stats/events$xmlhttprequest"

    def test_none_is_duplicated(self) -> None:
        assert len(set(RULES)) == len(RULES)
