"""All variants of the API document, and the mapping templates in them."""

from collections.abc import Iterator
from itertools import product
from typing import Any, Final

from components.openapi import api_document

QUEUE: Final = "arn:aws:apigateway:eu-west-1:sqs:path/123456789012/events"
ROLE: Final = "arn:aws:iam::123456789012:role/api"
AUTHORIZER: Final = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/authorizer/invocations"

ORIGINS: Final = ("https://www.example.com", "http://localhost:3000", "https://xn--bcher-kva.example:8443")

SCENARIOS: Final = {"open": None, "authenticated": AUTHORIZER}
ALLOWED_ORIGINS: Final = {"no origin": (), "any": ("*",), "one": ORIGINS[:1], "several": ORIGINS}


def api_documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each variant and its name: both scenarios, every choice of origins, with and without credentials."""
    for (scenario, authorizer), (origins, allowed), credentials in product(
        SCENARIOS.items(), ALLOWED_ORIGINS.items(), (False, True)
    ):
        document = api_document(
            title="gtm-pixel",
            queue_integration_uri=QUEUE,
            integration_role_arn=ROLE,
            allowed_origins=allowed,
            allow_credentials=credentials,
            authorizer_uri=authorizer,
        )
        yield f"{scenario}, {origins}{', credentials' if credentials else ''}", document


def mapping_templates(document: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every mapping template of a document, with its path in the document."""
    if isinstance(document, list):
        document = dict(enumerate(document))
    if not isinstance(document, dict):
        return
    for key, value in document.items():
        here = f"{place}/{key}"
        if key in ("requestTemplates", "responseTemplates"):
            for content_type, template in value.items():
                yield f"{here}/{content_type}", template
        else:
            yield from mapping_templates(value, here)


def distinct_templates() -> dict[str, str]:
    """Every template of all variants once, by the path where it was found first."""
    places: dict[str, str] = {}
    for variant, document in api_documents():
        for place, template in mapping_templates(document, variant):
            places.setdefault(template, place)
    return {place: template for template, place in places.items()}
