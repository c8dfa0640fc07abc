"""Fixtures of the import tests: Customer Profiles on loopback, and an export."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.web.http_server import HttpServer
from tests.migrate.exports import numbered, write_export
from tests.migrate.service import REGION, Service


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """The service that boto3 calls in this test, in this process and in those it starts."""
    service = Service()
    server = HttpServer(service).start()
    for name, value in {
        "AWS_ENDPOINT_URL_CUSTOMER_PROFILES": server.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    yield service
    server.stop()


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """An export of 25 endpoints in two parts."""
    endpoints = numbered(25)
    write_export(tmp_path / "export" / "part-0.json.gz", endpoints[:15])
    write_export(tmp_path / "export" / "part-1.json.gz", endpoints[15:])
    return tmp_path / "export"
