"""The checks before the program declares anything: the CLI's version and the project's name."""

import re
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml

from bootstrap import prerequisites
from bootstrap.prerequisites import LONGEST_PROJECT_NAME, PrerequisiteError
from tests.recording import Recording, refused
from tests.test_program import EVERYTHING, recorded, refused_stack, run_program, stack_config

PROJECT = Path(__file__).parents[2]
REQUIRED = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["requiredPulumiVersion"]

LONGEST_NAMES = {
    "aws:s3/bucket:Bucket": 63,
    "aws:iam/role:Role": 64,
    "aws:lambda/function:Function": 64,
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": 64,
    "aws:sqs/queue:Queue": 80,
    "aws:lambda/permission:Permission": 100,
    "aws:iam/rolePolicy:RolePolicy": 128,
    "aws:cloudformation/stack:Stack": 128,
    "aws:wafv2/ipSet:IpSet": 128,
    "aws:wafv2/webAcl:WebAcl": 128,
    "aws:cloudwatch/logGroup:LogGroup": 512,
    "aws:cloudwatch/logStream:LogStream": 512,
}
"""The longest names, in characters (each service's API reference, and the limits in pulumi-aws)."""

SUFFIX = "-1a2b3c4"
"""The suffix that Pulumi adds to make names unique."""


def overlong(recording: Recording) -> list[str]:
    """The physical names that are longer than AWS takes."""
    return [
        resource.name
        for resource in recording.resources
        if len(resource.name + SUFFIX) > LONGEST_NAMES.get(resource.type, 1_000)
    ]


class TestTheNameOfTheProject:
    """Whoever copies this repository may rename the project in Pulumi.yaml."""

    def test_the_longest_one_that_is_taken_fits_every_name(self) -> None:
        everything = recorded("prod", project="p" * LONGEST_PROJECT_NAME, **EVERYTHING)

        assert {resource.type for resource in everything.resources} >= set(LONGEST_NAMES)
        assert overlong(everything) == []

    def test_a_longer_one_would_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(prerequisites, "_PROJECT_NAME", re.compile(".*"))

        assert overlong(recorded("prod", project="p" * (LONGEST_PROJECT_NAME + 1), **EVERYTHING)) != []

    @pytest.mark.parametrize("name", ["gtm-pixel", "a", "Shop-2"])
    def test_one_that_aws_can_have_is_taken(self, name: str) -> None:
        assert recorded("prod", project=name)[f"{name}-events"]

    @pytest.mark.parametrize("name", ["shop_pixel", "shop.pixel", "2shop", "-shop", "p" * 30, ""])
    def test_another_name_is_an_error_of_one_line_before_anything_is_declared(self, name: str) -> None:
        refusal = refused_stack("prod", project=name)

        assert refusal.resources == []
        assert refusal.error == (
            f"Pulumi.yaml: name: {name!r} begins the names of buckets, functions and CloudFormation stacks: "
            "a letter, then letters, digits and -, at most 29 of them. Set such a name."
        )

    def test_settings_that_keep_the_old_name_are_not_passed_over(self) -> None:
        """The engine hands them over; to a program of another name they say nothing, authMode included."""
        left = {"gtm-pixel:authMode": "authenticated"}

        refusal = refused(run_program, config={**stack_config("pinpoint", "shop"), **left}, project="shop")

        assert refusal.resources == []
        assert refusal.error == (
            "gtm-pixel:authMode: this project is shop, and ignores the settings of gtm-pixel. "
            "Did you mean shop:authMode?"
        )


class _Cli:
    """An engine whose CLI has another version, or is too old to have the check."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        self._code, self._details = code, details
        self.asked: list[str] = []

    def RequirePulumiVersion(self, request: Any) -> None:  # noqa: N802 - the SDK's name
        self.asked.append(request.pulumi_version_range)
        error = grpc.RpcError()
        error.code = lambda: self._code  # pyright: ignore[reportAttributeAccessIssue] - as gRPC's own do
        error.details = lambda: self._details  # pyright: ignore[reportAttributeAccessIssue]
        raise error


def test_readme_and_pulumi_yaml_name_the_same_cli() -> None:
    oldest = REQUIRED.removeprefix(">=").removesuffix(".0")

    assert f"(https://www.pulumi.com/docs/install/) {oldest} or newer" in (PROJECT / "README.md").read_text()


@pytest.mark.parametrize(
    ("code", "details", "reason"),
    [
        (
            grpc.StatusCode.UNKNOWN,
            'Pulumi CLI version 3.100.0 does not satisfy the version range ">=3.219.0"',
            'Pulumi CLI version 3.100.0 does not satisfy the version range ">=3.219.0"',
        ),
        (
            grpc.StatusCode.UNIMPLEMENTED,
            "unknown method RequirePulumiVersion",
            "The installed version of the CLI does not support the `RequirePulumiVersion` RPC. "
            "Please upgrade the Pulumi CLI.",
        ),
    ],
)
def test_an_old_cli_is_an_error_of_one_line(
    code: grpc.StatusCode, details: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = _Cli(code, details)
    monkeypatch.setattr("pulumi.runtime.settings.get_engine", lambda: cli)

    with pytest.raises(PrerequisiteError) as error:
        prerequisites.check("gtm-pixel")

    assert cli.asked == [REQUIRED]
    assert str(error.value) == (
        f"gtm-pixel needs the Pulumi CLI {REQUIRED}: {reason.removesuffix('.')}. Upgrade it: "
        "https://www.pulumi.com/docs/install/"
    )
