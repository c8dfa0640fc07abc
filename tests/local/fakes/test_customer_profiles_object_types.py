"""Reading object types out of CloudFormation templates: what the service would refuse is refused."""

from typing import Any

import pytest

from local.fakes.customer_profiles_object_types import ObjectTypeError, read_domains, read_object_types

DOMAIN = "amazon-connect-shop"


def a_template(
    *, fields: Any = None, keys: Any = None, domain: Any = DOMAIN, **properties: Any
) -> dict[str, Any]:
    """A template with a domain and one object type: fields as (source, target), keys alike."""
    fields = {"id": ("_source.id", None)} if fields is None else fields
    keys = {"id": (["UNIQUE", "PROFILE"], ["id"])} if keys is None else keys
    return {
        "Resources": {
            "Domain": {"Type": "AWS::CustomerProfiles::Domain", "Properties": {"DomainName": DOMAIN}},
            "Type": {
                "Type": "AWS::CustomerProfiles::ObjectType",
                "Properties": {
                    "DomainName": domain,
                    "ObjectTypeName": "events",
                    "Fields": [
                        {
                            "Name": name,
                            "ObjectTypeField": {"Source": source} | ({"Target": target} if target else {}),
                        }
                        for name, (source, target) in fields.items()
                    ],
                    "Keys": [
                        {
                            "Name": name,
                            "ObjectTypeKeyList": [{"StandardIdentifiers": identifiers, "FieldNames": names}],
                        }
                        for name, (identifiers, names) in keys.items()
                    ],
                    **properties,
                },
            },
            "Other": {"Type": "AWS::S3::Bucket"},
        }
    }


def test_a_type_is_read_as_declared() -> None:
    fields = {"id": ("_source.id", None), "plan": ("_source.user.plan", "_profile.Attributes.plan")}
    keys = {"id": (["UNIQUE"], ["id"]), "p": (["PROFILE"], ["id"]), "search": ([], ["plan"])}
    (found,) = read_object_types(
        [a_template(fields=fields, keys=keys, AllowProfileCreation=True, MaxProfileObjectCount=9)]
    )
    assert (found.domain, found.name, found.allow_profile_creation) == (DOMAIN, "events", True)
    assert found.max_objects == 9
    assert list(found.fields["plan"].source) == ["user", "plan"]
    assert (found.fields["plan"].target, found.fields["id"].target) == ("Attributes.plan", None)
    assert [(key.name, key.is_unique, key.is_profile) for key in found.keys] == [
        ("id", True, False),
        ("p", False, True),
        ("search", False, False),
    ]


def test_a_type_creates_no_profiles_unless_it_says_so() -> None:
    (found,) = read_object_types([a_template()])
    assert not found.allow_profile_creation
    assert found.max_objects is None


def test_the_domain_may_be_a_reference_to_one_of_the_template() -> None:
    (found,) = read_object_types([a_template(domain={"Ref": "Domain"})])
    assert found.domain == DOMAIN


def test_domains_are_read_from_every_template() -> None:
    assert read_domains([a_template(), {}]) == [DOMAIN]


def test_the_most_that_is_allowed_is_read() -> None:
    fields = {f"f{n}": (f"_source.f{n}", None) for n in range(250)}
    keys = {"id": (["UNIQUE", "PROFILE"], ["f0"])} | {f"k{n}": ([], [f"f{n}"]) for n in range(9)}
    (found,) = read_object_types([a_template(fields=fields, keys=keys)])
    assert (len(found.fields), len(found.keys)) == (250, 10)


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        (a_template(fields={f"f{n}": (f"_source.f{n}", None) for n in range(251)}, keys={}), "251 fields"),
        (
            a_template(
                keys={"id": (["UNIQUE", "PROFILE"], ["id"])} | {f"k{n}": ([], ["id"]) for n in range(10)}
            ),
            "11 keys",
        ),
        (a_template(keys={"id": (["PROFILE"], ["id"])}), "0 UNIQUE keys"),
        (a_template(keys={"a": (["UNIQUE"], ["id"]), "b": (["UNIQUE"], ["id"])}), "2 UNIQUE keys"),
        (a_template(keys={"id": (["UNIQUE", "PROFILE"], ["other"])}), "the field other"),
        (a_template(keys={"id": (["UNIQUE", "LOOKUP_ONLY"], ["id"])}), "not emulated"),
        (a_template(fields={"id": ("id", None)}), "the source 'id'"),
        (a_template(fields={"id": ("_source.id", "Attributes.id")}), "the target 'Attributes.id'"),
        (a_template(fields={"id": ("_source.id", "_profile.Address.City")}), "not emulated"),
        (a_template(domain={"Ref": "Elsewhere"}), "not emulated"),
    ],
)
def test_invalid_or_unsupported_templates_are_errors_of_one_line(
    template: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ObjectTypeError, match=problem) as caught:
        read_object_types([template])
    assert "\n" not in str(caught.value)
