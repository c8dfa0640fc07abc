"""Operator commands on a local run, as the operator whose policy is enforced."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.fakes.customer_profiles import CustomerProfilesFake, PlannedResponse
from local.run import LocalRun
from local.traces.faults import Fault
from ops.command_line import main
from tests.patience import eventually
from tests.runs import AT_ONCE, Runs, events_of, new_endpoint, quiet, send

Ops = Callable[..., Any]


@pytest.fixture
def run(runs: Runs) -> LocalRun:
    return runs.shared(*AT_ONCE, stack="dev")


@pytest.fixture
def ops(run: LocalRun, capsys: pytest.CaptureFixture[str]) -> Ops:
    """Runs a command with --json; returns what it prints. `status` is the exit status that it must have."""

    def call(*arguments: str, status: int = 0) -> Any:
        assert main([*arguments, "--json", "--local", run.url]) == status, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    return call


@pytest.fixture
def shown(run: LocalRun, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command; returns what a person sees."""

    def call(*arguments: str) -> str:
        assert main([*arguments, "--local", run.url]) == 0
        return capsys.readouterr().out

    return call


@contextmanager
def without(run: LocalRun, sid: str) -> Iterator[None]:
    """The operator lacks one statement of the policy."""
    iam = run.cloud.client("iam")
    place = {"UserName": "operator", "PolicyName": "operator"}
    policy = iam.get_user_policy(**place)["PolicyDocument"]
    less = [one for one in policy["Statement"] if one["Sid"] != sid]
    iam.put_user_policy(**place, PolicyDocument=json.dumps({**policy, "Statement": less}))
    try:
        yield
    finally:
        iam.put_user_policy(**place, PolicyDocument=json.dumps(policy))


@contextmanager
def refusing(run: LocalRun, destination: str) -> Iterator[None]:
    """The destination refuses every event for good."""
    run.faults.set(destination, Fault.REFUSING)
    try:
        yield
    finally:
        run.faults.set(destination, None)


def changed(metric: str, before: Any, after: Any) -> dict[str, int]:
    """The parts of a metric that grew between two statuses, and by how much."""
    old, new = before["parts"].get(metric, {}), after["parts"].get(metric, {})
    return {name: by for name, count in new.items() if (by := int(count - old.get(name, 0)))}


def counted(before: Any, after: Any) -> tuple[int, int]:
    """By how many profiles and objects the domain grew between two statuses."""
    old, new = before["domain"], after["domain"]
    return new["profiles"] - old["profiles"], new["objects"] - old["objects"]


def dead_letter(run: LocalRun, endpoint_id: str) -> None:
    """Send an event that Customer Profiles refuses for good, and wait until it is dead-lettered."""
    quiet(run)
    before = len(run.queues.dead_letters())
    run.fake(CustomerProfilesFake).plan(PlannedResponse(status=400))
    assert send(run, event="purchase", endpoint_id=endpoint_id, evat_secret="s3cret").status == 200
    eventually(lambda: len(run.queues.dead_letters()) > before)


def test_a_test_event_is_followed_to_each_destination(run: LocalRun, ops: Ops) -> None:
    sent = ops("send", "--user-attribute", "plan=gold")

    states = {hop["name"]: hop["state"] for hop in sent["hops"]}
    assert states == {
        "gateway": "reached",
        "queue": "reached",
        "function": "counted",
        "customer-profiles": "reached",
        "firehose": "reached",
    }
    (event, _) = eventually(
        lambda: [event for event in run.recorder.events() if event.endpoint_id == sent["endpoint_id"]]
    )
    assert (event.event, event.attributes) == ("gtm_pixel_test", {"test": "true"})
    assert all(hop["seconds"] is not None for hop in sent["hops"])


def test_an_event_that_is_rejected_is_followed_to_the_reason(ops: Ops) -> None:
    sent = ops("send", "--event", "undefined", status=1)

    (function,) = [hop for hop in sent["hops"] if hop["name"] == "function"]
    assert (function["state"], function["detail"]) == ("failed", "rejected: event_missing")
    lines = ops("logs", f"--request-id={sent['request_id']}")
    assert [line["line"]["reason"] for line in lines] == ["event_missing"]


def test_an_event_that_the_gateway_refuses_goes_no_further(ops: Ops) -> None:
    sent = ops("send", "--event", "", status=1)

    (gateway,) = sent["hops"]
    assert gateway["state"] == "failed"
    assert gateway["detail"].startswith("status 400: ")


def test_a_dead_letter_is_seen_with_its_reason_redriven_recorded_and_forgotten(
    run: LocalRun, ops: Ops, shown: Callable[..., str]
) -> None:
    quiet(run)
    with refusing(run, "customer-profiles"):
        sent = ops("send", "--attribute", "secret=s3cret", status=1)
        endpoint_id = sent["endpoint_id"]
        states = {hop["name"]: (hop["state"], hop["detail"]) for hop in sent["hops"]}
        assert states["function"] == ("failed", "dead-lettered: customer_profiles_400")

        # Seen, without a word about the customer.
        listed = ops("dead-letters")
        (reason,) = listed["reasons"]
        assert (reason["reason"], reason["pending"], reason["count"]) == (
            "customer_profiles_400",
            "customer-profiles",
            1,
        )
        for text in (json.dumps(listed), shown("dead-letters"), shown("status")):
            assert "customer_profiles_400" in text
            assert endpoint_id not in text
            assert "s3cret" not in text
        assert "s3cret" in shown("dead-letters", "--show-values")
        first = ops("status")
        assert first["dead_letters"]["waiting"] == 1
        assert first["attention"] == ["dead letters: 1 (customer_profiles_400). python -m ops dead-letters"]

        # Looking changed nothing, and neither does a dry run or another reason.
        assert ops("redrive", "--dry-run")["chosen"] == 1
        assert ops("redrive", "--reason", "firehose*")["redriven"] == 0
        assert len(run.queues.dead_letters()) == 1

        # While the fault is there, a redrive says so, and the event stays a dead letter.
        again = ops("redrive", status=1)
        assert again["became"]["complaints"] == {"dead-lettered: customer_profiles_400": 1}
        assert ops("dead-letters")["reasons"][0]["count"] == 1

    assert ops("profile", endpoint_id, status=1) == []
    before = ops("status")
    assert before["dead_letters"]["waiting"] == 1
    assert changed("DeadLettered", first, before) == {"customer_profiles_400": 1}

    redriven = ops("redrive", "--reason", "customer_profiles_400")

    assert (redriven["redriven"], redriven["became"]["complaints"]) == (1, {})
    assert len(eventually(lambda: events_of(run, endpoint_id, "customer-profiles"))) == 1
    assert len(events_of(run, endpoint_id, "firehose")) == 1  # the destination that had it gets it no more
    assert run.queues.dead_letters() == []
    after = eventually(
        lambda: (s := ops("status"))["outcomes"]["Recorded"] > before["outcomes"]["Recorded"] and s
    )
    assert (after["dead_letters"]["waiting"], after["attention"]) == (0, [])
    assert changed("DeadLettered", before, after) == {}
    assert changed("Recorded", before, after) == {"customer-profiles": 1}
    assert counted(before, after) == (1, 1)

    # Forgotten: no profile is left, and the stack goes on as before.
    forgotten = ops("forget", endpoint_id, "--yes")
    assert (len(forgotten["profiles"]), forgotten["objects"], forgotten["still_found"]) == (1, 1, [])
    assert ops("profile", endpoint_id, status=1) == []
    assert run.fake(CustomerProfilesFake).objects(endpoint_id) == []
    final = ops("status")
    assert (final["outcomes"], final["attention"]) == (after["outcomes"], [])
    assert counted(after, final) == (-1, -1)


def test_a_customer_is_forgotten_and_what_remains_is_told(
    run: LocalRun, ops: Ops, shown: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint_id = ops("send", "--user-attribute", "plan=platinum")["endpoint_id"]
    dead_letter(run, endpoint_id)
    dead_letter(run, other := new_endpoint())

    # Seen, with values only for whoever asks.
    (profile,) = ops("profile", endpoint_id)
    assert (profile["counts"][run.outputs["customer_profiles_object_type"]], profile["other_endpoints"]) == (
        1,
        0,
    )
    assert "plan" in profile["attributes"]
    assert "platinum" not in json.dumps(profile) + shown("profile", endpoint_id)
    assert "platinum" in shown("profile", endpoint_id, "--show-values")
    assert ops("profile", new_endpoint(), status=1) == []

    # Nothing goes unasked.
    would = ops("forget", endpoint_id, "--dry-run")
    assert main(["forget", endpoint_id, "--local", run.url]) == 2
    assert "give --yes" in capsys.readouterr().err
    assert ops("profile", endpoint_id) == [profile]

    forgotten = ops("forget", endpoint_id, "--yes")

    assert forgotten == would
    assert (forgotten["profiles"], forgotten["dead_letters"]) == ([profile["profile_id"]], 1)
    assert ops("profile", endpoint_id, status=1) == []
    assert run.fake(CustomerProfilesFake).objects(endpoint_id) == []
    assert ops("status")["dead_letters"]["waiting"] == 1  # another customer's
    remains = {one["place"].split()[0]: one["until"] for one in forgotten["remains"]}
    assert remains["queue"] == "recorded or dead-lettered, at most 14 d"
    assert remains["dead-letter"] == "at most 14 d"
    assert remains["bucket"].endswith(" d after each file was written")
    assert ops("forget", other, "--yes")["profiles"] == []
    assert ops("status")["dead_letters"]["waiting"] == 0


def test_a_redriven_event_keeps_its_id_and_its_proof(run: LocalRun, ops: Ops) -> None:
    endpoint_id = new_endpoint()
    sqs = run.cloud.client("sqs")
    attributes = {"proven_endpoint": endpoint_id, "request_time": "1795838400000", "request_id": "q"}
    kinds = {"request_time": "Number"}
    message_id = sqs.send_message(
        QueueUrl=run.outputs["dead_letter_queue_url"],
        MessageBody=f"event=purchase&endpoint_id={endpoint_id}",
        MessageAttributes={
            name: {"DataType": kinds.get(name, "String"), "StringValue": value}
            for name, value in attributes.items()
        },
    )["MessageId"]

    assert ops("redrive")["redriven"] == 1

    event = eventually(lambda: events_of(run, endpoint_id, "firehose"))[0]
    assert event.event_id == message_id
    assert event.timestamp.startswith("2026-11-28T04:00:00")


def test_a_message_that_becomes_a_dead_letter_again_is_told_and_not_redriven_for_ever(
    run: LocalRun, ops: Ops
) -> None:
    dead_letter(run, new_endpoint())
    run.fake(CustomerProfilesFake).plan(PlannedResponse(status=400))

    redriven = ops("redrive", status=1)

    assert redriven["redriven"] == 1
    assert redriven["became"]["complaints"] == {"dead-lettered: customer_profiles_400": 1}
    assert ops("redrive", "--rate", "10")["became"]["without_complaint"] == 1
    eventually(lambda: run.queues.dead_letters() == [])


def test_dead_letters_are_exported_for_the_owner_alone_and_stay(
    run: LocalRun, ops: Ops, tmp_path: Path
) -> None:
    endpoint_id = new_endpoint()
    dead_letter(run, endpoint_id)
    file = tmp_path / "letters.jsonl"

    assert ops("dead-letters", "export", str(file))["written"] == 1

    (line,) = map(json.loads, file.read_text().splitlines())
    assert endpoint_id in line["body"]
    assert line["attributes"]["dead_letter_reason"] == "customer_profiles_400"
    assert line["attributes"]["dead_letter_code"] == "BadRequestException"
    assert file.stat().st_mode & 0o777 == 0o600
    assert main(["dead-letters", "export", str(file), "--local", run.url]) == 1  # no file is overwritten
    assert ops("redrive")["redriven"] == 1


def test_a_paused_stack_keeps_events_until_it_is_resumed(run: LocalRun, ops: Ops) -> None:
    endpoint_id = new_endpoint()
    quiet(run)
    nothing_done = {"before": "Enabled", "after": "Enabled", "waiting": 0}
    eventually(lambda: ops("pause", "--dry-run") == nothing_done)
    try:
        assert ops("pause")["after"] == "Disabled"
        send(run, event="purchase", endpoint_id=endpoint_id)
        status = ops("status")
        assert (status["event_source"], status["queue"]["waiting"]) == ("Disabled", 1)
        assert "the event source is Disabled: 1 message waits. python -m ops resume" in status["attention"]
    finally:
        assert ops("resume")["after"] == "Enabled"
    eventually(lambda: events_of(run, endpoint_id))


def test_the_status_says_what_is_deployed_and_what_requests_became(
    run: LocalRun, ops: Ops, shown: Callable[..., str]
) -> None:
    quiet(run)
    send(run, event="null", endpoint_id=new_endpoint())

    status = eventually(lambda: (s := ops("status"))["parts"].get("Rejected") and s)

    assert status["stack"] == run.outputs["project_stack"]
    assert status["requests"]["Count"] >= 2
    assert status["outcomes"]["Received"] > status["outcomes"]["Recorded"] >= 1
    assert status["parts"]["Recorded"]["firehose"] >= 1
    assert status["functions"]["processor"]["Errors"] == 0
    assert [(one["purpose"], one["runtime"]) for one in status["deployed"]] == [("processor", "python3.13")]
    counts = status["domain"]
    assert (counts["domain"], counts["unread"]) == (run.outputs["customer_profiles_domain"], "")
    assert counts["objects"] >= counts["profiles"] >= 1
    text = shown("status")
    assert len(text.splitlines()) <= 24  # one screen
    assert "event_missing" in text
    assert f"version {status['deployed'][0]['version']}, python3.13" in text
    assert f"billed, {counts['objects']:,} objects, domain {counts['domain']}" in text


def test_a_status_without_the_right_to_see_the_domain_says_so_in_one_line(
    run: LocalRun, ops: Ops, shown: Callable[..., str]
) -> None:
    with without(run, "ReadProfiles"):
        assert ops("status")["domain"]["unread"] == "AccessDeniedException"
        assert "cannot be read (AccessDeniedException), domain" in shown("status")


def test_an_alarm_of_this_stack_that_goes_off_is_what_the_status_says_first(run: LocalRun, ops: Ops) -> None:
    cloudwatch = run.cloud.client("cloudwatch")
    for name, stack in (("mine", run.outputs["project_stack"]), ("another's", "other-stack")):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            AlarmDescription=f"{stack}: Messages are rejected.",
            Namespace="gtm-pixel",
            MetricName="Rejected",
            Dimensions=[{"Name": "service", "Value": run.outputs["project_stack"]}],
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=1,
            TreatMissingData="ignore",
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
        )
    try:
        ops("send", "--event", "null", status=1)

        status = eventually(
            lambda: (s := ops("status"))["attention"][:1] == ["alarm mine: Messages are rejected."] and s
        )
        assert [alarm["name"] for alarm in status["alarms"]] == ["mine"]
    finally:
        cloudwatch.delete_alarms(AlarmNames=["mine", "another's"])


def test_logs_are_shown_by_reason_without_the_lines_of_metrics(ops: Ops, shown: Callable[..., str]) -> None:
    ops("send", "--event", "null", status=1)

    lines = ops("logs", "--reason", "event_missing")
    assert {line["line"]["message"] for line in lines} == {"message rejected", "batch processed"}
    assert "_aws" not in shown("logs")
    assert "_aws" in json.dumps(ops("logs", "--metrics"))
    assert ops("logs", "--reason", "no_such_reason", status=1) == []


def test_an_event_that_comes_too_often_is_found_by_its_type_and_endpoint(
    run: LocalRun, ops: Ops, shown: Callable[..., str]
) -> None:
    event_type, endpoint_id = f"loop_{new_endpoint()}", new_endpoint()
    for _ in range(3):
        send(run, event=event_type, endpoint_id=endpoint_id)
    eventually(lambda: len(events_of(run, endpoint_id, "firehose")) == 3)

    (found,) = [one for one in ops("traffic", "--since", "1d")["types"] if one["event_type"] == event_type]

    assert found == {"event_type": event_type, "events": 3, "endpoints": 1, "of_busiest": 3}
    assert ops("traffic", "--since", "0s")["types"] == []
    assert endpoint_id not in shown("traffic")
    assert endpoint_id in shown("traffic", "--show-values")


def test_what_the_operator_may_not_do_is_one_line(run: LocalRun, capsys: pytest.CaptureFixture[str]) -> None:
    with without(run, "PauseAndResume"):
        assert main(["pause", "--local", run.url]) == 1

    assert capsys.readouterr().err == (
        "error: aws lambda get-event-source-mapping failed with 403: "
        "your credentials lack lambda:GetEventSourceMapping; "
        "policies/operator.json lists what these commands need\n"
    )


def test_outputs_of_two_stacks_are_not_redriven(
    run: LocalRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mixed = {**run.outputs, "dead_letter_queue_url": run.outputs["queue_url"]}
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(mixed))
    for name, value in {**run.aws_variables, "AWS_DEFAULT_REGION": run.cloud.region}.items():
        monkeypatch.setenv(name, value)

    # With the variables of the local run, its outputs work from a file, too.
    assert main(["redrive", "--outputs", str(file)]) == 2
    assert "these outputs are of two stacks" in capsys.readouterr().err


def test_the_doctor_looks_at_a_stack_and_sends_one_event_if_asked(
    run: LocalRun, ops: Ops, shown: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    quiet(run)
    before = len(run.recorder.events())
    looked = {one["check"]: one["state"] for one in ops("doctor")}
    assert len(run.recorder.events()) == before
    for name in (
        "credentials",
        "capacity",
        "domain",
        "object types",
        "processor",
        "event source",
        "merging of profiles",
    ):
        assert looked[name] == "ok", name
    assert looked["alarms"] == "warning"
    assert "failed" not in looked.values()

    assert main(["doctor", "--send", "--local", run.url]) == 2
    assert "give --yes" in capsys.readouterr().err
    sent = {one["check"]: one for one in ops("doctor", "--send", "--yes")}
    for name in (
        "GET",
        "POST with a body",
        "one object for the same event",
        "values with special characters",
    ):
        assert sent[name]["state"] == "ok", sent[name]
    assert sent["event in firehose"]["state"] == "ok"

    profiles = run.fake(CustomerProfilesFake)
    rules = {"Enabled": True, "MaxAllowedRuleLevelForMerging": 1}
    profiles.describe(run.outputs["customer_profiles_domain"], RuleBasedMatching=rules)
    try:
        assert "warning: merging of profiles: python -m migrate check-domain" in shown("doctor")
    finally:
        profiles.describe(run.outputs["customer_profiles_domain"])


def test_the_doctor_reads_settings_before_the_first_deployment(
    run: LocalRun, ops: Ops, tmp_path: Path
) -> None:
    settings = tmp_path / "Pulumi.new.yaml"
    settings.write_text(
        f"config:\n  aws:region: {run.outputs['region']}\n"
        "  gtm-pixel:customerProfilesDomain: amazon-connect-nobody\n"
        "  gtm-pixel:kmsKeyArn: arn:aws:kms:eu-north-1:123456789012:key/k\n"
    )

    found = {one["check"]: one for one in ops("doctor", "--settings", str(settings), status=1)}

    assert (found["credentials"]["state"], found["key"]["state"]) == ("ok", "failed")
    assert "event source" not in found


def test_the_state_of_a_stack_is_one_file_without_a_word_about_customers(
    run: LocalRun, ops: Ops, tmp_path: Path
) -> None:
    endpoint_id = new_endpoint()
    dead_letter(run, endpoint_id)
    file = tmp_path / "incident.json"

    ops("incident", str(file))

    text = file.read_text()
    state = json.loads(text)
    assert endpoint_id not in text
    assert "s3cret" not in text
    assert state["status"]["dead_letters"]["waiting"] == 1
    assert any(line["reason"] == "customer_profiles_400" for line in state["log_lines"])
    assert {one["check"] for one in state["checks"]} >= {"domain", "event source"}
    assert file.stat().st_mode & 0o777 == 0o600
    assert main(["incident", str(file), "--local", run.url]) == 1  # no file is overwritten
    assert ops("redrive")["redriven"] == 1


def test_what_may_not_be_read_is_missing_in_the_state_and_the_rest_is_there(
    run: LocalRun, ops: Ops, tmp_path: Path
) -> None:
    file = tmp_path / "incident.json"

    with without(run, "ReadLogs"):
        said = ops("incident", str(file), status=1)

    (missing,) = said["not_read"]
    assert "your credentials lack logs:FilterLogEvents" in missing
    state = json.loads(file.read_text())
    assert (state["not_read"], state["log_lines"]) == ([missing], None)
    assert state["status"]["stack"] == run.outputs["project_stack"]
    assert state["checks"]


@pytest.mark.parametrize("sought", ['"', 'no "such" reason', "back\\slash"])
def test_logs_are_searched_for_any_string(sought: str, ops: Ops) -> None:
    assert ops("logs", "--reason", sought, status=1) == []


def test_recorded_events_reach_a_destination_that_was_added_later(
    run: LocalRun, ops: Ops, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint_id = new_endpoint()
    quiet(run)
    sqs = run.cloud.client("sqs")
    started = datetime.now(UTC) - timedelta(seconds=1)
    # As if the stack had had no Customer Profiles then.
    for number in range(3):
        sqs.send_message(
            QueueUrl=run.outputs["queue_url"],
            MessageBody=f"event=purchase&endpoint_id={endpoint_id}&event_id=o{number}",
            MessageAttributes={"pending": {"DataType": "String", "StringValue": "firehose"}},
        )
    eventually(lambda: len(events_of(run, endpoint_id, "firehose")) == 3)
    assert events_of(run, endpoint_id, "customer-profiles") == []
    state = tmp_path / "state.json"
    arguments = ("replay", "customer-profiles", "--since", started.isoformat(), "--rate", "1000")

    counted = ops(*arguments, "--dry-run")
    assert (counted["events"] >= 3, counted["sent"], state.exists()) == (True, 0, False)
    assert ops(*arguments, "--state", str(state))["sent"] == counted["events"]

    again = eventually(lambda: (found := events_of(run, endpoint_id)) and len(found) == 3 and found)
    assert {event.event_key for event in again} == {
        event.event_key for event in events_of(run, endpoint_id, "firehose")
    }
    assert len(events_of(run, endpoint_id, "firehose")) == 3
    assert ops(*arguments, "--state", str(state))["sent"] == 0  # it goes on where it ended
    assert main([*arguments[:1], "firehose", *arguments[2:], "--local", run.url]) == 2
    assert "name a destination of the stack (customer-profiles)" in capsys.readouterr().err
