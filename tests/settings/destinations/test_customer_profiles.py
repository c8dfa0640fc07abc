"""Settings of Amazon Connect Customer Profiles, and that AWS takes whatever loads."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, reject
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from components.profile_template import profile_template, template_body
from settings import SettingsError
from settings.destinations import customer_profiles as group
from settings.destinations import event_triggers
from settings.destinations.event_triggers import ComparisonOperator
from tests.profile_templates import findings, refusals
from tests.settings.stacks import TEMPLATE, customer_profiles, load, names, problems


def test_the_domain_may_be_new_and_the_other_settings_set_too() -> None:
    destination = customer_profiles(
        customerProfilesNewDomain=True,
        customerProfilesObjectType="events-2",
        customerProfilesExpirationDays=30,
        customerProfilesMaxEventsPerProfile=99,
        customerProfilesCreate=False,
        profileAttributes=["plan"],
        customerProfilesTriggerAttributes=["currency"],
        customerProfilesTriggerMetrics=["value"],
        customerProfilesSearchAttributes=["order_number"],
    )

    assert destination.template == replace(
        TEMPLATE,
        new_domain=True,
        object_type_name="events-2",
        expiration_days=30,
        max_events_per_profile=99,
        create_profiles=False,
        profile_attributes=("plan",),
        trigger_attributes=("currency",),
        trigger_metrics=("value",),
        search_attributes=("order_number",),
    )


@pytest.mark.parametrize(
    "name",
    [
        *(
            "id",
            "user_id",
            "customer_id",
            "crm_id",
            "profile_id",
            "account_number",
            "username",
            "loyalty_number",
        ),
        *("email", "E_Mail", "mail", "user_email", "PersonalEmailAddress", "business_email_address"),
        *("phone", "phone_number", "MobilePhoneNumber", "home_phone", "mobile", "telephone", "msisdn"),
        *("gtm_pixel_order_id", "_email", "_phone", "_account_id"),
    ],
)
def test_an_attribute_that_identifies_a_customer_must_be_allowed_explicitly(name: str) -> None:
    given: dict[str, Any] = {"profileUpdates": "all", "profileAttributes": [name]}
    with pytest.raises(
        SettingsError, match=r"identifies a customer.*customerProfilesAllowIdentityAttributes"
    ):
        load(**given)
    meant = load(**given, customerProfilesAllowIdentityAttributes=True)
    assert meant.profile_attributes == (name,)
    # Nobody can write it, but an import of endpoints may.
    assert load(profileUpdates="none", profileAttributes=[name]).profile_attributes == (name,)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "plan",
            "tier",
            "loyalty_points",
            "email_opt_in",
            "phone_verified",
            "mobile_app",
            "first_name",
            "city",
        ),
        *(
            "identity",
            "paid",
            "valid_until",
            "customer_since",
            "number_of_orders",
            "telegram",
            "mailing_list",
        ),
    ],
)
def test_an_attribute_that_only_sounds_like_an_identity_is_accepted(name: str) -> None:
    assert load(profileUpdates="all", profileAttributes=[name]).profile_attributes == (name,)


@pytest.mark.parametrize("profile_updates", ["none", "allowlist", "all"])
def test_attributes_are_declared_whatever_may_update_them(profile_updates: str) -> None:
    loaded = load(profileUpdates=profile_updates, profileAttributes=["plan"])

    assert loaded.profile_attributes == ("plan",)
    assert customer_profiles(profileAttributes=["plan"]).template.profile_attributes == ("plan",)


@pytest.mark.parametrize(
    ("quota", "copies", "share"), [(100, 5, 20), (100, 7, 14), (99, 50, 1), (100, 100, 1)]
)
def test_the_copies_of_the_function_share_the_quota(quota: int, copies: int, share: int) -> None:
    destination = customer_profiles(
        customerProfilesRequestsPerSecond=quota, maximumConcurrency=copies, batchSize=10
    )

    assert destination.requests_per_second == share
    assert share * copies <= quota


@pytest.mark.parametrize(
    ("batch_size", "quota", "copies", "timeout"),
    [
        (10_000, 100, 4, 80),  # 1000 requests at 25 a second: 40 s
        (200, 2, 2, 40),  # 20 at 1: 20 s
        (10_000, 100, 50, 540),  # 1000 at 2: 500 s
    ],
)
def test_a_batch_may_take_all_the_time_there_is(
    batch_size: int, quota: int, copies: int, timeout: int
) -> None:
    loaded = load(
        batchSize=batch_size,
        customerProfilesRequestsPerSecond=quota,
        maximumConcurrency=copies,
        functionTimeoutSeconds=timeout,
    )

    assert loaded.batch_size == batch_size


def test_a_stack_whose_name_customer_profiles_cannot_have_is_refused() -> None:
    assert problems(stack="eu.prod") == [
        "customerProfilesObjectType: it is not set, and the stack's name 'gtm-pixel-eu.prod' is not 1 to 245 "
        "letters, digits, - and _, of which the first is no digit and no -. Set it, or rename the stack."
    ]


@pytest.mark.parametrize(
    "settings", [{"stack": "live-endpoints"}, {"customerProfilesObjectType": "a-endpoints"}]
)
def test_an_object_type_with_the_name_of_another_stack_s_endpoints_is_refused(
    settings: dict[str, Any],
) -> None:
    (problem,) = problems(**settings)

    assert "ends with -endpoints: in the same domain, the stack whose object type is" in problem
    assert problem.endswith("Set a name with another ending.")


def test_object_types_may_have_another_name_than_the_stack() -> None:
    destination = customer_profiles(stack="eu.prod", customerProfilesObjectType="events")

    assert destination.template.object_type_name == "events"


# ---- What is wrong -------------------------------------------------------------------------------------

_FIELD_RULE = "is not a field name of Customer Profiles: 1 to 50 letters, digits and _, no digit first."
_DOMAIN_FIX = "Set the domain's name, such as amazon-connect-example."

ERRORS: list[tuple[dict[str, Any], str]] = [
    *(
        (
            {"customerProfilesDomain": name},
            f"customerProfilesDomain: {name!r} is not a name that Amazon Connect can use: amazon-connect- "
            f"and 1 to 49 letters, digits, - and _. {_DOMAIN_FIX}",
        )
        for name in ("example", "amazon-connect-", "amazon-connect-a.b", "amazon-connect-" + "a" * 50)
    ),
    *(
        ({key: "maybe"}, f"{key}: 'maybe' is not true or false. Set true or false.")
        for key in (
            "customerProfilesNewDomain",
            "customerProfilesCreate",
            "customerProfilesAllowIdentityAttributes",
        )
    ),
    *(
        ({key: value}, f"{key}: {value} is out of range. Set a whole number from 1 to {most}.")
        for key, most in {
            "customerProfilesRequestsPerSecond": 100_000,
            "customerProfilesExpirationDays": 1_098,
            "customerProfilesMaxEventsPerProfile": 1_000,
        }.items()
        for value in (0, most + 1)
    ),
    (
        {"customerProfilesRequestsPerSecond": 10, "maximumConcurrency": 11},
        "customerProfilesRequestsPerSecond: 10 is less than one request for each copy of the function "
        "(maximumConcurrency 11). Set 11 or more, or lower maximumConcurrency.",
    ),
    (
        {"batchSize": 401, "customerProfilesRequestsPerSecond": 100, "maximumConcurrency": 100},
        "batchSize: 401 messages are 41 requests to Customer Profiles, which at 1 a second "
        "(customerProfilesRequestsPerSecond 100, maximumConcurrency 100) take longer than the 40 s that "
        "functionTimeoutSeconds 60 leaves for them. Set 400 or less, lower maximumConcurrency, or raise "
        "functionTimeoutSeconds.",
    ),
    (
        {"batchSize": 10_000, "functionTimeoutSeconds": 69},
        "batchSize: 10000 messages are 1000 requests to Customer Profiles, which at 20 a second "
        "(customerProfilesRequestsPerSecond 100, maximumConcurrency 5) take longer than the 29 s that "
        "functionTimeoutSeconds 69 leaves for them. Set 5800 or less, lower maximumConcurrency, or raise "
        "functionTimeoutSeconds.",
    ),
    *(
        (
            {"customerProfilesObjectType": name},
            f"customerProfilesObjectType: {name!r} is not the name of an object type: 1 to 245 letters, "
            "digits, "
            "- and _, of which the first is no digit and no -. Set such a name, or nothing for the stack's "
            "own.",
        )
        for name in ("my events", "2nd", "-")
    ),
    *(
        (
            {key: ["plan", name]},
            f"{key}[1]: {name!r} {_FIELD_RULE} Set the name as it follows {prefix} in the URL, or leave it "
            "out.",
        )
        for key, prefix in {
            "customerProfilesTriggerAttributes": "evat_",
            "customerProfilesTriggerMetrics": "evmt_",
            "customerProfilesSearchAttributes": "evat_",
        }.items()
        for name in ("first name", "1st", "a-b", "n" * 51)
    ),
    (
        {"customerProfilesTriggerMetrics": ["value", "value"]},
        "customerProfilesTriggerMetrics[1]: 'value' is listed twice. List it once.",
    ),
    (
        {"customerProfilesSearchAttributes": names(9)},
        "customerProfilesSearchAttributes: 9 are too many: an object type has 10 keys, and event and "
        "endpoint "
        "id take two. Set 8 or fewer.",
    ),
    *(
        (
            {"customerProfilesSearchAttributes": [name]},
            f"customerProfilesSearchAttributes[0]: {name!r} is the name of a key that every stack has. "
            "Leave it out.",
        )
        for name in ("event_key", "endpoint_id")
    ),
    *(
        (
            {"profileAttributes": [name]},
            f"profileAttributes[0]: {name!r} is not a field name of Customer Profiles: 1 to 59 letters, "
            "digits, _, - and dots. Set the name as it follows usat_ in the URL, or leave it out.",
        )
        for name in ("first name", "é", "n" * 60)
    ),
    (
        {"profileAttributes": ["plan", "address.city", "address_city"]},
        "profileAttributes[2]: 'address.city' and 'address_city' are one attribute of a profile, which has _ "
        "for a dot. Leave one of them out.",
    ),
    (
        {"profileAttributes": ["gtm_pixel.opt_out"]},
        "profileAttributes[0]: 'gtm_pixel.opt_out' is the attribute that says where a customer has opted "
        "out. "
        "Leave it out.",
    ),
    (
        {"profileAttributes": ["plan", "gtm_pixel_endpoint_id"]},
        "profileAttributes[1]: 'gtm_pixel_endpoint_id' is the attribute that says which endpoint a profile "
        "is. "
        "Leave it out.",
    ),
    *(
        (
            {"profileUpdates": "allowlist", "profileAttributes": ["plan", name]},
            f"profileAttributes[1]: {name!r} identifies a customer: anyone who can write it could have their "
            "profile merged with another customer's. Leave it out, or set "
            "customerProfilesAllowIdentityAttributes to true if you want that (docs/security.md, Merged "
            "profiles).",
        )
        for name in ("user_id", "EmailAddress", "phone_number", "gtm_pixel_order")
    ),
    *(
        (
            {"profileUpdates": profile_updates},
            f"profileAttributes: the list is empty, so profileUpdates {profile_updates} would update "  # noqa: S608 - no SQL
            "nothing: Customer Profiles has only declared attributes. List the attributes, or set "
            "profileUpdates to none.",
        )
        for profile_updates in ("allowlist", "all")
    ),
    (
        {"profileAttributes": names(44, 50), "customerProfilesTriggerAttributes": names(3, 50)},
        "profileAttributes: the names of attributes and ignoredEndpointIds take 2640 bytes; a Lambda "
        "function has room for 2600 in its environment. List fewer, or with shorter names.",
    ),
    (
        {"profileAttributes": names(244), "customerProfilesTriggerMetrics": names(2)},
        "profileAttributes: 244 entries and those of the other lists make 251 fields of an object type, "
        "which "
        "has at most 250. List fewer.",
    ),
    (
        {"customerProfilesDeadLetterQueue": "https://sqs.test/domain", "dashboard": True},
        "customerProfilesDeadLetterQueue: 'https://sqs.test/domain' is not the name of a queue: 1 to 80 "
        "letters, digits, _ and -. Set the last part of the queue's URL, or nothing if the domain has none.",
    ),
    (
        {"customerProfilesDeadLetterQueue": "domain"},
        "customerProfilesDeadLetterQueue: 'domain' has no effect while alarms and dashboard are false. "
        "Set one of them to true, or run: pulumi config rm customerProfilesDeadLetterQueue",
    ),
    (
        {"customerProfilesDeadLetterQueue": "domain", "customerProfilesNewDomain": True},
        "customerProfilesDeadLetterQueue: 'domain' does not go with customerProfilesNewDomain: the stack "
        "makes that domain's queue. Run: pulumi config rm customerProfilesDeadLetterQueue",
    ),
    (
        {"customerProfilesTriggerMetrics": names(246)},
        "customerProfilesTriggerMetrics: 246 entries and those of the other lists make 251 fields of an "
        "object "
        "type, which has at most 250. List fewer.",
    ),
]


@pytest.mark.parametrize(("changes", "line"), ERRORS, ids=lambda value: str(value)[:70])
def test_a_wrong_setting_is_an_error_of_one_line(changes: dict[str, Any], line: str) -> None:
    assert problems(**changes) == [line]


def test_every_setting_has_a_wrong_value_here_or_among_event_triggers() -> None:
    assert {setting.key for setting in group.GROUP.settings} - {"customerProfilesTriggers"} <= {
        line.partition(":")[0].partition("[")[0] for _, line in ERRORS
    }


# ---- Whatever loads, AWS takes -------------------------------------------------------------------------


def test_names_that_fill_the_limits_are_taken() -> None:
    template = customer_profiles(
        profileAttributes=names(120),
        customerProfilesTriggerMetrics=names(117),
        customerProfilesSearchAttributes=names(8, 50),
    ).template

    assert len(profile_template(template)["Resources"]["EventsType"]["Properties"]["Fields"]) == 250
    assert refusals(profile_template(template)) == []


def test_a_template_is_as_long_as_the_provider_sends_it() -> None:
    def long_stack(event_type: str) -> dict[str, Any]:
        triggers = [{"name": name, "event": event_type} for name in names(30)]
        return {"customerProfilesTriggerMetrics": names(100, 50), "customerProfilesTriggers": triggers}

    assert problems(**long_stack("e" * 255)) == []
    (line,) = problems(**long_stack("&" * 255))
    assert line.startswith("customerProfilesTriggerMetrics: 100 entries")
    assert "which has at most 51200." in line


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,49}", fullmatch=True)
PROFILE_ATTRIBUTES = st.from_regex(r"[A-Za-z0-9_.-]{1,59}", fullmatch=True)
OBJECT_TYPE_NAMES = st.just("") | st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,9}", fullmatch=True)
PROFILE_NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
TEXTS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=255)
NUMBERS = st.integers(-(10**15), 10**15) | st.floats(-1e15, 1e15)


def values(operator: ComparisonOperator) -> st.SearchStrategy[list[Any]]:
    """Right ones for an operator."""
    if operator in ("BETWEEN", "NOT_BETWEEN"):
        return st.lists(NUMBERS, min_size=2, max_size=2, unique=True).map(sorted)
    if operator in event_triggers.METRIC_OPERATORS:
        return st.lists(NUMBERS | NUMBERS.map(str), min_size=1, max_size=1)
    most = 1 if operator in event_triggers.ONE_VALUE_OPERATORS else 10
    return st.lists(TEXTS | NUMBERS, min_size=1, max_size=most)


@st.composite
def conditions(draw: st.DrawFn, kind: str, declared: list[str]) -> dict[str, Any]:
    operators = {
        "attribute": event_triggers.ATTRIBUTE_OPERATORS,
        "metric": event_triggers.METRIC_OPERATORS,
    }
    operator = draw(st.sampled_from(operators[kind]))
    return {kind: draw(st.sampled_from(declared)), "operator": operator, "values": draw(values(operator))}


@st.composite
def stacks(draw: st.DrawFn) -> dict[str, Any]:
    """Customer Profiles in every way that settings have, most of them right."""
    attributes = draw(st.lists(NAMES, unique=True, min_size=1, max_size=20))
    metrics = draw(st.lists(NAMES, unique=True, min_size=1, max_size=20))
    triggers = st.fixed_dictionaries(
        {
            "name": st.from_regex(r"[A-Za-z0-9_-]{1,49}", fullmatch=True),
            "event": TEXTS,
        },
        optional={
            "conditions": st.lists(
                conditions("attribute", attributes) | conditions("metric", metrics), max_size=9
            ),
            "segment": PROFILE_NAMES,
            "expirationMinutes": st.integers(1, 15),
            "maxInvocationsPerDay": st.integers(1, 1000),
            "campaignArn": st.from_regex(
                r"arn:aws:connect-campaigns:us-east-1:123456789012:campaign/[a-f0-9-]{1,64}", fullmatch=True
            ),
        },
    )
    return {
        "customerProfilesDomain": f"amazon-connect-{draw(PROFILE_NAMES)[:49]}",
        "customerProfilesNewDomain": draw(st.booleans()),
        "customerProfilesObjectType": draw(OBJECT_TYPE_NAMES),
        "customerProfilesExpirationDays": draw(st.integers(1, 1098)),
        "customerProfilesMaxEventsPerProfile": draw(st.integers(1, 1000)),
        "customerProfilesCreate": draw(st.booleans()),
        "profileAttributes": draw(st.lists(PROFILE_ATTRIBUTES, unique=True, max_size=20)),
        "customerProfilesTriggerAttributes": attributes,
        "customerProfilesTriggerMetrics": metrics,
        "customerProfilesSearchAttributes": draw(st.lists(NAMES, unique=True, max_size=8)),
        "customerProfilesTriggers": draw(st.lists(triggers, max_size=4)),
    }


@given(stack=stacks())
@hypothesis_settings(max_examples=8)
def test_a_stack_that_loads_makes_a_template_that_aws_takes(stack: dict[str, Any]) -> None:
    try:
        template = customer_profiles(**stack).template
    except SettingsError:
        reject()

    assert findings(template_body(template)) == []
    assert refusals(profile_template(template)) == []
