"""Starting and stopping whole runs in one process. What a run does is tests/test_local_run.py."""

import json
import os
import re
import socket
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from local.run import PROJECT_DIR, LocalRun, LocalRunError
from policies import policy
from tests.patience import PATIENCE_SECONDS
from tests.processes import children_of

StartRun = Callable[..., LocalRun]


def send(run: LocalRun, endpoint_id: str) -> None:
    with urllib.request.urlopen(f"{run.outputs['events_url']}?event=e&endpoint_id={endpoint_id}"):
        pass


def test_a_process_can_run_the_program_twice(local_run: StartRun) -> None:
    for stage_name in ("first", "second"):
        run = local_run(f"stageName={stage_name}", "batchSize=10", "batchWindowSeconds=0")
        assert run.outputs["events_url"] == f"{run.url}/{stage_name}/events"
        send(run, stage_name)
        assert run.recorder.wait_for(1, timeout=PATIENCE_SECONDS)
        assert [event.endpoint_id for event in run.recorder.events()] == [stage_name]


def test_a_run_that_stopped_leaves_no_thread_and_frees_its_port(local_run: StartRun) -> None:
    before = set(threading.enumerate())
    run = local_run()
    port = int(run.url.rpartition(":")[2])
    run.stop()
    # At once: later, another process may have it.
    with socket.create_server(("127.0.0.1", port)):
        run.stop()  # a second time does nothing
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=PATIENCE_SECONDS)
    assert set(threading.enumerate()) - before == set()


def test_a_program_that_fails_ends_the_start_and_leaves_nothing_behind(
    local_run: StartRun, tmp_path: Path
) -> None:
    (tmp_path / "Pulumi.yaml").write_text(
        "name: gtm-pixel\nconfig: {authMode: open, pinpointApplicationId: x}"
    )
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {aws:region: eu-west-1}")
    (tmp_path / "__main__.py").write_text("import pulumi_aws as aws\naws.ecr.Repository('r')\n")
    with pytest.raises(LocalRunError, match="does not know the resource type aws:ecr/repository:Repository"):
        local_run(project_dir=tmp_path)
    with pytest.raises(LocalRunError, match="aws:ecr/repository"):  # not: another Cloud runs
        local_run(project_dir=tmp_path)


def test_a_stage_named_like_a_path_of_the_run_is_refused_and_leaves_no_process(local_run: StartRun) -> None:
    before = set(children_of(os.getpid()))
    with pytest.raises(LocalRunError, match="keeps /recorded for itself: choose another stageName"):
        local_run("stageName=recorded")
    assert set(children_of(os.getpid())) <= before


def test_a_message_that_sqs_gives_up_on_is_a_dead_letter_without_a_reason_of_its_own(
    local_run: StartRun,
) -> None:
    run = local_run("maxReceiveCount=1")
    run.poller.stop()
    sqs = run.cloud.client("sqs")
    url = run.outputs["queue_url"]
    sent = sqs.send_message(QueueUrl=url, MessageBody="event=e")
    for _ in range(2):  # received too often, then moved
        sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)
    assert run.queues.dead_letters() == [
        {
            "message_id": sent["MessageId"],
            "reason": "max_receive_count",
            "pending": None,
            "original_message_id": sent["MessageId"],
        }
    ]


def test_looking_at_dead_letters_does_not_hide_them(local_run: StartRun) -> None:
    run = local_run()
    attributes = {
        "dead_letter_reason": {"DataType": "String", "StringValue": "pinpoint_400"},
        "original_message_id": {"DataType": "String", "StringValue": "m1"},
    }
    sqs = run.cloud.client("sqs")
    url = run.outputs["dead_letter_queue_url"]
    sqs.send_message(QueueUrl=url, MessageBody="event=e", MessageAttributes=attributes)
    with urllib.request.urlopen(f"{run.url}/recorded") as response:
        (letter,) = json.load(response)["dead_letters"]
    assert (letter["reason"], letter["original_message_id"]) == ("pinpoint_400", "m1")
    assert run.queues.dead_letters() == [letter]
    assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1


def test_the_commands_on_the_page_work_as_described(local_run: StartRun) -> None:
    page = (PROJECT_DIR / "local" / "web" / "page" / "index.html").read_text()
    (settings,) = re.findall(r'make local CONFIG="([^"]+)"', page)
    (stack,) = re.findall(r"make local STACK=(\w+)", page)

    assert local_run(*settings.split()).outputs["destinations"] == ["firehose"]
    assert local_run(stack=stack).outputs["auth_mode"] == "authenticated"


def test_an_object_type_that_the_service_would_refuse_ends_the_start(
    local_run: StartRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.fakes.customer_profiles_object_types._MAX_FIELDS", 3)
    with pytest.raises(LocalRunError, match=r"has \d+ fields: 3 are allowed"):
        local_run()


def test_an_action_that_the_deployer_lacks_ends_the_start_with_its_name(
    local_run: StartRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = policy.read

    def without_set_queue_attributes(name: str) -> policy.Policy:
        return json.loads(json.dumps(read(name)).replace("sqs:SetQueueAttributes", "sqs:GetQueueUrl"))

    monkeypatch.setattr(policy, "read", without_set_queue_attributes)

    with pytest.raises(LocalRunError, match=r"user/deployer is not authorized .* sqs:SetQueueAttributes"):
        local_run()
