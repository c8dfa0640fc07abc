"""The token authorizer's environment, and its errors of one line."""

import pytest

from handler.authorizer_environment import AuthorizerEnvironment, read_authorizer_environment
from handler.variables import InvalidEnvironmentError

REQUIRED = {
    "OIDC_ISSUER": "https://issuer.example/",
    "OIDC_AUDIENCES": '["client-1", "client-2"]',
    "POWERTOOLS_SERVICE_NAME": "gtm-pixel",
    "POWERTOOLS_METRICS_NAMESPACE": "GtmPixel",
}
OPTIONAL = {
    "OIDC_JWKS_URI": "https://keys.example/keys",
    "OIDC_ENDPOINT_CLAIM": "custom:endpoint",
    "OIDC_COOKIE": "id_token",
}


def test_a_complete_environment_is_read() -> None:
    assert read_authorizer_environment({**REQUIRED, **OPTIONAL}) == AuthorizerEnvironment(
        is_local_run=False,
        issuer="https://issuer.example/",
        audiences=frozenset({"client-1", "client-2"}),
        jwks_uri="https://keys.example/keys",
        endpoint_claim="custom:endpoint",
        token_cookie="id_token",
        service="gtm-pixel",
        metrics_namespace="GtmPixel",
    )


@pytest.mark.parametrize("rest", [{}, dict.fromkeys(OPTIONAL, "")])
def test_by_default_keys_are_discovered_the_claim_is_sub_and_no_cookie_counts(rest: dict[str, str]) -> None:
    environment = read_authorizer_environment({**REQUIRED, **rest})
    assert (environment.jwks_uri, environment.endpoint_claim) == (None, "sub")
    assert environment.token_cookie is None


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_variable_is_named_in_one_line(name: str) -> None:
    with pytest.raises(InvalidEnvironmentError) as caught:
        read_authorizer_environment({**REQUIRED, name: " "})
    assert str(caught.value) == f"{name} is not set; it must not be empty: run `pulumi up` to set it again"


@pytest.mark.parametrize("name", ["OIDC_ISSUER", "OIDC_JWKS_URI"])
@pytest.mark.parametrize(
    "url",
    [
        "issuer.example",
        "http://issuer.example",
        "http://127.0.0.1:8080",
        "http://localhost/a",
        "http://[::1]:1/",
        "http://127.0.0.1.issuer.example",
        "http://localhost@issuer.example",
        "https://user:secret@issuer.example",
        "https://",
        "https://issuer.example:port",
        "https://[::1",
        "https://issuer.example/a\nb",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
    ],
)
def test_keys_come_over_https_only(name: str, url: str) -> None:
    with pytest.raises(InvalidEnvironmentError) as caught:
        read_authorizer_environment({**REQUIRED, name: url})
    rule = "it must be an https URL: run `pulumi up` to set it again"
    assert str(caught.value) == f"{name} holds {url!r}; {rule}"


LOCAL_RUN = {"GTM_PIXEL_LOCAL_RUN": "1"}


@pytest.mark.parametrize("name", ["OIDC_ISSUER", "OIDC_JWKS_URI"])
@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost/a", "http://[::1]:1/"])
def test_in_the_local_run_loopback_needs_no_https(name: str, url: str) -> None:
    environment = read_authorizer_environment({**REQUIRED, **LOCAL_RUN, name: url})
    assert environment.is_local_run
    assert url in (environment.issuer, environment.jwks_uri)


@pytest.mark.parametrize("url", ["http://issuer.example", "http://127.0.0.1.issuer.example"])
def test_in_the_local_run_another_machine_still_needs_https(url: str) -> None:
    with pytest.raises(InvalidEnvironmentError):
        read_authorizer_environment({**REQUIRED, **LOCAL_RUN, "OIDC_ISSUER": url})
