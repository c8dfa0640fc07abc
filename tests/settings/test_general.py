"""Settings of every stack: the API, events and the function, with their problems."""

from typing import Any

import pytest

from components.pixel_api import MethodThrottle
from settings import api, events, function
from tests.settings.stacks import FIREHOSE, PINPOINT, load, names, problems


def test_a_list_of_origins_is_kept_in_order() -> None:
    origins = ["https://www.example.com", "http://localhost:3000"]

    assert load(allowedOrigins=origins).allowed_origins == tuple(origins)


def test_an_allow_list_goes_with_its_attributes() -> None:
    loaded = load(**PINPOINT, profileUpdates="allowlist", profileAttributes=["plan", "first name"])

    assert (loaded.profile_updates, loaded.profile_attributes) == ("allowlist", ("plan", "first name"))


def test_ignored_endpoint_ids_are_taken_as_they_are_written() -> None:
    assert load(ignoredEndpointIds=["anonymous", "Gast "]).ignored_endpoint_ids == ("anonymous", "Gast ")


def test_the_size_of_batches_is_free_if_no_request_waits_for_its_turn() -> None:
    assert load(**FIREHOSE, batchSize=10_000, maximumConcurrency=1_000).batch_size == 10_000


THROTTLED_POST = {"method": "POST", "rateLimit": 10, "burstLimit": 20}


def test_a_method_may_have_limits_of_its_own() -> None:
    assert load(throttlingMethods=[THROTTLED_POST]).method_throttles == (
        MethodThrottle(method="POST", rate_limit=10, burst_limit=20),
    )


RANGES = {
    "throttlingRateLimit": (1, 100_000),
    "throttlingBurstLimit": (1, 100_000),
    "retryHours": (1, 336),
    "maxReceiveCount": (1, 1_000),
    "batchSize": (1, 10_000),
    "batchWindowSeconds": (0, 300),
    "maximumConcurrency": (2, 1_000),
    "functionTimeoutSeconds": (40, 900),
    "functionMemoryMb": (128, 10_240),
    "processorVersion": (0, 1_000_000_000),
    "authorizerVersion": (0, 1_000_000_000),
    "logRetentionDays": (1, 3_653),
}

_ORIGIN = "an origin: scheme, host and optional port, lower case, no path, at most 255 characters"

ERRORS: list[tuple[dict[str, Any], str]] = [
    *(
        ({key: value}, f"{key}: {value} is out of range. Set a whole number from {least} to {most}.")
        for key, (least, most) in RANGES.items()
        for value in (least - 1, most + 1)
    ),
    *(
        ({key: value}, f"{key}: {shown} is not a whole number. Set a whole number from {least} to {most}.")
        for key, (least, most) in RANGES.items()
        for value, shown in (("many", "'many'"), (True, "true"), (1.5, "1.5"), ([1], "[1]"))
    ),
    ({"batchSize": ""}, "batchSize: it is not set. Set a whole number from 1 to 10000."),
    *(
        ({key: value}, f"{key}: {value!r} is not true or false. Set true or false.")
        for key in ("accessLogs", "protect", "tracing")
        for value in ("maybe", 1)
    ),
    ({"authMode": "clock"}, "authMode: 'clock' is not open or authenticated. Set one of these."),
    ({"authMode": ["open"]}, "authMode: ['open'] is not open or authenticated. Set one of these."),
    ({"timestampSource": "URL"}, "timestampSource: 'URL' is not gateway or url. Did you mean url?"),
    ({"profileUpdates": "al"}, "profileUpdates: 'al' is not none or allowlist or all. Did you mean all?"),
    ({"stageName": ""}, "stageName: it is not set. Set a name such as v1."),
    (
        {"allowedOrigins": [f"https://{'a' * 248}"]},
        f"allowedOrigins[0]: 'https://{'a' * 91}… is not {_ORIGIN}. Set one such as https://www.example.com.",
    ),
    (
        {"previousStageName": "a/b"},
        "previousStageName: 'a/b' is not 1 to 128 letters, digits, - and _. Set a name such as v1.",
    ),
    (
        {"previousStageName": "v1"},
        "previousStageName: 'v1' is the stage that stageName names. "
        "Set the former name here and a new one in stageName, or remove it.",
    ),
    *(
        (
            {"stageName": name},
            f"stageName: {name!r} is not 1 to 128 letters, digits, - and _. Set a name such as v1.",
        )
        for name in ("a/b", 1)
    ),
    *(
        (
            {"allowedOrigins": [origin]},
            f"allowedOrigins[0]: {origin!r} is not {_ORIGIN}. Set one such as https://www.example.com.",
        )
        for origin in ("https://a.example/", "a.example", 'https://a"#set($x)', "https://A.example", "null")
    ),
    (
        {"allowedOrigins": ["*", "https://a.example"]},
        "allowedOrigins: '*' already allows every origin, so the others have no effect. "
        "Keep either '*' or the list.",
    ),
    (
        {"throttlingMethods": [{**THROTTLED_POST, "method": "post"}]},
        "throttlingMethods[0].method: 'post' is not GET or POST or OPTIONS. Did you mean POST?",
    ),
    (
        {"throttlingMethods": [{"method": "GET", "rateLimit": 1}]},
        "throttlingMethods[0].burstLimit: it is not set. Set a whole number from 0 to 100000.",
    ),
    (
        {"throttlingMethods": [THROTTLED_POST, THROTTLED_POST]},
        "throttlingMethods[1]: POST is listed twice. List it once.",
    ),
    (
        {"throttlingMethods": [{**THROTTLED_POST, "method": "OPTIONS"}]},
        "throttlingMethods[0]: the API has no OPTIONS without allowedOrigins. "
        "Remove it, or set allowedOrigins.",
    ),
    (
        {"allowedOrigins": "*"},
        "allowedOrigins: '*' is not a list. Set one element at a time: pulumi config set --path "
        "'allowedOrigins[0]' https://www.example.com.",
    ),
    (
        {"destinations": []},
        "destinations: the list is empty; events need at least one destination. "
        "Set one or more of customer-profiles, firehose, eventbridge, pinpoint.",
    ),
    *(
        (
            {"destinations": [value]},
            f"destinations[0]: {value!r} is not customer-profiles or firehose or eventbridge or pinpoint. "
            f"{fix}",
        )
        for value, fix in (("pinpiont", "Did you mean pinpoint?"), (1, "Set one of these."))
    ),
    (
        {"destinations": ["firehose", "firehose"]},
        "destinations[1]: 'firehose' is listed twice. List it once.",
    ),
    *(
        (
            {"ignoredEndpointIds": [id_]},
            f"ignoredEndpointIds[0]: {id_!r} is not an endpoint id: 1 to 255 characters, not only spaces. "
            "Set what your site sends for visitors whom it does not know, such as anonymous.",
        )
        for id_ in ("  ", 0)
    ),
    (
        {"ignoredEndpointIds": [""]},
        "ignoredEndpointIds[0]: it is empty. "
        "Set what your site sends for visitors whom it does not know, such as anonymous.",
    ),
    (
        {"ignoredEndpointIds": ["Guest", " guest"]},
        "ignoredEndpointIds[1]: ' guest' is listed twice; case and surrounding spaces do not count. "
        "List it once.",
    ),
    (
        {**PINPOINT, "ignoredEndpointIds": ["x" * 250 + str(number) for number in range(12)]},
        "ignoredEndpointIds: the names of attributes and ignoredEndpointIds take 3092 bytes; a Lambda "
        "function has room for 2600 in its environment. List fewer, or with shorter names.",
    ),
    (
        {**PINPOINT, "profileUpdates": "allowlist", "profileAttributes": names(47, 50)},
        "profileAttributes: the names of attributes and ignoredEndpointIds take 2638 bytes; a Lambda "
        "function has room for 2600 in its environment. List fewer, or with shorter names.",
    ),
    (
        {**PINPOINT, "profileUpdates": "allowlist"},
        "profileAttributes: the list is empty, so profileUpdates allowlist would update nothing. "
        "List the attributes, or set profileUpdates to none.",
    ),
    (
        {**PINPOINT, "profileAttributes": ["plan"]},
        "profileAttributes: the list has no effect while profileUpdates is none. "
        "Set profileUpdates to allowlist, or remove the list.",
    ),
    (
        {**PINPOINT, "profileUpdates": "allowlist", "profileAttributes": ["plan", "a:b"]},
        "profileAttributes[1]: 'a:b' is not a user attribute name: 1 to 50 characters without # : ? \\ /. "
        "Set the name as it follows usat_ in the URL.",
    ),
    (
        {"batchSize": 11, "batchWindowSeconds": 0},
        "batchWindowSeconds: 0 does not go with batchSize 11: AWS Lambda needs a window above 10 messages. "
        "Set batchWindowSeconds to 1 or more, or batchSize to 10 or less.",
    ),
    (
        {"logRetentionDays": 31},
        "logRetentionDays: 31 is not a retention that CloudWatch Logs has. Set 30, the nearest one.",
    ),
]


@pytest.mark.parametrize(("changes", "line"), ERRORS, ids=lambda value: str(value)[:60])
def test_a_wrong_setting_is_an_error_of_one_line(changes: dict[str, Any], line: str) -> None:
    assert problems(**changes) == [line]


def test_every_general_setting_has_a_wrong_value_here() -> None:
    settings = (*api.SETTINGS, *events.SETTINGS, *function.SETTINGS)

    assert {setting.key for setting in settings} <= {
        line.partition(":")[0].partition("[")[0] for _, line in ERRORS
    }
