"""Which token a request holds, wherever it may be."""

from typing import Any

import pytest

from handler.tokens.finding import (
    TokenRequest,
    find_token,
    is_token_parameter,
    reason_to_ignore_cookie,
)
from handler.tokens.invalid import InvalidTokenError, InvalidTokenReason
from tests.missing_values import WITHOUT_IDENTITY
from tests.token_names import OTHER_NAMES, TOKEN_NAMES

NOTHING = [
    *WITHOUT_IDENTITY,
    *(
        "Bearer",
        "Bearer ",
        "Bearer undefined",
        "bearer null",
        '""',
        '"undefined"',
        "%22%22",
        "Bearer%20false",
    ),
]

WRAPPED = [
    *("Bearer a", "bearer a", "BEARER  a ", "Bearer+a", "Bearer\ta", "Bearer Bearer a"),
    *("%61", "Bearer%20a", "Bearer%09a", "%20a%20", "%22a%22", "%22Bearer%20a%22"),
    *('"a"', '"Bearer a"', '" a "', '"Bearer%20a"', ' "a" '),
]
"""The token `a` as sites and their frameworks write it into cookies and parameters."""


def request(
    *, query: dict[str, list[str]] | None = None, headers: dict[str, list[str]] | None = None
) -> TokenRequest:
    """A request as API Gateway hands it over: once with every value, once with the last."""
    event = {
        "queryStringParameters": {name: values[-1] for name, values in (query or {}).items()},
        "multiValueQueryStringParameters": query,
        "headers": {name: values[-1] for name, values in (headers or {}).items()},
        "multiValueHeaders": headers,
    }
    return TokenRequest.of(event)


def found(**parts: Any) -> str | None:
    return find_token(request(**parts), cookie="id_token")


@pytest.mark.parametrize(
    "parts",
    [
        {"query": {"token": ["a"]}},
        {"query": {"token": [" a "]}},
        {"headers": {"Authorization": ["Bearer a"]}},
        {"headers": {"authorization": ["bearer  a "]}},
        {"headers": {"AUTHORIZATION": ["BEARER a"]}},
        {"headers": {"Cookie": ["id_token=a"]}},
        {"headers": {"cookie": ["theme=dark; id_token=a; x=y"]}},
        {"headers": {"cookie": ["theme=dark", 'id_token="a"']}},
        *({"query": {"token": [text]}} for text in WRAPPED),
        *({"headers": {"Cookie": [f"theme=dark; id_token={text}; x=y"]}} for text in WRAPPED),
        *({"headers": {"Authorization": [f"Bearer {text}"]}} for text in WRAPPED),
    ],
)
def test_a_token_is_found_in_each_place(parts: dict[str, Any]) -> None:
    assert found(**parts) == "a"


@pytest.mark.parametrize("name", TOKEN_NAMES)
def test_the_parameter_is_known_however_its_name_is_written(name: str) -> None:
    assert is_token_parameter(name)
    assert found(query={name: ["a"]}) == "a"


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_another_parameter_is_no_token(name: str) -> None:
    assert not is_token_parameter(name)


def test_two_names_of_the_parameter_with_different_tokens_are_none() -> None:
    with pytest.raises(InvalidTokenError):
        found(query={"token": ["a"], "amp;Token": ["b"]})


@pytest.mark.parametrize("nothing", NOTHING)
def test_a_string_without_value_is_no_token(nothing: str) -> None:
    headers = {"Authorization": [f"Bearer {nothing}"], "Cookie": [f"id_token={nothing}"]}
    assert found(query={"token": [nothing]}, headers=headers) is None


@pytest.mark.parametrize("nothing", NOTHING)
def test_an_empty_place_does_not_hide_another(nothing: str) -> None:
    assert found(query={"token": [nothing]}, headers={"Cookie": ["id_token=a"]}) == "a"


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"query": {name: ["a"] for name in OTHER_NAMES}},
        {"headers": {"token": ["a"]}},
        {"headers": {"Authorization": ["Basic YTpi"]}},
        {"headers": {"Authorization": ["a"]}},
        {"headers": {"Authorization": ["Bearera"]}},
        {"headers": {"Proxy-Authorization": ["Bearer a"]}},
        {"headers": {"Cookie": ["xid_token=a; ID_TOKEN=a; id_token; theme=id_token=a"]}},
    ],
)
def test_no_other_place_is_read(parts: dict[str, Any]) -> None:
    assert found(**parts) is None


def test_no_cookie_is_read_if_none_is_named() -> None:
    cookies = request(headers={"Cookie": ["id_token=a; =a; None=a"]})
    assert find_token(cookies, cookie=None) is None


@pytest.mark.parametrize(
    "parts",
    [
        {"query": {"token": ["a", "b"]}},
        {"query": {"token": ["a"]}, "headers": {"Authorization": ["Bearer b"]}},
        {"query": {"token": ["a"]}, "headers": {"Cookie": ["id_token=b"]}},
        {"headers": {"Authorization": ["Bearer a"], "Cookie": ["id_token=b"]}},
        {"headers": {"Authorization": ["Bearer a", "Bearer b"]}},
        {"headers": {"Authorization": ["Bearer a"], "authorization": ["Bearer b"]}},
        {"headers": {"Cookie": ["id_token=a; id_token=b"]}},
        {"headers": {"Cookie": ["id_token=a", "id_token=b"]}},
    ],
)
def test_two_different_tokens_are_none(parts: dict[str, Any]) -> None:
    with pytest.raises(InvalidTokenError) as caught:
        found(**parts)
    assert caught.value.reason is InvalidTokenReason.AMBIGUOUS


def test_the_same_token_everywhere_is_one() -> None:
    headers = {"Authorization": ["Bearer a"], "Cookie": ["id_token=a; id_token=a"]}
    assert found(query={"token": ["a", "a"]}, headers=headers) == "a"


def test_a_token_is_the_same_however_it_is_wrapped() -> None:
    headers = {"Authorization": ["Bearer a"], "Cookie": ["id_token=%22Bearer%20a%22"]}
    assert found(query={"token": ["Bearer a", "a"]}, headers=headers) == "a"


@pytest.mark.parametrize("token", ["eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2ln-_A", "bearer.a.b", "Bearera.b.c"])
def test_nothing_of_a_token_is_taken_for_its_wrapping(token: str) -> None:
    assert found(query={"token": [token]}) == token


def test_single_values_count_if_there_are_no_others() -> None:
    event = {
        "queryStringParameters": {"token": "a", "endpoint_id": "e1"},
        "headers": {"Cookie": "id_token=a"},
    }
    assert find_token(TokenRequest.of(event), cookie="id_token") == "a"
    assert TokenRequest.of(event).endpoint_id == "e1"


def test_the_last_endpoint_of_the_query_is_the_one_requested() -> None:
    asked = request(query={"endpoint_id": ["e1", "e2"]}, headers={"endpoint_id": ["e3"]})
    assert asked.endpoint_id == "e2"


@pytest.mark.parametrize("query", [None, {}, {"event": ["purchase"]}])
def test_a_request_may_name_no_endpoint(query: dict[str, list[str]] | None) -> None:
    assert request(query=query).endpoint_id is None


class TestWhetherACookieCounts:
    """Whether a cookie counts, by the browser's headers about the request."""

    @staticmethod
    def reason(
        headers: dict[str, list[str]], *, cookie: str | None = "id_token", value: str = "a"
    ) -> str | None:
        sent = request(headers={"Cookie": [f"theme=dark; id_token={value}"], **headers})
        return reason_to_ignore_cookie(sent, cookie=cookie)

    @pytest.mark.parametrize("site", ["same-origin", "same-site", "Same-Origin", " SAME-SITE "])
    @pytest.mark.parametrize("mode", ["cors", "no-cors", "same-origin", "No-CORS"])
    @pytest.mark.parametrize("destination", ["", "image", "empty", "script"])
    def test_it_does_in_a_request_of_the_site_itself(self, site: str, mode: str, destination: str) -> None:
        headers = {"sec-fetch-site": [site], "Sec-Fetch-Mode": [mode]}
        if destination:
            headers["SEC-FETCH-DEST"] = [destination]
        assert self.reason(headers) is None

    @pytest.mark.parametrize("site", ["cross-site", "none", "", "same", "same-site, same-site", "same-sites"])
    def test_it_does_not_in_one_of_another_site(self, site: str) -> None:
        assert self.reason({"sec-fetch-site": [site], "sec-fetch-mode": ["no-cors"]}) == "other_site"

    @pytest.mark.parametrize("mode", ["navigate", "NAVIGATE", "nested-navigate", "websocket", "", "other"])
    @pytest.mark.parametrize("site", ["same-origin", "same-site"])
    def test_it_does_not_in_a_navigation_of_the_site_itself(self, site: str, mode: str) -> None:
        assert self.reason({"sec-fetch-site": [site], "sec-fetch-mode": [mode]}) == "navigation"

    @pytest.mark.parametrize(
        "destination", ["document", "iframe", "frame", "fencedframe", "object", "embed", "IFrame"]
    )
    def test_it_does_not_if_the_response_becomes_a_document(self, destination: str) -> None:
        headers = {"sec-fetch-site": ["same-origin"], "sec-fetch-mode": ["no-cors"]}
        assert self.reason({**headers, "sec-fetch-dest": [destination]}) == "navigation"

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"sec-fetch-mode": ["cors"]},
            {"sec-fetch-site": ["same-origin"]},
            {"origin": ["https://site.example"], "referer": ["https://site.example/"]},
            {"x-sec-fetch-site": ["same-origin"], "sec-fetch-mode": ["cors"]},
        ],
    )
    def test_a_cookie_does_not_count_without_the_browsers_headers(
        self, headers: dict[str, list[str]]
    ) -> None:
        assert self.reason(headers) == "no_fetch_metadata"

    @pytest.mark.parametrize(
        ("headers", "reason"),
        [
            ({"sec-fetch-site": ["same-origin", "same-origin"]}, None),
            ({"sec-fetch-site": ["same-origin", "same-site"]}, None),
            ({"sec-fetch-site": ["same-origin", "cross-site"]}, "other_site"),
            ({"sec-fetch-site": ["cross-site", "same-origin"]}, "other_site"),
            ({"sec-fetch-site": ["same-origin"], "Sec-Fetch-Site": ["cross-site"]}, "other_site"),
            ({"sec-fetch-site": ["same-site"], "sec-fetch-mode": ["cors", "navigate"]}, "navigation"),
            ({"sec-fetch-site": ["same-site"], "sec-fetch-dest": ["image", "document"]}, "navigation"),
        ],
    )
    def test_of_a_repeated_header_every_value_counts(
        self, headers: dict[str, list[str]], reason: str | None
    ) -> None:
        assert self.reason({"sec-fetch-mode": ["cors"], **headers}) == reason

    @pytest.mark.parametrize("value", ["", "undefined", "null", '""', "Bearer "])
    def test_a_cookie_without_a_token_is_not_ignored_but_empty(self, value: str) -> None:
        assert self.reason({}, value=value) is None

    @pytest.mark.parametrize("cookie", [None, "other"])
    def test_a_cookie_that_is_not_read_is_not_ignored_either(self, cookie: str | None) -> None:
        assert self.reason({}, cookie=cookie) is None
