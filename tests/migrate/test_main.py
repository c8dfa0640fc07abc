"""`python -m migrate` as a terminal sees it."""

import csv
import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.fakes.customer_profiles import PlannedResponse
from local.web.http_server import HttpServer
from migrate.__main__ import main
from migrate.commands.files import STATE_NAME
from migrate.customer_profiles import CallError, CustomerProfiles
from migrate.import_state import locked
from tests.hostile import FOR_TERMINALS
from tests.migrate.exports import an_endpoint, as_line, numbered, with_attributes, write_export, write_lines
from tests.migrate.service import DOMAIN, ENDPOINTS_TYPE, REGION, Service
from tests.migrate.test_domain_check import INTEGRATIONS
from tests.patience import PATIENCE_SECONDS

PROJECT = Path(__file__).parents[2]

TARGET = ("--domain", DOMAIN, "--object-type", ENDPOINTS_TYPE)
FAST = ("--rate", "100")
BY_ENDPOINT = ("--key", "endpoint-id")

Capture = pytest.CaptureFixture[str]


def imported(export: Path, *more: str) -> int:
    return main(["endpoints", str(export), *BY_ENDPOINT, *TARGET, *FAST, *more])


def dry_run(export: Path, *more: str) -> int:
    command = ["endpoints", str(export), *BY_ENDPOINT, "--dry-run", "--attributes", "plan,loyalty_tier"]
    return main([*command, *more])


def usage_error(capture: Capture, *arguments: str) -> str:
    """The one-line error of a call with these arguments."""
    key = () if "--key" in arguments else BY_ENDPOINT
    assert main(["endpoints", *arguments, *key]) == 2
    streams = capture.readouterr()
    assert streams.out == ""
    (line,) = streams.err.splitlines()
    return line.removeprefix("error: ")


def test_every_endpoint_becomes_a_profile(service: Service, export: Path) -> None:
    assert imported(export) == 0

    assert service.fake.profile("endpoint-24") == {
        "gtm_pixel_endpoint_id": "endpoint-24",
        "user_id": "user-of-endpoint-24",
        "gtm_pixel_opt_out": "NONE",
        "plan": "gold",
    }
    assert [service.puts(f"endpoint-{number}") for number in range(25)] == [1] * 25


def test_an_imported_profile_is_the_one_that_events_find(service: Service, export: Path) -> None:
    imported(export)
    fake = service.fake
    # An event of the same endpoint, as the event processor sends it.
    event = {"event_key": "k1", "event_id": "m1", "endpoint_id": "endpoint-3", "event_type": "e"}
    put_event(event | {"timestamp": "t", "user_attributes": {"plan": "platinum"}})

    profile = fake.profile("endpoint-3")
    assert profile is not None
    assert (profile["user_id"], profile["plan"]) == ("user-of-endpoint-3", "platinum")
    assert len(fake.profiles) == 25


def put_event(event: dict[str, Any]) -> None:
    client = boto3.client("customer-profiles")
    client.put_profile_object(
        DomainName=DOMAIN,
        ObjectTypeName=ENDPOINTS_TYPE.removesuffix("-endpoints"),
        Object=json.dumps(event),
    )
    client.close()


@pytest.mark.usefixtures("service")
def test_the_result_is_on_standard_output(export: Path, capsys: Capture) -> None:
    imported(export)
    first, *_ = capsys.readouterr().out.splitlines()

    assert re.fullmatch(
        rf"25 profiles from 25 endpoints were imported into {DOMAIN} in \d+ s(, \d+ a second)?\. "
        r"The export has 25 endpoints\.",
        first,
    )


def test_the_endpoints_of_a_user_become_one_profile(service: Service, tmp_path: Path) -> None:
    user = {"UserId": "u1", "UserAttributes": {"plan": ["gold"]}}
    endpoints = [
        an_endpoint("e1", User=user),
        an_endpoint("e2", User=user, ChannelType="SMS", Address="+491711234567"),
        an_endpoint("e3", User=user, ChannelType="GCM", Address="token"),
    ]
    export = write_export(tmp_path / "part.json", endpoints)

    assert main(["endpoints", str(export), "--key", "user-id", *TARGET, *FAST]) == 0
    (profile,) = service.fake.profiles
    assert (profile["EmailAddress"], profile["PhoneNumber"]) == ("e1@example.com", "+491711234567")
    assert profile["Attributes"] == {
        "gtm_pixel_endpoint_id": "u1",
        "user_id": "u1",
        "gtm_pixel_opt_out": "NONE",
        "plan": "gold",
    }


def test_without_a_key_both_are_explained_in_three_lines(export: Path, capsys: Capture) -> None:
    assert main(["endpoints", str(export), *TARGET]) == 2
    missing, by_endpoint, by_user = capsys.readouterr().err.splitlines()

    assert missing.startswith("error: --key is missing: what do your tags send as endpoint_id?")
    assert by_endpoint.strip().startswith("--key endpoint-id: ")
    assert by_user.strip().startswith("--key user-id: ")


@pytest.mark.usefixtures("service")
def test_the_import_ends_with_a_spot_check(export: Path, capsys: Capture) -> None:
    imported(export)

    assert "Spot check of 25 profiles: all are as they were sent." in capsys.readouterr().out


def test_missing_profiles_are_reported_and_not_exit_0(
    service: Service, export: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service accepts an object first, and applies it later."""
    monkeypatch.setattr("migrate.spot_check.WAITS_SECONDS", (0.01,))
    monkeypatch.setattr("migrate.customer_profiles.CustomerProfiles.search", lambda *_: [])

    assert imported(export) == 1
    assert "Spot check of 25 profiles: 25 not found yet." in capsys.readouterr().out
    assert len(service.fake.profiles) == 25


def test_an_opt_out_removes_the_address_that_an_earlier_import_wrote(
    service: Service, tmp_path: Path, capsys: Capture
) -> None:
    both = {"e1": {}, "e2": {}, "e3": {}}
    later: dict[str, dict[str, str]] = {
        "e1": {"OptOut": "ALL"},
        "e2": {"EndpointStatus": "INACTIVE"},
        "e3": {},
    }
    for name, changes in {"first": both, "second": later}.items():
        endpoints = [an_endpoint(one, **fields) for one, fields in changes.items()]
        assert imported(write_export(tmp_path / name / "part.json", endpoints)) == 0

    assert [
        (one.get("EmailAddress"), one["Attributes"]["gtm_pixel_opt_out"]) for one in service.fake.profiles
    ] == [
        (None, "EMAIL"),
        (None, "NONE"),
        ("e3@example.com", "NONE"),
    ]
    assert "Removed 2 addresses from existing profiles" in capsys.readouterr().out


@pytest.mark.parametrize("operation", ["search_profiles", "update_profile"])
def test_without_the_permission_to_take_addresses_away_the_import_ends(
    service: Service, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    imported(write_export(tmp_path / "first" / "part.json", [an_endpoint("e1")]))
    call = CustomerProfiles._call

    def denied(service: CustomerProfiles, name: str, parameters: Any) -> Any:
        if name == operation:
            raise CallError(403)
        return call(service, name, parameters)

    monkeypatch.setattr(CustomerProfiles, "_call", denied)
    puts = len(service.put_sizes)

    assert imported(write_export(tmp_path / "second" / "part.json", [an_endpoint("e1", OptOut="ALL")])) == 1
    *_, line = capsys.readouterr().err.splitlines()
    assert f"profile:{operation.title().replace('_', '')} (status 403)" in line
    assert len(service.put_sizes) - puts == (0 if operation == "search_profiles" else 1)


@pytest.mark.parametrize("way", [("--dry-run",), ("--csv", "profiles.csv"), TARGET])
@pytest.mark.parametrize("lines", [[], [b"no json\n"], [b'{"Id": "undefined"}\n']])
@pytest.mark.usefixtures("service")
def test_nothing_imported_is_not_exit_0(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, way: Sequence[str], lines: list[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_lines(tmp_path / "part.json", lines)

    assert main(["endpoints", "part.json", *BY_ENDPOINT, "--attributes", "plan", *way]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: nothing ")


def test_attributes_that_the_object_type_does_not_declare_are_refused_before_the_first_record(
    service: Service, export: Path, capsys: Capture
) -> None:
    assert imported(export, "--attributes", "plan,Plan,color") == 2
    assert capsys.readouterr().err.startswith(
        "error: --attributes Plan,color: the object type does not declare"
    )
    assert service.put_sizes == []


def test_the_object_type_of_events_is_refused_before_the_first_record(
    service: Service, export: Path, capsys: Capture
) -> None:
    target = ["--domain", DOMAIN, "--object-type", ENDPOINTS_TYPE.removesuffix("-endpoints")]

    assert main(["endpoints", str(export), *BY_ENDPOINT, *target]) == 1
    assert "the object type has no field email, opt_out, phone, user_id" in capsys.readouterr().err
    assert service.put_sizes == []


def test_names_with_hyphens_and_dots_arrive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["loyalty-tier", "address.city", "2nd_name"]
    service = Service(profile_attributes=names)
    server = HttpServer(service).start()
    for name, value in {
        "AWS_ENDPOINT_URL_CUSTOMER_PROFILES": server.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }.items():
        monkeypatch.setenv(name, value)
    export = write_export(tmp_path / "part.json", [with_attributes({name: ["x"] for name in names}, Id="e1")])

    assert imported(export, "--attributes", ",".join(names)) == 0
    server.stop()
    profile = service.fake.profile("e1")
    assert profile is not None
    assert {name for name, value in profile.items() if value == "x"} == {
        "loyalty-tier",
        "address_city",
        "2nd_name",
    }


def test_other_files_of_the_directory_are_mentioned(export: Path, capsys: Capture) -> None:
    (export / "part-00002").write_bytes(b"{}\n")

    assert dry_run(export) == 0
    assert "ignored 1 file(s) of the export's directory" in capsys.readouterr().err


@pytest.mark.usefixtures("service")
def test_check_domain_warns_in_lines_and_changes_nothing(
    service: Service, tmp_path: Path, capsys: Capture
) -> None:
    service.fake.describe(
        DOMAIN,
        RuleBasedMatching={
            "Enabled": True,
            "MatchingRules": [{"Rule": ["EmailAddress"]}],
            "MaxAllowedRuleLevelForMerging": 1,
        },
    )

    assert main(["check-domain", "--outputs", str(outputs_file(tmp_path))]) == 1
    *warned, last = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in warned] == ["warning"] * 3
    assert last == f"{DOMAIN}: 3 warnings"
    assert {request.operation for request in service.fake.requests} == {
        *("GetDomain", "ListIntegrations", "ListProfileObjectTypes", "GetProfileObjectType")
    }


def test_check_domain_has_no_warning_for_a_domain_that_is_ready(service: Service, capsys: Capture) -> None:
    service.fake.describe(DOMAIN, integrations=INTEGRATIONS)

    assert main(["check-domain", *TARGET]) == 0
    assert capsys.readouterr().out == f"{DOMAIN}: 0 warnings\n"


@pytest.mark.usefixtures("service")
def test_check_domain_names_the_missing_permission(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_service: CustomerProfiles, _name: str, _parameters: Any) -> Any:
        raise CallError(403)

    monkeypatch.setattr(CustomerProfiles, "_call", denied)

    assert main(["check-domain", *TARGET]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "status 403" in line
    assert line.endswith("permission profile:GetDomain")


def test_without_a_network_the_permission_is_not_all_that_is_blamed(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(_service: CustomerProfiles, _name: str, _parameters: Any) -> Any:
        raise CallError(None)

    monkeypatch.setattr(CustomerProfiles, "_call", unreachable)

    assert main(["check-domain", *TARGET, "--region", REGION]) == 1
    assert capsys.readouterr().err.startswith(
        "error: cannot read the domain (no response; check the network); check --domain"
    )


def test_the_stacks_outputs_set_the_target(service: Service, export: Path, tmp_path: Path) -> None:
    assert main(["endpoints", str(export), *BY_ENDPOINT, "--outputs", str(outputs_file(tmp_path))]) == 0
    assert len(service.fake.profiles) == 25


def test_outputs_can_come_from_a_pipe(
    service: Service, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = {"customer_profiles_domain": DOMAIN, "customer_profiles_endpoints_type": ENDPOINTS_TYPE}
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(outputs).encode("utf-16"))))

    assert main(["endpoints", str(export), *BY_ENDPOINT, "--outputs", "-"]) == 0
    assert len(service.fake.profiles) == 25


def outputs_file(directory: Path, **more: Any) -> Path:
    """Write the output of `pulumi stack output --json`."""
    target = {"customer_profiles_domain": DOMAIN, "customer_profiles_endpoints_type": ENDPOINTS_TYPE}
    file = directory / "outputs.json"
    file.write_text(json.dumps(target | more))
    return file


@pytest.mark.parametrize(
    ("outputs", "arguments", "expected"),
    [
        ({"region": "eu-west-2"}, [], "eu-west-2"),
        ({"region": "eu-west-2"}, ["--region", "us-east-1"], "us-east-1"),
        ({}, ["--region", "us-east-1"], "us-east-1"),
        # Older stacks do not have this output.
        ({}, [], REGION),
    ],
)
def test_the_region_is_the_one_asked_for_then_the_stacks_then_the_configurations(
    service: Service,
    export: Path,
    tmp_path: Path,
    outputs: dict[str, str],
    arguments: Sequence[str],
    expected: str,
) -> None:
    file = outputs_file(tmp_path, **outputs)

    assert main(["endpoints", str(export), *BY_ENDPOINT, "--outputs", str(file), *arguments]) == 0
    assert service.regions == {expected}


def test_a_region_that_is_not_a_string_is_an_error_of_one_line(
    export: Path, tmp_path: Path, capsys: Capture
) -> None:
    file = outputs_file(tmp_path, region=None)

    assert "has no output region" in usage_error(capsys, str(export), "--outputs", str(file))


def test_the_object_type_says_which_attributes_are_taken(service: Service, tmp_path: Path) -> None:
    attributes = {"plan": ["gold"], "loyalty_tier": ["2"], "secret": ["x"]}
    imported(write_export(tmp_path / "part.json", [with_attributes(attributes)]))
    (stored,) = service.fake.objects("e1")

    assert stored.content["user_attributes"] == {"plan": "gold", "loyalty_tier": "2"}


def test_attributes_can_be_chosen(service: Service, tmp_path: Path) -> None:
    export = write_export(tmp_path / "part.json", [with_attributes({"plan": ["a"], "loyalty_tier": ["b"]})])
    imported(export, "--attributes", "plan")
    (stored,) = service.fake.objects("e1")

    assert stored.content["user_attributes"] == {"plan": "a"}


def test_importing_again_from_the_start_changes_nothing(service: Service, export: Path) -> None:
    imported(export)
    before = [dict(profile) for profile in service.fake.profiles]
    (export / STATE_NAME).unlink()
    imported(export)

    assert [dict(profile) for profile in service.fake.profiles] == before
    assert service.puts("endpoint-0") == 2


def test_a_finished_import_calls_nothing_again(service: Service, export: Path, capsys: Capture) -> None:
    imported(export)
    count = len(service.put_sizes)

    assert imported(export) == 0
    assert len(service.put_sizes) == count
    assert capsys.readouterr().out.count("25 profiles from 25 endpoints") == 2


@pytest.mark.usefixtures("service")
def test_skipped_lines_are_listed_in_a_file_next_to_the_state(tmp_path: Path, capsys: Capture) -> None:
    export = write_export(tmp_path / "part.json", [an_endpoint("e1"), an_endpoint(Id="")])

    assert imported(export) == 0
    listed = tmp_path / f"{STATE_NAME}.skipped.jsonl"
    assert json.loads(listed.read_text()) == {"file": "part.json", "line": 2, "skipped": "id_missing"}
    assert str(listed) in capsys.readouterr().out


def test_a_refused_endpoint_shows_in_the_exit_status(
    service: Service, tmp_path: Path, capsys: Capture
) -> None:
    service.fake.plan(PlannedResponse(item_failures={"1": (400, "e2@example.com is wrong")}))
    export = write_export(tmp_path / "part.json", [an_endpoint("e1"), an_endpoint("e2"), an_endpoint("e3")])

    assert imported(export) == 1
    assert "1  400" in capsys.readouterr().out
    assert (service.puts("e1"), service.puts("e2"), service.puts("e3")) == (1, 0, 1)


def test_throttling_is_waited_out(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migrate.delivery._FIRST_WAIT_SECONDS", 0.01)
    service.fake.plan(PlannedResponse(status=429), PlannedResponse(item_failures={"0": (429, "slow down")}))

    assert imported(write_export(tmp_path / "part.json", numbered(3))) == 0
    assert service.put_sizes == [3, 3, 1]


def test_a_service_that_denies_ends_in_one_line(service: Service, export: Path, capsys: Capture) -> None:
    service.fake.plan(*[PlannedResponse(status=403, message="user e1 may not")] * 10)

    assert imported(export) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: the service refuses every request (status 403)")
    assert "e1" not in line


@pytest.mark.usefixtures("service")
def test_an_unknown_object_type_ends_in_one_line(export: Path, capsys: Capture) -> None:
    assert main(["endpoints", str(export), *BY_ENDPOINT, "--domain", DOMAIN, "--object-type", "other"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot read the object type (status 404)" in line


WHOLE_PART = gzip.compress(json.dumps(an_endpoint("late")).encode(), mtime=0)


@pytest.mark.parametrize("way", [TARGET, ("--dry-run",), ("--csv", "profiles.csv")])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (WHOLE_PART[:-5], "is incomplete; download it again"),
        (WHOLE_PART + b"no gzip", "is damaged; download it again"),
        (
            "{}".encode("utf-16"),
            "is in UTF-16 or UTF-32; convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)",
        ),
    ],
    ids=["cut off", "damaged", "utf-16"],
)
def test_an_unreadable_part_is_an_error_of_one_line_and_nothing_is_sent(
    service: Service,
    export: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    way: Sequence[str],
    content: bytes,
    expected: str,
) -> None:
    (export / "part-2.gz").write_bytes(content)
    monkeypatch.chdir(export.parent)

    assert main(["endpoints", "export", *BY_ENDPOINT, "--attributes", "plan", *way]) == 1
    assert capsys.readouterr().err == f"error: export/part-2.gz {expected}\n"
    assert service.put_sizes == []


def test_a_part_that_is_downloaded_again_is_imported(service: Service, export: Path) -> None:
    (export / "part-2.gz").write_bytes(WHOLE_PART[:-5])
    imported(export)
    (export / "part-2.gz").write_bytes(WHOLE_PART)

    assert imported(export) == 0
    assert (service.puts("endpoint-0"), service.puts("late")) == (1, 1)


def test_a_dry_run_counts_and_calls_nothing(service: Service, export: Path, capsys: Capture) -> None:
    assert dry_run(export) == 0

    assert capsys.readouterr().out.startswith("25 profiles from 25 endpoints would be imported")
    assert service.fake.requests == []


def test_a_dry_run_points_out_misspelled_attributes(tmp_path: Path, capsys: Capture) -> None:
    dry_run(write_export(tmp_path / "part.json", [with_attributes({"Plan": ["a"], "city": ["b"]})]))

    assert "Plan  differs from plan only in case" in capsys.readouterr().out


def test_a_dry_run_needs_no_aws_and_leaves_no_file(export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    before = sorted(export.rglob("*"))

    assert dry_run(export) == 0
    assert sorted(export.rglob("*")) == before


def test_a_dry_run_can_list_what_would_be_skipped(tmp_path: Path) -> None:
    export = write_lines(tmp_path / "part.json", [b"{}\n"])
    dry_run(export, "--skipped", str(tmp_path / "skipped.jsonl"))

    assert json.loads((tmp_path / "skipped.jsonl").read_text())["skipped"] == "id_missing"


@pytest.mark.parametrize("way", [("--dry-run",), ("--csv", "profiles.csv"), TARGET])
@pytest.mark.usefixtures("service")
def test_every_way_names_the_files_of_skipped_lines_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: Sequence[str]
) -> None:
    for year in ("2024", "2026"):
        write_lines(tmp_path / "export" / year / "part.json", [as_line(an_endpoint(year)), b"no json\n"])
    monkeypatch.chdir(tmp_path)

    assert (
        main(
            ["endpoints", "export", *BY_ENDPOINT, "--attributes", "plan", "--skipped", "skipped.jsonl", *way]
        )
        == 0
    )
    assert skipped_files(Path("skipped.jsonl")) == ["2024/part.json", "2026/part.json"]


@pytest.mark.parametrize("way", [("--dry-run",), TARGET])
@pytest.mark.usefixtures("service")
def test_the_files_of_skipped_lines_are_named_relative_to_the_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: Sequence[str]
) -> None:
    write_lines(tmp_path / "export" / "part.json", [as_line(an_endpoint()), b"no json\n"])
    (tmp_path / "states").mkdir()
    monkeypatch.chdir(tmp_path)
    files = ["--state", "states/one.json", "--skipped", "skipped.jsonl"]

    assert main(["endpoints", "export", *BY_ENDPOINT, "--attributes", "plan", *files, *way]) == 0
    assert skipped_files(Path("skipped.jsonl")) == ["../export/part.json"]


def skipped_files(path: Path) -> list[str]:
    return [json.loads(line)["file"] for line in path.read_text().splitlines()]


# Each names a file in the export's directory that could be taken for a part.
OWN_FILES = [
    ("--dry-run", "--attributes", "plan", "--skipped", "{}/skipped.jsonl"),
    ("--attributes", "plan", "--csv", "{}/profiles.json"),
    (*TARGET, *FAST, "--skipped", "{}/skipped.jsonl"),
    (*TARGET, *FAST, "--state", "{}/state.json"),
    ("--outputs", "{}/outputs.json"),
]


@pytest.mark.parametrize("arguments", OWN_FILES)
@pytest.mark.usefixtures("service")
def test_the_same_command_counts_the_same_with_its_files_in_the_export(
    export: Path, capsys: Capture, arguments: Sequence[str]
) -> None:
    write_lines(export / "part-2.json", [b"no json\n"])
    if "--outputs" in arguments:
        outputs_file(export)
    command = ["endpoints", str(export), *BY_ENDPOINT, *(word.format(export) for word in arguments)]
    first, second = [(main(command), counts(capsys)) for _ in range(2)]

    # Only the first run sends profiles, and so has a spot check.
    assert [line for line in first[1] if "Spot check" not in line] == second[1]
    assert first[0] == second[0]
    assert first[1][0] == "25 profiles from 25 endpoints"


def counts(capture: Capture) -> list[str]:
    """The summary without its duration."""
    first, *rest = capture.readouterr().out.splitlines()
    return [" ".join(first.split()[:5]), *rest]


def test_its_own_files_are_not_read_however_they_are_named(
    export: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (export / "profiles.json").write_text("no json\n")
    (tmp_path / "link").symlink_to(export)
    monkeypatch.chdir(export)
    command = [
        "endpoints",
        str(tmp_path / "link"),
        *BY_ENDPOINT,
        "--attributes",
        "plan",
        "--csv",
        "profiles.json",
    ]

    assert main(command) == 0
    assert counts(capsys)[0] == "25 profiles from 25 endpoints"


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("a.json", ["--skipped", "a.json"], "a.json is the file of --skipped"),
        ("a.json", ["--state", "a.json"], "a.json is the file of --state"),
        ("a.json.new", ["--state", "a.json"], "a.json.new is the file of --state"),
        ("a.json.skipped.jsonl", ["--state", "a.json"], "a.json.skipped.jsonl is the file of --state"),
        ("a.json", ["--csv", "a.json"], "a.json is the file of --csv"),
        ("a.json.part", ["--csv", "a.json"], "a.json.part is the file of --csv"),
        ("a.json", ["--outputs", "a.json"], "a.json is the file of --outputs"),
        (STATE_NAME, [], f"{STATE_NAME} was written by an earlier import"),
        (f"{STATE_NAME}.skipped.jsonl", [], f"{STATE_NAME}.skipped.jsonl was written by an earlier import"),
    ],
)
def test_its_own_files_are_refused_as_the_export_and_kept(
    tmp_path: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    arguments: Sequence[str],
    expected: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    file = write_export(tmp_path / name, numbered(3))
    before = file.read_bytes()

    assert usage_error(capsys, name, *arguments, "--attributes", "plan").startswith(expected)
    assert file.read_bytes() == before


def test_a_csv_has_a_row_for_every_endpoint(export: Path, tmp_path: Path) -> None:
    file = tmp_path / "profiles.csv"

    assert (
        main(
            ["endpoints", str(export), *BY_ENDPOINT, "--attributes", "loyalty_tier,plan", "--csv", str(file)]
        )
        == 0
    )
    with file.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    assert len(rows) == 25
    assert rows[3] == {
        "endpoint_id": "endpoint-3",
        "user_id": "user-of-endpoint-3",
        "email": "endpoint-3@example.com",
        "phone": "",
        "opt_out": "NONE",
        "usat_loyalty_tier": "",
        "usat_plan": "gold",
    }


def test_a_csv_is_for_its_owner_only(export: Path, tmp_path: Path) -> None:
    file = tmp_path / "profiles.csv"
    file.write_text("an older one")
    file.chmod(0o644)
    main(["endpoints", str(export), *BY_ENDPOINT, "--attributes", "plan", "--csv", str(file)])

    assert file.stat().st_mode & 0o777 == 0o600


def test_a_directory_cannot_be_the_csv(export: Path, tmp_path: Path, capsys: Capture) -> None:
    line = usage_error(capsys, str(export), "--attributes", "plan", "--csv", str(tmp_path))

    assert line == f"{tmp_path} is a directory; give a file as --csv"


def test_a_csv_that_is_not_complete_is_not_left(export: Path, tmp_path: Path) -> None:
    (export / "part-2.gz").write_bytes(b"\x1f\x8b\x08")
    file = tmp_path / "profiles.csv"

    assert main(["endpoints", str(export), *BY_ENDPOINT, "--attributes", "plan", "--csv", str(file)]) == 1
    assert not list(tmp_path.glob("profiles.csv*"))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "no target; give --outputs, or both --domain and --object-type"),
        (["--domain", DOMAIN], "no target; give --outputs, or both --domain and --object-type"),
        (["--domain", "a b", "--object-type", "t"], "domain 'a b' must be"),
        (["--domain", DOMAIN, "--object-type", "1t"], "object type '1t' must be"),
        ([*TARGET, "--rate", "0"], "--rate 0 must be 1 to 100 requests a second"),
        ([*TARGET, "--rate", "101"], "--rate 101 must be 1 to 100 requests a second"),
        ([*TARGET, "--rate", "fast"], "argument --rate: invalid int value: 'fast'"),
        (
            [*TARGET, "--attributes", "plan,loyalty tier"],
            "--attributes loyalty tier: a name must be 1 to 59 letters",
        ),
        ([*TARGET, "--attributes", "n" * 60], f"--attributes {'n' * 60}: a name must be"),
        (["--key", "email"], "argument --key: invalid choice: 'email'"),
        (["--dry-run"], "--dry-run calls nothing, so it cannot ask the object type"),
        (["--csv", "a.csv"], "--csv calls nothing, so it cannot ask the object type"),
        (["--outputs", "missing.json"], "--outputs: missing.json cannot be read"),
        ([*TARGET, "--outputs", "x.json"], "--outputs already names domain and object type"),
        (
            ["--dry-run", "--attributes", "plan", "--skipped", "/nowhere/s.jsonl"],
            "/nowhere/s.jsonl cannot be written (No such file or directory); give another file",
        ),
        (
            ["--attributes", "plan", "--csv", "/nowhere/a.csv"],
            "/nowhere/a.csv cannot be written (No such file or directory); give another --csv",
        ),
        (["--unknown"], "unrecognized arguments: --unknown (python -m migrate --help)"),
        (["--dry-run", "--skipped", ""], "argument --skipped: '' names no file: give a name (python -m"),
        ([""], "argument EXPORT: '' names no file: give a name (python -m migrate endpoints --help)"),
        (["--dry-run", "--csv", "a.csv"], "argument --csv: not allowed with argument --dry-run"),
    ],
)
def test_wrong_usage_is_an_error_of_one_line(
    export: Path, capsys: Capture, arguments: Sequence[str], expected: str
) -> None:
    assert usage_error(capsys, str(export), *arguments).startswith(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", "has no output customer_profiles_domain"),
        ('{"customer_profiles_domain": "d"}', "has no output customer_profiles_endpoints_type"),
        ("[1]", "is no JSON object"),
        ("[" * 100_000, "is no JSON object"),
        ("no json", "is no JSON object"),
    ],
)
def test_outputs_without_a_target_are_an_error_of_one_line(
    export: Path, tmp_path: Path, capsys: Capture, text: str, expected: str
) -> None:
    outputs = tmp_path / "outputs.json"
    outputs.write_text(text)

    assert expected in usage_error(capsys, str(export), "--outputs", str(outputs))


def test_a_missing_export_is_an_error_of_one_line(tmp_path: Path, capsys: Capture) -> None:
    assert "does not exist" in usage_error(capsys, str(tmp_path / "nothing"), *TARGET)


def test_links_in_a_circle_are_an_error_of_one_line(export: Path, tmp_path: Path, capsys: Capture) -> None:
    circle = tmp_path / "circle"
    circle.symlink_to(circle)

    assert "does not exist" in usage_error(capsys, str(circle), *TARGET)
    line = usage_error(capsys, str(export), "--dry-run", "--attributes", "a", "--skipped", str(circle))
    assert line.startswith(f"{circle} cannot be written (Too many levels of symbolic links)")


@pytest.mark.usefixtures("service")
def test_a_changed_export_is_an_error_of_one_line(export: Path, capsys: Capture) -> None:
    imported(export)
    capsys.readouterr()
    write_export(export / "part-0.json.gz", numbered(3))

    assert "part-0.json.gz has changed" in usage_error(capsys, str(export), *TARGET)


@pytest.mark.usefixtures("service")
def test_the_state_of_another_target_is_an_error_of_one_line(export: Path, capsys: Capture) -> None:
    imported(export)
    capsys.readouterr()

    assert "another set of attributes" in usage_error(capsys, str(export), *TARGET, "--attributes", "plan")
    assert "another key" in usage_error(capsys, str(export), *TARGET, "--key", "user-id")


@pytest.mark.usefixtures("service")
def test_a_second_import_with_the_same_state_is_refused_while_the_first_runs(
    export: Path, capsys: Capture
) -> None:
    with locked(export / STATE_NAME):
        line = usage_error(capsys, str(export), *TARGET)

    assert line.startswith(f"another import is using {export / STATE_NAME}; ")
    assert imported(export) == 0


SECRETS = ["secret-id", "secret-user", "secret@example.com", "+491711234567", "secret-value", "secret-token"]


def test_nothing_of_a_customer_is_printed_or_kept_in_any_outcome(
    service: Service, tmp_path: Path, capsys: Capture
) -> None:
    user = {"UserId": "secret-user", "UserAttributes": {"plan": ["secret-value"], "city": ["secret-value"]}}
    whole = {"Address": "secret@example.com", "User": user}
    phone = {"ChannelType": "SMS", "Address": "+491711234567", "User": user}
    endpoints = [
        an_endpoint("secret-id-1", **whole),
        an_endpoint("secret-id-2", **phone),
        an_endpoint("secret-id-3", ChannelType="GCM", Address="secret-token"),
        an_endpoint("secret-id-4", OptOut="ALL", **whole),
        an_endpoint("secret-id-5", EndpointStatus="INACTIVE", **whole),
        an_endpoint("secret-id-6", ChannelType="SMS", Address="secret@example.com"),
        an_endpoint("secret-id-" * 40, **whole),
        an_endpoint("", **whole),
        an_endpoint("undefined", **whole),
        ["secret-value"],
    ]
    export = write_export(tmp_path / "export" / "part.json", endpoints)
    service.fake.plan(PlannedResponse(item_failures={"0": (400, "secret-id-1 secret@example.com")}))
    dry_run(export, "--skipped", str(tmp_path / "export" / "dry.jsonl"))

    assert imported(export) == 1
    streams = capsys.readouterr()
    kept = "".join(file.read_text() for file in export.parent.iterdir() if file != export)
    assert [secret for secret in SECRETS if secret in streams.out + streams.err + kept] == []
    assert '"refused": 400' in kept


def start(*arguments: str, **streams: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "migrate", "endpoints", *arguments, *BY_ENDPOINT],
        cwd=PROJECT,
        text=True,
        **streams,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_import_says_how_to_continue_and_does(
    service: Service, tmp_path: Path, number: signal.Signals
) -> None:
    export = write_export(tmp_path / "part.json", numbered(300))
    arguments = (str(export), *TARGET)
    with service.holding(3):
        process = start(*arguments, "--rate", "10", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        service.wait_for_requests(3)
        process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 130
    assert err.splitlines() == [
        "stopping when the requests under way are settled; Ctrl-C again ends at once",
        f"interrupted; run the same command again to continue ({tmp_path / STATE_NAME})",
    ]
    assert 30 <= int(out.split()[0]) < 300
    assert imported(export) == 0
    assert [service.puts(f"endpoint-{number}") for number in range(300)] == [1] * 300


def test_a_second_ctrl_c_does_not_wait_for_a_service_that_does_not_respond(
    service: Service, export: Path
) -> None:
    with service.holding(1):
        process = start(str(export), *TARGET, *FAST, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        service.wait_for_requests(1)
        assert process.stderr is not None
        process.send_signal(signal.SIGINT)
        assert process.stderr.readline().startswith("stopping when")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 130
    assert err == "ended at once; run the same command again to continue\n"


def test_ctrl_c_while_a_page_of_the_domain_is_awaited_ends_without_a_traceback(service: Service) -> None:
    with service.holding(0):
        process = subprocess.Popen(
            [sys.executable, "-m", "migrate", "check-domain", *TARGET],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        service.wait_for_any_request()
        process.send_signal(signal.SIGINT)

        assert process.communicate(timeout=PATIENCE_SECONDS) == ("", "interrupted\n")
    assert process.returncode == 130


def test_a_name_of_the_export_is_printed_with_nothing_to_obey(tmp_path: Path, capsys: Capture) -> None:
    names = {FOR_TERMINALS.replace("\ud800", ""): ["x"], "plan": ["gold"]}
    export = write_export(tmp_path / f"{FOR_TERMINALS[:4]}\n" / "part.json", [with_attributes(names)])
    (export.parent / f"{FOR_TERMINALS[:4]}other").write_text("x")

    assert dry_run(export.parent) == 0
    streams = capsys.readouterr()
    assert r"\x1b[2Jx\x9b31m\x1b]0;t\x07\r\nerror: \u202e" in streams.out
    assert r"\x1b[2J\n/\x1b[2Jother" in streams.err
    assert (streams.out + streams.err).replace("\n", "").isprintable()


@pytest.mark.usefixtures("service")
def test_the_bar_is_silent_without_a_terminal(export: Path, capsys: Capture) -> None:
    imported(export)

    assert capsys.readouterr().err == ""


def on_a_terminal(*arguments: str, status: int = 0) -> str:
    """Standard error as a terminal shows it, until the command exits with this status."""
    reader, writer = os.openpty()
    termios.tcsetwinsize(writer, (24, 80))
    shown = b""
    try:
        process = start(*arguments, stdout=subprocess.DEVNULL, stderr=writer)
        assert process.wait(timeout=PATIENCE_SECONDS) == status
        os.write(writer, b"<end>")
        while not shown.endswith(b"<end>"):
            shown += os.read(reader, 1_000)
        return shown.decode()
    finally:
        os.close(writer)
        os.close(reader)


@pytest.mark.usefixtures("service")
def test_a_terminal_shows_how_far_the_import_is(export: Path) -> None:
    assert "25/25" in on_a_terminal(str(export), *TARGET)


def test_without_a_terminal_a_line_says_now_and_then_how_far_it_is(
    service: Service, export: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrate.commands.progress._SECONDS_BETWEEN_LINES", 0.0)

    assert imported(export) == 0
    lines = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"25 endpoints read, [\d,]+ a second", lines[24])
    assert re.fullmatch(r"25 of 25 profiles, [\d,]+ a second", lines[-1])
    assert len(service.fake.profiles) == 25


@pytest.mark.usefixtures("service")
def test_the_bar_can_be_switched_off(export: Path) -> None:
    assert on_a_terminal(str(export), *TARGET, "--quiet") == "<end>"


@pytest.mark.usefixtures("service")
def test_a_changed_export_of_the_same_size_does_not_count_as_imported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = tmp_path / "export" / "part.json"
    write_export(part, [an_endpoint("e1", OptOut="NONE")])
    assert imported(part.parent) == 0
    write_export(part, [an_endpoint("e1", OptOut="ALL ")])
    capsys.readouterr()

    assert imported(part.parent) == 2
    said = capsys.readouterr()
    assert "delete" in said.err
    assert "were imported" not in said.out


@pytest.mark.usefixtures("service")
def test_a_failed_spot_check_is_not_exit_0(
    export: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = CustomerProfiles.search

    def refuse_the_check(self: CustomerProfiles, keys: Sequence[str]) -> object:
        if keys[0].startswith("endpoint-"):
            raise CallError(400)
        return searched(self, keys)

    monkeypatch.setattr("migrate.customer_profiles.CustomerProfiles.search", refuse_the_check)

    assert imported(export) == 1
    assert (
        "Spot check failed: the service did not respond to a search for 25 profiles."
        in capsys.readouterr().out
    )
