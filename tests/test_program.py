"""What `pulumi up` would register for a stack: the whole program under Pulumi's mocks."""

import json
import runpy
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.lambda_package import PackageArgs, PackagingError
from components.stack_names import fitting_name
from gtm.stack_outputs import stack_of
from tests.recording import Recording, Refusal, record, refused

PROJECT = Path(__file__).parents[1]


def stack_config(stack: str, project: str = "gtm-pixel", **changes: Any) -> dict[str, str]:
    """The configuration that the engine gives the program, with the defaults of Pulumi.yaml."""
    schema = _config_of("Pulumi.yaml")
    values = {f"{project}:{key}": setting["default"] for key, setting in schema.items()}
    given = _config_of(f"Pulumi.{stack}.yaml")
    values |= {key.replace("gtm-pixel:", f"{project}:"): value for key, value in given.items()}
    values |= {f"{project}:{key}": value for key, value in changes.items()}
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


@cache
def _config_of(file: str) -> dict[str, Any]:
    return yaml.safe_load((PROJECT / file).read_text())["config"]


def run_program() -> None:
    runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__")


def recorded(
    stack: str = "pinpoint", *, name: str = "test", project: str = "gtm-pixel", **changes: Any
) -> Recording:
    """What a stack registers. Tests of the same configuration share one recording."""
    return _recorded(name, project, tuple(stack_config(stack, project, **changes).items()))


@cache
def _recorded(name: str, project: str, config: tuple[tuple[str, str], ...]) -> Recording:
    values = dict(config)
    return record(run_program, config=values, region=values["aws:region"], stack=name, project=project)


def refused_stack(stack: str = "pinpoint", *, project: str = "gtm-pixel", **changes: Any) -> Refusal:
    return refused(run_program, config=stack_config(stack, project, **changes), project=project)


@pytest.fixture(scope="module")
def recording() -> Recording:
    return recorded()


@pytest.fixture(scope="module")
def authenticated() -> Recording:
    """The prod stack, without monitoring."""
    return recorded("prod", **UNMONITORED)


@pytest.fixture(scope="module")
def opened() -> Recording:
    """The prod stack, switched to the open scenario, without monitoring."""
    return recorded("prod", authMode="open", oidcIssuer="", oidcAudiences=[], **UNMONITORED)


@pytest.fixture(scope="module")
def everywhere() -> Recording:
    """A stack with every destination."""
    destinations = ["pinpoint", "customer-profiles", "firehose"]
    return recorded("prod", destinations=destinations, **PINPOINT, **UNMONITORED)


ONLY_PINPOINT: dict[str, Any] = {
    "destinations": ["pinpoint"],
    "customerProfilesDomain": "",
    "profileAttributes": [],
    "customerProfilesTriggerAttributes": [],
    "customerProfilesTriggerMetrics": [],
    "customerProfilesTriggers": [],
}
PINPOINT = {"pinpointApplicationId": "0123456789abcdef0123456789abcdef"}
DOMAIN = {
    "domainName": "events.example.com",
    "certificateArn": "arn:aws:acm:eu-central-1:123456789012:certificate/1a2b",
}
"""A domain of one's own for `prod`, whose record the stack does not make."""
SAFEGUARDS = {
    "kmsKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555",
    "permissionsBoundaryArn": "arn:aws:iam::123456789012:policy/boundary",
}
"""A key of the account's own for `prod`, and a boundary."""
UNMONITORED: dict[str, Any] = {"alarms": False, "alarmEmail": "", "dashboard": False}
"""Settings that leave `prod` without alarms and dashboard."""
MONITORED: dict[str, Any] = {
    "expectTraffic": True,
    "monthlyBudgetUsd": 50,
    "customerProfilesDeadLetterQueue": "domain-dead-letters",
}
"""Settings that give `prod`, with Customer Profiles, every alarm and a budget."""
EVERYTHING: dict[str, Any] = {
    **MONITORED,
    **PINPOINT,
    **DOMAIN,
    "hostedZoneId": "Z0123456789",
    "throttlingMethods": [{"method": "POST", "rateLimit": 10, "burstLimit": 20}],
    "rateLimitExemptCidrs": ["203.0.113.7/32", "2001:db8::/32"],
    **SAFEGUARDS,
    "destinations": ["pinpoint", "customer-profiles", "firehose", "eventbridge"],
    "eventbridgeArchiveDays": 30,
    "accessLogs": True,
    "tracing": True,
}
"""Settings that give `prod` every resource there is."""


def test_a_stack_exports_what_people_need(recording: Recording) -> None:
    assert recording.outputs == {
        "events_url": "https://api.test/v1/events",
        "gtm_image_url": "https://api.test/v1/events?endpoint_id={{endpoint_id}}&event={{Event}}",
        "queue_url": "https://sqs.us-east-1.test/123456789012/gtm-pixel-events-1a2b3c4",
        "dead_letter_queue_url": (
            "https://sqs.us-east-1.test/123456789012/gtm-pixel-events-dead-letter-1a2b3c4"
        ),
        "function_name": "gtm-pixel-processor-1a2b3c4",
        "log_group": "gtm-pixel-processor-logs-1a2b3c4",
        "region": "us-east-1",
        "auth_mode": "open",
        "timestamp_source": "gateway",
        "profile_updates": "none",
        "profile_attributes": [],
        "destinations": ["pinpoint"],
        "api_id": "gtm-pixel-api-id",
        "api_name": "gtm-pixel-api-1a2b3c4",
        "stage_name": "v1",
        "event_source_id": "gtm-pixel-processor-source-uuid",
        "processor_version": "7",
        "project_stack": "gtm-pixel-test",
    }


def test_pulumi_up_warns_that_pinpoint_has_ended(recording: Recording) -> None:
    (warning,) = recording.log

    assert "Amazon Pinpoint reached end of support on 2026-10-30" in warning


def test_every_resource_belongs_to_a_component(recording: Recording) -> None:
    components = {resource.name for resource in recording.resources if resource.type.startswith("gtm-pixel:")}

    assert components == {"gtm-pixel", "gtm-pixel-events", "gtm-pixel-api", "gtm-pixel-processor"}
    orphans = [
        resource.name
        for resource in recording.resources
        if resource.type.startswith("aws:") and resource.parent not in components
    ]
    assert orphans == []


def test_two_stacks_in_one_account_share_no_physical_name(recording: Recording) -> None:
    """Pulumi names all resources, with a random suffix. Only a stage, inside its API, and an alias,
    inside its function, have fixed names.
    """
    fixed = {
        resource.name: resource.inputs["name"]
        for resource in recording.resources
        if "name" in resource.inputs and not resource.type.endswith(":Alias")
    }

    assert fixed == {}


def test_the_stage_is_in_the_url() -> None:
    assert recorded(stageName="live").outputs["events_url"] == "https://api.test/live/events"


class TestADomainOfOnesOwn:
    def test_it_is_in_the_url_and_the_stage_is_not(self) -> None:
        outputs = recorded("prod", **DOMAIN).outputs

        assert outputs["events_url"] == "https://events.example.com/events"
        assert outputs["gtm_image_url"].startswith("https://events.example.com/events?endpoint_id=")

    def test_older_tags_keep_their_url_and_the_record_to_make_is_an_output(self) -> None:
        outputs = recorded("prod", **DOMAIN).outputs

        assert outputs["execute_api_events_url"] == "https://api.test/v1/events"
        assert outputs["domain_record"] == (
            "events.example.com CNAME d-1a2b3c4.execute-api.eu-central-1.test"
        )

    def test_a_url_that_no_longer_works_and_a_record_that_the_stack_makes_are_no_outputs(self) -> None:
        stack = recorded("prod", **DOMAIN, executeApiEndpoint=False, hostedZoneId="Z0123456789")

        assert stack.outputs.keys() & {"execute_api_events_url", "domain_record"} == set()

    def test_it_is_added_without_touching_what_serves_the_old_url(self) -> None:
        before, after = recorded("prod"), recorded("prod", **DOMAIN)

        serving = [name for name in before.names() if name.startswith(("gtm-pixel-api", "gtm-pixel-events"))]
        assert [after[name].inputs for name in serving] == [before[name].inputs for name in serving]


@pytest.mark.parametrize("requirements", ["requirements.txt", "requirements-authorizer.txt"])
def test_code_that_cannot_be_built_leaves_no_resource(
    requirements: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pulumi creates what was declared before an error, such as a public API without a processor."""

    def build(args: PackageArgs) -> Path:
        if args.requirements.name == requirements:
            raise PackagingError("The package index cannot be reached.")
        return Path("archive.zip")

    monkeypatch.setattr("components.event_pixel.build", build)

    refusal = refused_stack("prod")

    assert refusal.error == "The package index cannot be reached."
    assert refusal.resources == []


def test_only_the_api_and_the_queues_are_protected_and_only_if_asked(
    recording: Recording, authenticated: Recording
) -> None:
    protected = {resource.name for resource in authenticated.resources if resource.protected}

    assert protected == {"gtm-pixel-api", "gtm-pixel-events", "gtm-pixel-events-dead-letter"}
    assert {resource.type for resource in authenticated.resources if resource.protected} == {
        "aws:apigateway/restApi:RestApi",
        "aws:sqs/queue:Queue",
    }
    assert [resource.name for resource in recording.resources if resource.protected] == []


def test_the_api_is_created_last_and_deleted_first(authenticated: Recording) -> None:
    """So every event finds a processor.

    `pulumi destroy` keeps a protected API and everything that it depends on, and deletes the rest.
    """
    of_the_api = {r.name for r in authenticated.resources if r.parent == "gtm-pixel-api"}
    authorizer = {r.name for r in authenticated.resources if r.parent == "gtm-pixel-authorizer"}
    everything = {r.name for r in authenticated.resources if not r.type.startswith("gtm-pixel:")}

    before = authenticated.needed_by("gtm-pixel-api")

    in_front = {"gtm-pixel-web-acl", "gtm-pixel-web-acl-association-v1"}
    assert before >= everything - of_the_api - authorizer - in_front
    assert before & of_the_api == {"gtm-pixel-api-role"}
    assert "gtm-pixel-authorizer" in before


def test_the_function_has_the_built_archive(recording: Recording) -> None:
    archive = Path(recording["gtm-pixel-processor"].inputs["code"].path)

    assert archive.is_file()
    assert archive.suffix == ".zip"


@pytest.mark.parametrize(("timeout", "window"), [(40, 1), (900, 300)], ids=["shortest", "longest"])
def test_the_queue_hides_a_message_as_long_as_lambda_requires(timeout: int, window: int) -> None:
    """AWS Lambda, "Configuring a queue": six times the function's timeout plus the batch window."""
    stack = recorded(functionTimeoutSeconds=timeout, batchWindowSeconds=window)

    function, source = stack["gtm-pixel-processor"].inputs, stack["gtm-pixel-processor-source"].inputs
    required = 6 * function["timeout"] + source["maximumBatchingWindowInSeconds"]
    assert stack["gtm-pixel-events"].inputs["visibilityTimeoutSeconds"] == required
    assert required <= 12 * 60 * 60  # Amazon SQS: the longest VisibilityTimeout


class TestTheAuthenticatedScenario:
    """Pulumi.prod.yaml, and what switching it to the open scenario would change."""

    @pytest.mark.parametrize(("cookie", "sent"), [("id_token", True), ("", False)])
    def test_listed_origins_may_send_cookies_if_one_may_carry_the_token(
        self, cookie: str, *, sent: bool
    ) -> None:
        stack = recorded("prod", oidcCookie=cookie, allowedOrigins=["https://www.example.com"])

        document = stack["gtm-pixel-api"].inputs["body"]
        assert ("Access-Control-Allow-Credentials" in document) == sent

    def test_it_adds_an_authorizer(self, opened: Recording, authenticated: Recording) -> None:
        added = set(authenticated.names()) - set(opened.names())

        assert added == {
            "gtm-pixel-authorizer",
            "gtm-pixel-authorizer-live",
            "gtm-pixel-authorizer-role",
            "gtm-pixel-authorizer-policy",
            "gtm-pixel-authorizer-logs",
            "gtm-pixel-api-invoke-authorizer",
        }

    def test_switching_keeps_the_url(self, opened: Recording, authenticated: Recording) -> None:
        """The same REST API, stage and path: no resource that carries the URL is replaced."""
        apis = [dict(run["gtm-pixel-api"].inputs) for run in (opened, authenticated)]
        paths = [set(json.loads(api.pop("body"))["paths"]) for api in apis]

        assert apis[0] == apis[1]
        assert paths == [{"/events"}, {"/events"}]
        assert opened["gtm-pixel-api-stage-v1"].inputs == authenticated["gtm-pixel-api-stage-v1"].inputs
        assert opened.outputs["events_url"] == authenticated.outputs["events_url"]

    def test_its_outputs_name_the_authorizer(self, authenticated: Recording) -> None:
        assert authenticated.outputs["authorizer_function_name"] == "gtm-pixel-authorizer-1a2b3c4"
        assert authenticated.outputs["authorizer_log_group"] == "gtm-pixel-authorizer-logs-1a2b3c4"

    def test_its_outputs_and_the_processor_say_so(self, authenticated: Recording) -> None:
        assert authenticated.outputs["auth_mode"] == "authenticated"
        assert (
            authenticated["gtm-pixel-processor"].inputs["environment"]["variables"]["AUTH_MODE"]
            == "authenticated"
        )

    def test_profile_updates_are_on_and_in_the_open_scenario_off(
        self, opened: Recording, authenticated: Recording
    ) -> None:
        variables = [
            run["gtm-pixel-processor"].inputs["environment"]["variables"] for run in (opened, authenticated)
        ]

        assert [variables_["PROFILE_UPDATES"] for variables_ in variables] == ["none", "all"]


class TestMonitoring:
    def test_the_prod_stack_has_it(self) -> None:
        outputs = recorded("prod").outputs

        assert outputs["alarm_topic_arn"].endswith(":gtm-pixel-monitoring-alarms-1a2b3c4")
        assert outputs["dashboard_url"].endswith("#dashboards/dashboard/gtm-pixel-test")

    def test_without_it_there_are_no_outputs_of_it(self, recording: Recording) -> None:
        assert recording.outputs.keys() & {"alarm_topic_arn", "dashboard_url"} == set()

    def test_alarms_and_dashboard_do_not_need_each_other(self) -> None:
        alarms_only = recorded("prod", dashboard=False)
        dashboard_only = recorded("prod", alarms=False, alarmEmail="")

        assert "gtm-pixel-monitoring-dashboard" not in alarms_only.names()
        assert "aws:cloudwatch/metricAlarm:MetricAlarm" not in dashboard_only.names().values()

    def test_the_stack_is_in_every_name_that_pulumi_does_not_make(self) -> None:
        """Two stacks of a project may be in one account, and dashboards have no Region."""
        stack = recorded("prod", name="eu.live", customerProfilesObjectType="events")
        fixed = {
            one.inputs.get("dashboardName", one.inputs.get("name"))
            for one in stack.resources
            if one.parent == "gtm-pixel-monitoring"
        }

        assert {name.partition("/")[0] for name in fixed if name} == {
            fitting_name("gtm-pixel-eu.live", longest=255),
            "gtm-pixel-eu.live",
        }


class TestDestinations:
    OUTPUTS = (
        *("customer_profiles_domain", "customer_profiles_object_type", "customer_profiles_endpoints_type"),
        *("firehose_stream", "event_bucket"),
    )

    def test_each_adds_its_own_resources_and_no_others(self, everywhere: Recording) -> None:
        without = recorded("prod", **PINPOINT, **ONLY_PINPOINT, **UNMONITORED)
        added = everywhere.names().keys() - without.names().keys()

        assert added == {
            "gtm-pixel-processor-customer-profiles",
            "gtm-pixel-processor-firehose",
            "gtm-pixel-processor-firehose-role",
            "gtm-pixel-processor-firehose-policy",
            "gtm-pixel-processor-firehose-errors",
            "gtm-pixel-processor-firehose-errors-delivery",
            "gtm-pixel-processor-firehose-bucket",
            "gtm-pixel-processor-firehose-bucket-private",
            "gtm-pixel-processor-firehose-bucket-ownership",
            "gtm-pixel-processor-firehose-bucket-encryption",
            "gtm-pixel-processor-firehose-bucket-lifecycle",
            "gtm-pixel-processor-firehose-bucket-tls-only",
        }

    def test_a_stack_exports_its_destinations(self, everywhere: Recording) -> None:
        assert {name: everywhere.outputs[name] for name in ("destinations", *self.OUTPUTS)} == {
            "destinations": ["pinpoint", "customer-profiles", "firehose"],
            "customer_profiles_domain": "amazon-connect-example",
            "customer_profiles_object_type": "gtm-pixel-test",
            "customer_profiles_endpoints_type": "gtm-pixel-test-endpoints",
            "firehose_stream": "gtm-pixel-processor-firehose-1a2b3c4",
            "event_bucket": "gtm-pixel-processor-firehose-bucket-1a2b3c4",
        }

    def test_a_stack_exports_what_its_event_triggers_expect(self, everywhere: Recording) -> None:
        assert everywhere.outputs["customer_profiles_expects"] == {
            "trigger_attributes": ["currency"],
            "trigger_metrics": ["value"],
            "search_attributes": [],
            "triggers": [
                {
                    "name": "gtm-pixel-test-large-purchase",
                    "event": "purchase_success",
                    "fields": ["evat_currency", "evmt_value"],
                }
            ],
        }

    def test_the_kit_reads_all_that_a_stack_exports_for_it(self, everywhere: Recording) -> None:
        stack = stack_of(everywhere.outputs)

        assert stack is not None
        assert [field.name for field in fields(stack) if getattr(stack, field.name) is None] == []
        assert stack.expectations is not None
        (trigger,) = stack.expectations.triggers
        assert (trigger.event, trigger.fields) == ("purchase_success", ("evat_currency", "evmt_value"))

    def test_a_stack_exports_nothing_of_other_destinations(self, recording: Recording) -> None:
        assert recording.outputs.keys() & set(self.OUTPUTS) == set()

    def test_their_components_belong_to_the_processor(self, everywhere: Recording) -> None:
        parents = {
            resource.name: resource.parent
            for resource in everywhere.resources
            if resource.type in ("gtm-pixel:index:CustomerProfiles", "gtm-pixel:index:FirehoseStream")
        }

        assert parents == {
            "gtm-pixel-processor-customer-profiles": "gtm-pixel-processor",
            "gtm-pixel-processor-firehose": "gtm-pixel-processor",
        }

    def test_the_function_waits_for_the_object_types(self, everywhere: Recording) -> None:
        assert "gtm-pixel-processor-customer-profiles" in everywhere["gtm-pixel-processor"].depends_on

    def test_the_prod_stack_gives_no_warning(self) -> None:
        assert recorded("prod").log == []

    def test_the_prod_stack_creates_no_domain(self, authenticated: Recording) -> None:
        template = json.loads(authenticated["gtm-pixel-processor-customer-profiles"].inputs["templateBody"])

        assert {resource["Type"] for resource in template["Resources"].values()} == {
            "AWS::CustomerProfiles::ObjectType",
            "AWS::CustomerProfiles::EventTrigger",
        }

    def test_the_longest_settings_fit_the_environment_of_a_function(self) -> None:
        """AWS Lambda takes 4 KB of variables, measured as JSON."""
        longest = recorded(
            "prod",
            name="s" * 100,
            **PINPOINT,
            destinations=["customer-profiles", "firehose", "pinpoint"],
            pinpointRegion="ap-northeast-1",
            customerProfilesDomain="amazon-connect-" + "a" * 49,
            profileUpdates="allowlist",
            profileAttributes=[f"{'a' * 46}{number}" for number in range(1000, 1036)],
            ignoredEndpointIds=[f"{'a' * 46}{number}" for number in range(1000, 1010)],
            customerProfilesTriggers=[],
            firehoseStream="s" * 64,
            firehoseAppId="a" * 128,
            customerProfilesObjectType="o" * 245,
            retryHours=336,
            maxReceiveCount=1000,
        )
        variables = {
            **longest["gtm-pixel-processor"].inputs["environment"]["variables"],
            # As long as on AWS.
            "QUEUE_URL": "https://sqs.ap-northeast-1.amazonaws.com/123456789012/gtm-pixel-events-1a2b3c4",
            "DEAD_LETTER_QUEUE_URL": (
                "https://sqs.ap-northeast-1.amazonaws.com/123456789012/gtm-pixel-events-dead-letter-1a2b3c4"
            ),
        }

        assert len(json.dumps(variables).encode()) <= 4096
