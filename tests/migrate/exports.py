"""Endpoint exports as Amazon Pinpoint writes them."""

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def an_endpoint(endpoint_id: str = "e1", **fields: Any) -> dict[str, Any]:
    """An endpoint with all fields of an export; `fields` replace some."""
    return {
        "Id": endpoint_id,
        "ApplicationId": "0123456789abcdef0123456789abcdef",
        "ChannelType": "EMAIL",
        "Address": f"{endpoint_id}@example.com",
        "EndpointStatus": "ACTIVE",
        "OptOut": "NONE",
        "Attributes": {},
        "Metrics": {},
        "Demographic": {"Platform": "ios", "Locale": "de_DE"},
        "Location": {"City": "Berlin", "Country": "DE"},
        "User": {"UserId": f"user-of-{endpoint_id}", "UserAttributes": {"plan": ["gold"]}},
        "EffectiveDate": "2026-09-21T14:13:20.000Z",
        "CreationDate": "2025-01-01T00:00:00.000Z",
        "CohortId": "42",
        "RequestId": "a1b2c3",
        **fields,
    }


def with_attributes(attributes: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    return an_endpoint(User={"UserId": "u1", "UserAttributes": dict(attributes)}, **fields)


def as_line(endpoint: Any) -> bytes:
    return json.dumps(endpoint).encode() + b"\n"


def write_lines(path: Path, lines: Iterable[bytes]) -> Path:
    """Write a part of an export, gzipped if it is named .gz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wb") if path.suffix == ".gz" else path.open("wb") as file:
        file.writelines(lines)
    return path


def write_export(path: Path, endpoints: Iterable[Any]) -> Path:
    return write_lines(path, map(as_line, endpoints))


def numbered(count: int) -> list[dict[str, Any]]:
    return [an_endpoint(f"endpoint-{number}") for number in range(count)]
