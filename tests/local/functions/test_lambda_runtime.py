"""The function in its own process: its environment, its permissions, and its failures."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from local.deployment.cloud import Cloud
from local.functions import lambda_bootstrap
from local.functions.lambda_runtime import FunctionLogging, Invocation, LambdaRuntime
from local.problems import Problems
from local.recorder import Recorder, RejectedMessage
from tests.local.conftest import LOG_GROUP
from tests.patience import PATIENCE_SECONDS, eventually
from tests.processes import is_running

MakeRuntime = Callable[..., LambdaRuntime]


def logged(cloud: Cloud) -> list[str]:
    logs = cloud.client("logs")
    streams = logs.describe_log_streams(logGroupName=LOG_GROUP)["logStreams"]
    return [
        event["message"]
        for stream in streams
        for event in logs.get_log_events(logGroupName=LOG_GROUP, logStreamName=stream["logStreamName"])[
            "events"
        ]
    ]


def error_of(invocation: Invocation) -> tuple[str, str]:
    assert invocation.error is not None
    return invocation.error.error_type, invocation.error.message


def test_the_handler_gets_the_event_and_its_result_comes_back(make_runtime: MakeRuntime) -> None:
    runtime = make_runtime("def handler(event, context): return {'got': event}")
    assert runtime.invoke({"text": "日本語 \n"}).payload == {"got": {"text": "日本語 \n"}}


def test_a_payload_of_six_megabytes_passes(make_runtime: MakeRuntime) -> None:
    runtime = make_runtime("def handler(event, context): return len(event['text'])")
    assert runtime.invoke({"text": "x" * 6_000_000}).payload == 6_000_000


def test_invocations_share_an_execution_environment(make_runtime: MakeRuntime) -> None:
    runtime = make_runtime("calls = []\ndef handler(event, context): calls.append(1); return len(calls)")
    assert [runtime.invoke({}).payload for _ in range(3)] == [1, 2, 3]


def test_the_environment_has_the_deployed_variables_and_those_of_lambda(
    make_runtime: MakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_DEVELOPER", "1")
    runtime = make_runtime(
        "import os\ndef handler(event, context): return dict(os.environ)", environment={"DEPLOYED": "1"}
    )
    names = set(runtime.invoke({}).payload)
    by_lambda = {name for name in names if name.startswith("AWS_")} | {"LAMBDA_TASK_ROOT", "_HANDLER"}
    # LC_CTYPE is set by Python itself where the locale is not UTF-8.
    by_the_local_run = {"GTM_PIXEL_LOCAL_RUN", "HOME"}
    assert names - by_lambda - {"LC_CTYPE"} == {"DEPLOYED", "LANG", "PATH", "TZ"} | by_the_local_run


def test_a_published_version_keeps_its_configuration(
    make_runtime: MakeRuntime, cloud: Cloud, recorder: Recorder, problems: Problems
) -> None:
    source = "import os\ndef handler(event, context): return [os.environ['WORD'], context.function_version]"
    latest = make_runtime(source, environment={"WORD": "first"})
    client = cloud.client("lambda")
    version = client.publish_version(FunctionName="function")["Version"]
    client.update_function_configuration(
        FunctionName="function", Environment={"Variables": {"WORD": "second"}}
    )
    client.publish_version(FunctionName="function")

    logging = FunctionLogging(log_group=LOG_GROUP)
    with LambdaRuntime(
        cloud, "function", version=version, logging=logging, recorder=recorder, problems=problems
    ) as runtime:
        assert runtime.invoke({}).payload == ["first", "1"]
    assert latest.invoke({}).payload == ["first", "$LATEST"]


def test_the_context_is_that_of_the_invocation(make_runtime: MakeRuntime, cloud: Cloud) -> None:
    runtime = make_runtime(
        "def handler(event, c): return [c.function_name, c.invoked_function_arn, c.memory_limit_in_mb,"
        " c.log_group_name, c.get_remaining_time_in_millis(), len(c.aws_request_id)]",
        timeout=900,
    )
    name, arn, memory, log_group, remaining, id_length = runtime.invoke({}).payload
    assert (name, memory, log_group, id_length) == ("function", "128", LOG_GROUP, 36)
    assert arn == f"arn:aws:lambda:us-east-1:{cloud.account_id}:function:function"
    assert 900_000 - PATIENCE_SECONDS * 1000 < remaining <= 900_000


def test_a_package_that_is_not_in_the_archive_cannot_be_imported(
    make_runtime: MakeRuntime, said: list[str]
) -> None:
    runtime = make_runtime("import boto3\ndef handler(event, context): return 1")
    assert error_of(runtime.invoke({})) == (
        "Runtime.ImportModuleError",
        "Unable to import module 'index': No module named 'boto3'",
    )
    assert said == [
        "error: the function function failed with Runtime.ImportModuleError at index.py:1: "
        "Unable to import module 'index': No module named 'boto3'"
    ]


def test_a_handler_that_is_missing_is_named(make_runtime: MakeRuntime) -> None:
    runtime = make_runtime("def other(event, context): return 1")
    assert error_of(runtime.invoke({})) == ("Runtime.HandlerNotFound", "Handler 'handler' missing on 'index'")


def test_a_handler_that_raises_is_one_line_without_its_message(
    make_runtime: MakeRuntime, said: list[str]
) -> None:
    runtime = make_runtime("def handler(event, context):\n  raise ValueError('of a visitor')")
    assert error_of(runtime.invoke({})) == ("ValueError", "of a visitor")
    runtime.invoke({})
    assert said == ["error: the function function failed with ValueError at index.py:2"]


def test_a_handler_that_raised_is_invoked_again_in_the_same_environment(make_runtime: MakeRuntime) -> None:
    runtime = make_runtime(
        "calls = []\ndef handler(event, context):\n  calls.append(1)\n  return 1 // (len(calls) - 1)"
    )
    assert error_of(runtime.invoke({}))[0] == "ZeroDivisionError"
    assert runtime.invoke({}).payload == 1


def test_the_stack_of_an_error_is_in_the_log(make_runtime: MakeRuntime, cloud: Cloud) -> None:
    make_runtime("def handler(event, context): raise ValueError('why')").invoke({})
    assert ["ValueError" in line and "why" in line for line in logged(cloud)] == [True]


def test_a_result_that_is_not_json_is_an_error(make_runtime: MakeRuntime) -> None:
    assert error_of(make_runtime("def handler(e, c): return {1, 2}").invoke({}))[0] == "Runtime.MarshalError"


def test_a_handler_over_its_timeout_is_ended_and_the_next_one_starts_afresh(
    make_runtime: MakeRuntime,
) -> None:
    runtime = make_runtime(
        "import time\ndef handler(event, context): time.sleep(event['seconds']); return 'done'", timeout=1
    )
    assert error_of(runtime.invoke({"seconds": 60})) == (
        "Sandbox.Timedout",
        "Task timed out after 1.00 seconds",
    )
    runtime._function["Timeout"] = PATIENCE_SECONDS
    assert runtime.invoke({"seconds": 0}).payload == "done"


def test_a_handler_that_exits_is_an_error_and_the_next_one_starts_afresh(make_runtime: MakeRuntime) -> None:
    runtime = make_runtime("import os\ndef handler(event, context): return os._exit(1) if event else 'done'")
    assert error_of(runtime.invoke({"exit": True}))[0] == "Runtime.ExitError"
    assert runtime.invoke({}).payload == "done"


def test_output_of_the_handler_is_in_its_log_group(make_runtime: MakeRuntime, cloud: Cloud) -> None:
    runtime = make_runtime(
        "import sys, os\n"
        "def handler(event, context):\n"
        "  print('out'); print('err', file=sys.stderr, flush=True); os.write(1, b'raw\\n')\n"
    )
    runtime.invoke({})
    assert sorted(logged(cloud)) == ["err", "out", "raw"]


@pytest.mark.parametrize(
    ("granted", "refused"),
    [("logs:CreateLogStream", "PutLogEvents"), ("logs:PutLogEvents", "CreateLogStream")],
)
def test_a_role_that_may_not_write_the_log_is_reported_once(
    make_runtime: MakeRuntime, said: list[str], granted: str, refused: str
) -> None:
    runtime = make_runtime("def handler(event, context): print('line')", allowed=[(granted, "*")])
    runtime.invoke({})
    runtime.invoke({})
    assert said == [f"error: the log was not written to {LOG_GROUP}: AccessDenied ({refused})"]


def test_a_rejected_message_is_recorded(make_runtime: MakeRuntime, recorder: Recorder) -> None:
    make_runtime(
        "import json\n"
        "def handler(event, context):\n"
        "  line = {'message': 'message rejected', 'reason': 'event_missing', 'message_id': 'm1'}\n"
        "  print(json.dumps(line))\n"
        "  print('some \"message rejected\" text')\n"
    ).invoke({})
    assert recorder.rejected() == [RejectedMessage(message_id="m1", reason="event_missing")]


def test_stopping_ends_a_running_handler(make_runtime: MakeRuntime, tmp_path: Path) -> None:
    source = (
        "import os, pathlib, time\ndef handler(e, c): pathlib.Path(e['pid']).write_text(str(os.getpid())); "
    )
    runtime = make_runtime(source + "time.sleep(60)", timeout=60)
    pid_file = tmp_path / "pid"
    outcome: list[Invocation] = []
    thread = run_in_thread(lambda: outcome.append(runtime.invoke({"pid": str(pid_file)})))
    pid = int(eventually(lambda: pid_file.exists() and pid_file.read_text()))

    runtime.stop()

    thread.join(timeout=PATIENCE_SECONDS)
    assert error_of(outcome[0])[0] == "Runtime.ExitError"
    assert not is_running(pid)


def test_finishing_waits_for_a_running_handler(make_runtime: MakeRuntime, tmp_path: Path) -> None:
    begun, go_on = tmp_path / "begun", tmp_path / "go-on"
    runtime = make_runtime(
        "import pathlib, time\n"
        "def handler(event, context):\n"
        "    pathlib.Path(event['begun']).touch()\n"
        "    while not pathlib.Path(event['go_on']).exists(): time.sleep(0.01)\n"
        "    return 'done'"
    )
    outcome: list[Invocation] = []
    event = {"begun": str(begun), "go_on": str(go_on)}
    invoking = run_in_thread(lambda: outcome.append(runtime.invoke(event)))
    eventually(begun.exists)

    finishing = run_in_thread(runtime.finish)
    finishing.join(timeout=0.05)
    assert finishing.is_alive()
    go_on.touch()

    invoking.join(timeout=PATIENCE_SECONDS)
    finishing.join(timeout=PATIENCE_SECONDS)
    assert outcome[0].payload == "done"
    assert error_of(runtime.invoke(event))[0] == "Runtime.Stopped"


def test_the_process_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    (tmp_path / "index.py").write_text("import time\ndef handler(event, context): time.sleep(60)")
    parent = """
import os, subprocess, sys
request, for_child = os.pipe()[::-1]
responses = os.pipe()
child = subprocess.Popen([sys.executable, "-I", "-S", sys.argv[1], str(for_child), str(responses[1])],
                         pass_fds=(for_child, responses[1]), start_new_session=True)
os.read(responses[0], 100)
os.write(request, b'{"request_id": "1", "arn": "", "timeout": 60, "event": {}}\\n')
print(child.pid, flush=True)
child.wait()
"""
    names = ("FUNCTION_NAME", "FUNCTION_VERSION", "FUNCTION_MEMORY_SIZE", "LOG_GROUP_NAME", "LOG_STREAM_NAME")
    environment = {f"AWS_LAMBDA_{name}": "1" for name in names}
    process = subprocess.Popen(
        [sys.executable, "-c", parent, lambda_bootstrap.__file__],
        env={**environment, "LAMBDA_TASK_ROOT": str(tmp_path), "_HANDLER": "index.handler"},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.kill()
    eventually(lambda: not is_running(child))


def test_a_problem_is_printed_once_and_recorded_each_time(problems: Problems, said: list[str]) -> None:
    for line in ("error: a 1", "error: a 2", "error: b"):
        problems.report(line, kind=line[:8])
    assert said == ["error: a 1", "error: b"]
    assert problems.lines == ["error: a 1", "error: a 2", "error: b"]


def run_in_thread(target: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=target)
    thread.start()
    return thread
