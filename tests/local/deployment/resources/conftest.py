"""Shared by the tests of the provider: an empty stack, a function, a bucket."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest

from local.deployment.cloud import Cloud
from local.deployment.resources import Resources

BUCKET = "aws:s3/bucket:Bucket"


@pytest.fixture
def resources(cloud: Cloud) -> Resources:
    return Resources(cloud, api_url="http://127.0.0.1:8080", default_tags={"project": "gtm-pixel"})


@pytest.fixture
def function(make_role: Callable[..., str], tmp_path: Path) -> Mapping[str, Any]:
    archive = tmp_path / "code.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.py", "")
    role = make_role("function-role", allowed=[])
    code = pulumi.FileArchive(str(archive))
    return {"role": role, "runtime": "python3.13", "handler": "index.handler", "code": code, "timeout": 60}


@pytest.fixture
def bucket(resources: Resources) -> str:
    return resources.create(BUCKET, "bucket", {})[0]
