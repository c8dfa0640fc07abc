"""What the tests of the local run share: an empty cloud, functions of a few lines, whole runs."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from local.deployment.cloud import Cloud
from local.functions.lambda_runtime import FunctionLogging, LambdaRuntime
from local.problems import Problems
from local.recorder import Recorder
from local.run import LocalRun
from tests.patience import PATIENCE_SECONDS

LOG_GROUP = "function-logs"


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud() as cloud:
        yield cloud


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def said() -> list[str]:
    """Every line that was printed."""
    return []


@pytest.fixture
def problems(said: list[str]) -> Problems:
    return Problems(said.append)


@pytest.fixture
def make_role(cloud: Cloud) -> Callable[..., str]:
    """Creates a role that a service may assume and that may do `allowed`: (action, resource) pairs."""

    def make(name: str, *, service: str = "lambda.amazonaws.com", allowed: Sequence[tuple[str, str]]) -> str:
        iam = cloud.client("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]
        statements = [{"Effect": "Allow", "Action": action, "Resource": arn} for action, arn in allowed]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="policy", PolicyDocument=document(*statements))
        return role["Arn"]

    return make


@pytest.fixture
def make_runtime(
    cloud: Cloud, make_role: Callable[..., str], recorder: Recorder, problems: Problems
) -> Iterator[Callable[..., LambdaRuntime]]:
    """Deploys a function of the given source (`index.handler`) and starts it."""
    with ExitStack() as stack:

        def make(
            source: str,
            *,
            timeout: int = PATIENCE_SECONDS,
            environment: Mapping[str, str] | None = None,
            allowed: Sequence[tuple[str, str]] = (("logs:*", "*"),),
        ) -> LambdaRuntime:
            cloud.client("logs").create_log_group(logGroupName=LOG_GROUP)
            archive = io.BytesIO()
            with zipfile.ZipFile(archive, "w") as file:
                file.writestr("index.py", source)
            cloud.client("lambda").create_function(
                FunctionName="function",
                Role=make_role("function-role", allowed=allowed),
                Runtime="python3.13",
                Handler="index.handler",
                Code={"ZipFile": archive.getvalue()},
                Timeout=timeout,
                Environment={"Variables": environment or {}},
            )
            runtime = LambdaRuntime(
                cloud,
                "function",
                logging=FunctionLogging(log_group=LOG_GROUP),
                recorder=recorder,
                problems=problems,
            )
            return stack.enter_context(runtime)

        yield make


@pytest.fixture
def local_run(said: list[str]) -> Iterator[Callable[..., LocalRun]]:
    """Starts local runs of this project: `local_run("profileUpdates=all", stack="dev")`.

    A process can have one at a time: a second call ends the first run.
    """
    running: list[LocalRun] = []

    def start(*overrides: str, **options: Any) -> LocalRun:
        while running:
            running.pop().stop()
        running.append(LocalRun.start(overrides=overrides, echo=said.append, **options))
        return running[-1]

    yield start
    for run in running:
        run.stop()


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
