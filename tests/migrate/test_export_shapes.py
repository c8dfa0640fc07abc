"""Publicly known shapes of exports, each with the profiles that result.

The shapes are those of the Amazon Pinpoint API reference (EndpointResponse), of the developer guide
("Exporting endpoints": gzipped parts in a folder of S3) and of the user guide ("Importing segments": JSON
lines and CSV, several values in columns of one name, files without an Id).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from migrate.__main__ import main
from migrate.endpoints import DropReason, SkipReason
from tests.migrate.exports import an_endpoint, as_line, with_attributes, write_lines
from tests.migrate.service import DOMAIN, ENDPOINTS_TYPE, Service

Profile = Mapping[str, Any]

# A row of the summary: a count, a reason and its explanation.
REASON = re.compile(rf"^ +(\d+)  ({'|'.join([*SkipReason, *DropReason])}) ", re.MULTILINE)

NAMES = [f"a{number}" for number in range(250)]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """An export, and its profiles by key: addresses, and attributes other than key and user id."""

    files: Mapping[str, bytes]
    profiles: Mapping[str, Profile]
    key: str = "endpoint-id"
    # Reasons and counts in the summary.
    told: Mapping[str, int] = field(default_factory=dict[str, int])
    status: int = 0


def profile(
    email: str | None = None, phone: str | None = None, opt_out: str = "NONE", **attributes: str
) -> dict[str, Any]:
    addresses = {"EmailAddress": email, "PhoneNumber": phone}
    present = {name: address for name, address in addresses.items() if address is not None}
    return {**present, "gtm_pixel_opt_out": opt_out, **attributes}


def lines(*endpoints: Any) -> bytes:
    return b"".join(map(as_line, endpoints))


def of_user(user: str, endpoint_id: str | None, address: str, **fields: Any) -> dict[str, Any]:
    channel = "EMAIL" if "@" in address else "SMS"
    values = {"UserId": user, "UserAttributes": {"plan": ["gold"]}}
    return an_endpoint(Id=endpoint_id, ChannelType=channel, Address=address, User=values, **fields)


def dated(address: str, date: str) -> dict[str, Any]:
    return an_endpoint("e1", Address=address, EffectiveDate=date)


MANY = [
    of_user("u1", "e1", "anna@example.com"),
    of_user("u2", "e2", "bea@example.com"),
    of_user("u1", "e3", "+491711234567"),
    an_endpoint("e4", ChannelType="APNS", Address="token", User={"UserId": "u1"}),
]

COLUMNS = "ChannelType,Address,EndpointStatus,OptOut,Id,User.UserId"
ATTRIBUTE = "User.UserAttributes.plan"
CSV = f"""{COLUMNS},{ATTRIBUTE},{ATTRIBUTE}
EMAIL,anna@example.com,ACTIVE,NONE,e1,u1,gold,silver
SMS,+49 171 1234567,ACTIVE,NONE,e2,u1,gold,
EMAIL,bea@example.com,ACTIVE,ALL,e3,u2,,tin
EMAIL,"carla,x@example.com",ACTIVE,NONE,e4,u3,"a, b",
""".encode()

SEGMENT_WITHOUT_IDS = b"""ChannelType,Address,Location.Country,User.UserId
SMS,+16045550182,CA,example-user-id-1
EMAIL,john.stiles@example.com,US,example-user-id-2
GCM,4d5e6f1a2b3c4d5e6f7g8h9i0j1a2b3c,CN,example-user-id-2
"""

LATIN_1 = "Id,ChannelType,Address\ne1,EMAIL,jürgen@example.com\ne2,EMAIL,b@example.com".encode("latin-1")

SHAPES = {
    "json": Shape(
        files={"part.json": lines(an_endpoint("e1"))},
        profiles={"e1": profile("e1@example.com", plan="gold")},
    ),
    "s3 parts": Shape(
        files={f"2026/part-{number}.gz": lines(an_endpoint(f"e{number}")) for number in range(3)},
        profiles={f"e{number}": profile(f"e{number}@example.com", plan="gold") for number in range(3)},
    ),
    "many endpoints of a user, by user": Shape(
        files={"part.json": lines(*MANY)},
        key="user-id",
        profiles={
            "u1": profile("anna@example.com", "+491711234567", plan="gold"),
            "u2": profile("bea@example.com", plan="gold"),
        },
        told={"address_of_other_channel": 1},
    ),
    "many endpoints of a user, by endpoint": Shape(
        files={"part.json": lines(*MANY)},
        profiles={
            "e1": profile("anna@example.com", plan="gold"),
            "e2": profile("bea@example.com", plan="gold"),
            "e3": profile(phone="+491711234567", plan="gold"),
            "e4": profile(),
        },
        told={"address_of_other_channel": 1},
    ),
    "the newest of two exports": Shape(
        files={
            "1/part.json": lines(dated("new@example.com", "2026-02-01T00:00:00Z")),
            "2/part.json": lines(dated("old@example.com", "2026-01-01T00:00:00Z")),
        },
        profiles={"e1": profile("new@example.com", plan="gold")},
        told={"older_version": 1},
    ),
    "inactive": Shape(
        files={"part.json": lines(an_endpoint("e1", EndpointStatus="INACTIVE"))},
        profiles={"e1": profile(plan="gold")},
        told={"address_inactive": 1},
    ),
    "opted out": Shape(
        files={"part.json": lines(an_endpoint("e1", OptOut="ALL"))},
        profiles={"e1": profile(opt_out="EMAIL", plan="gold")},
        told={"address_opted_out": 1},
    ),
    "opted out on one of two endpoints of a user": Shape(
        files={
            "part.json": lines(
                of_user("u1", "e1", "anna@example.com", OptOut="ALL"), of_user("u1", "e2", "+491711234567")
            )
        },
        key="user-id",
        profiles={"u1": profile(phone="+491711234567", opt_out="EMAIL", plan="gold")},
        told={"address_opted_out": 1},
    ),
    "missing ids": Shape(
        files={"part.json": lines(*[an_endpoint(Id=one) for one in (None, "", "undefined", "e1")])},
        profiles={"e1": profile("e1@example.com", plan="gold")},
        told={"id_missing": 2, "id_no_value": 1},
    ),
    "users who are nobody": Shape(
        files={
            "part.json": lines(
                of_user("undefined", "e1", "a@example.com"), of_user("null", "e2", "b@example.com")
            )
        },
        key="user-id",
        profiles={"e1": profile("a@example.com", plan="gold"), "e2": profile("b@example.com", plan="gold")},
        told={"user_id_no_value": 2},
    ),
    "a user who is everybody": Shape(
        files={
            "part.json": lines(
                of_user("u1", "e1", "a@example.com"),
                *[of_user("guest", f"g{number}", f"g{number}@example.com") for number in range(101)],
            )
        },
        key="user-id",
        profiles={"u1": profile("a@example.com", plan="gold")},
        told={"user_shared": 101},
    ),
    "emoji": Shape(
        files={
            "part.json": lines(with_attributes({"plan": ["🥇"], "loyalty_tier": ["日本", "é"]}, Id="e🎉"))
        },
        profiles={"e🎉": profile("e1@example.com", plan="🥇", loyalty_tier="日本,é")},
    ),
    "250 attributes": Shape(
        files={"part.json": lines(with_attributes({**{name: ["v"] for name in NAMES}, "plan": ["gold"]}))},
        profiles={"e1": profile("e1@example.com", plan="gold")},
        told={"attribute_undeclared": 250},
    ),
    "an empty first value": Shape(
        files={"part.json": lines(with_attributes({"plan": ["", "gold", "silver"]}))},
        profiles={"e1": profile("e1@example.com", plan="gold,silver")},
    ),
    "csv": Shape(
        files={"segment.csv": CSV},
        profiles={
            "e1": profile("anna@example.com", plan="gold,silver"),
            "e2": profile(phone="+491711234567", plan="gold"),
            "e3": profile(opt_out="EMAIL", plan="tin"),
            "e4": profile(plan="a, b"),
        },
        told={"address_opted_out": 1, "address_not_email": 1},
    ),
    "csv as a spreadsheet writes it": Shape(
        files={"segment.csv": b"\xef\xbb\xbf" + CSV.replace(b",", b";").replace(b"\n", b"\r\n")},
        profiles={
            "e1": profile("anna@example.com", plan="gold,silver"),
            "e2": profile(phone="+491711234567", plan="gold"),
            "e3": profile(opt_out="EMAIL", plan="tin"),
            "e4": profile(plan="a; b"),
        },
        told={"address_opted_out": 1, "address_not_email": 1},
    ),
    "a segment without ids, by user": Shape(
        files={"segment.csv": SEGMENT_WITHOUT_IDS},
        key="user-id",
        profiles={
            "example-user-id-1": profile(phone="+16045550182"),
            "example-user-id-2": profile("john.stiles@example.com"),
        },
        told={"address_of_other_channel": 1},
    ),
    "a segment without ids, by endpoint": Shape(
        files={"segment.csv": SEGMENT_WITHOUT_IDS}, profiles={}, told={"id_missing": 3}, status=1
    ),
    "latin-1": Shape(
        files={"segment.csv": LATIN_1},
        profiles={"e2": profile("b@example.com")},
        told={"not_utf8": 1},
    ),
    "a response of GetUserEndpoints": Shape(
        files={"endpoints.json": b'{\n  "EndpointsResponse": {\n    "Item": []\n  }\n}\n'},
        profiles={},
        told={"unreadable": 5},
        status=1,
    ),
}


def profiles_of(service: Service) -> dict[str, Profile]:
    """The target's profiles by key, without the fields that all shapes share."""
    found: dict[str, Profile] = {}
    for one in service.fake.profiles:
        attributes = {name: value for name, value in one["Attributes"].items() if name != "user_id"}
        key = attributes.pop("gtm_pixel_endpoint_id")
        addresses = {name: one[name] for name in ("EmailAddress", "PhoneNumber") if name in one}
        found[key] = {**addresses, **attributes}
    return found


@pytest.fixture
def imported(service: Service, tmp_path: Path) -> Callable[[Shape, str], int]:
    """Import a shape, from the start."""

    def imported(shape: Shape, state: str) -> int:
        for name, content in shape.files.items():
            (tmp_path / "export" / name).parent.mkdir(parents=True, exist_ok=True)
            write_lines(tmp_path / "export" / name, [content])
        target = ["--domain", DOMAIN, "--object-type", ENDPOINTS_TYPE, "--rate", "100", "--quiet"]
        own = ["--key", shape.key, "--state", str(tmp_path / state)]
        return main(["endpoints", str(tmp_path / "export"), *target, *own])

    assert service.fake.profiles == []
    return imported


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_an_export_ends_as_documented_and_a_second_import_changes_nothing(
    service: Service,
    imported: Callable[[Shape, str], int],
    capsys: pytest.CaptureFixture[str],
    shape: Shape,
) -> None:
    status = imported(shape, "one.json")
    first = profiles_of(service)
    told = {reason: count for count, reason in REASON.findall(capsys.readouterr().out)}
    again = imported(shape, "two.json")

    assert (first, status) == (shape.profiles, shape.status)
    assert {reason: int(count) for reason, count in told.items()} == dict(shape.told)
    assert (profiles_of(service), again) == (first, status)
    assert service.count("UpdateProfile") == 0
