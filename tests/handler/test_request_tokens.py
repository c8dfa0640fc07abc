"""Which token a request holds, wherever it may be."""

from typing import Any

import pytest

from handler.request_tokens import TokenRequest, find_token, is_token_parameter
from handler.token_refusal import RefusalReason, TokenRefusedError
from tests.token_names import OTHER_NAMES, TOKEN_NAMES

NOTHING = ["", "  ", "undefined", "null", "[object Object]"]


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
    with pytest.raises(TokenRefusedError):
        found(query={"token": ["a"], "amp;Token": ["b"]})


@pytest.mark.parametrize("nothing", NOTHING)
def test_what_stands_for_no_value_is_no_token(nothing: str) -> None:
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


def test_no_cookie_is_read_where_none_is_named() -> None:
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
    with pytest.raises(TokenRefusedError) as caught:
        found(**parts)
    assert caught.value.reason is RefusalReason.AMBIGUOUS


def test_the_same_token_everywhere_is_one() -> None:
    headers = {"Authorization": ["Bearer a"], "Cookie": ["id_token=a; id_token=a"]}
    assert found(query={"token": ["a", "a"]}, headers=headers) == "a"


def test_single_values_do_where_there_are_no_others() -> None:
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
