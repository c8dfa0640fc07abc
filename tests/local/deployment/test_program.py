"""Running a Pulumi program without the engine: the provider's inputs and outputs."""

import os
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local.deployment.program import ProgramError, run
from local.deployment.stack import Registration
from local.deployment.stack_config import StackConfig

CONFIG = StackConfig(
    project="gtm-pixel", stack="dev", values={"aws:region": "eu-west-1", "gtm-pixel:stageName": "v7"}
)


class Recording:
    """Records what is registered, and returns an id and an ARN."""

    def __init__(self) -> None:
        self.created: list[str] = []
        self.inputs: dict[str, Mapping[str, Any]] = {}
        self.registered: dict[str, Registration] = {}

    def register(self, registration: Registration) -> tuple[str, dict[str, Any]]:
        name, inputs = registration.name, registration.inputs
        if registration.type == "aws:sns/topic:Topic":
            raise LookupError(registration.type)
        self.created.append(name)
        self.inputs[name] = inputs
        self.registered[name] = registration
        return f"{name}-id", {**inputs, "arn": f"arn:{name}"}

    def invoke(self, token: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        if token != "aws:index/getRegion:getRegion":
            raise LookupError(token)
        return {"region": "eu-west-1", **arguments}


@pytest.fixture
def provider() -> Recording:
    return Recording()


@pytest.fixture
def run_program(tmp_path: Path, provider: Recording, said: list[str]) -> Callable[[str], dict[str, Any]]:
    def run_source(source: str) -> dict[str, Any]:
        header = "import pulumi\nimport pulumi_aws as aws\n"
        (tmp_path / "__main__.py").write_text(header + textwrap.dedent(source))
        return run(tmp_path, CONFIG, provider, said.append)

    return run_source


def test_outputs_of_resources_become_stack_outputs(run_program: Callable[[str], dict[str, Any]]) -> None:
    assert run_program("pulumi.export('arn', aws.sqs.Queue('q').arn)") == {"arn": "arn:q"}


def test_a_program_can_tell_that_it_does_not_run_on_aws(
    run_program: Callable[[str], dict[str, Any]],
) -> None:
    outputs = run_program("import os; pulumi.export('local', os.environ.get('GTM_PIXEL_LOCAL_RUN'))")
    assert outputs == {"local": "1"}
    assert "GTM_PIXEL_LOCAL_RUN" not in os.environ


def test_a_secret_inside_an_output_arrives_in_clear(run_program: Callable[[str], dict[str, Any]]) -> None:
    outputs = run_program("pulumi.export('o', {'list': [pulumi.Output.secret('s')], 'plain': 1})")
    assert outputs == {"o": {"list": ["s"], "plain": 1}}


def test_a_secret_inside_a_property_arrives_in_clear(
    run_program: Callable[[str], dict[str, Any]], provider: Recording
) -> None:
    run_program("aws.sqs.Queue('q', tags={'a': pulumi.Output.secret('s'), 'b': 'plain'})")
    assert provider.inputs["q"]["tags"] == {"a": "s", "b": "plain"}


def test_a_resource_is_created_after_what_it_takes_an_output_from(
    run_program: Callable[[str], dict[str, Any]], provider: Recording
) -> None:
    run_program("aws.sqs.QueuePolicy('policy', queue_url=aws.sqs.Queue('q').id, policy='{}')")
    assert provider.created == ["q", "policy"]
    assert provider.inputs["policy"]["queueUrl"] == "q-id"


def test_a_resource_is_created_after_what_it_depends_on(
    run_program: Callable[[str], dict[str, Any]], provider: Recording
) -> None:
    run_program("""
        first = aws.sqs.QueuePolicy('first', queue_url=aws.sqs.Queue('q').id, policy='{}')
        aws.sqs.Queue('last', opts=pulumi.ResourceOptions(depends_on=[first]))
    """)
    assert provider.created == ["q", "first", "last"]


def test_the_options_of_a_resource_are_passed_on(
    run_program: Callable[[str], dict[str, Any]], provider: Recording
) -> None:
    run_program("""
        options = pulumi.ResourceOptions(
            protect=True, retain_on_delete=True, delete_before_replace=True, ignore_changes=["tags"]
        )
        first = aws.sqs.Queue('first', opts=options)
        aws.sqs.Queue('last', opts=pulumi.ResourceOptions(depends_on=[first]))
    """)
    first, last = provider.registered["first"], provider.registered["last"]
    options = replace(first, urn="", name="", inputs={})
    assert options == Registration(
        urn="",
        type="aws:sqs/queue:Queue",
        name="",
        inputs={},
        protect=True,
        retain_on_delete=True,
        delete_before_replace=True,
        ignore_changes=("tags",),
    )
    assert replace(last, inputs={}) == Registration(
        urn=last.urn, type=last.type, name="last", inputs={}, depends_on=frozenset({first.urn})
    )


def test_a_component_itself_is_not_created(
    run_program: Callable[[str], dict[str, Any]], provider: Recording
) -> None:
    run_program("""
        component = pulumi.ComponentResource('a:b:C', 'component')
        aws.sqs.Queue('q', opts=pulumi.ResourceOptions(parent=component))
    """)
    assert provider.created == ["q"]


def test_the_program_sees_its_configuration_project_and_stack(
    run_program: Callable[[str], dict[str, Any]],
) -> None:
    outputs = run_program("""
        pulumi.export('stage', pulumi.Config().require('stageName'))
        pulumi.export('names', [pulumi.get_project(), pulumi.get_stack()])
        pulumi.export('preview', pulumi.runtime.is_dry_run())
    """)
    assert outputs == {"stage": "v7", "names": ["gtm-pixel", "dev"], "preview": False}


def test_the_program_runs_in_its_directory_and_may_import_from_it(
    run_program: Callable[[str], dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "beside_the_program.py").write_text("NAME = 'beside'")
    here = Path.cwd()
    outputs = run_program("""
        import os, beside_the_program
        pulumi.export('o', [os.getcwd(), beside_the_program.NAME])
    """)
    assert outputs == {"o": [str(tmp_path), "beside"]}
    assert Path.cwd() == here


def test_a_function_of_the_provider_can_be_called(run_program: Callable[[str], dict[str, Any]]) -> None:
    assert run_program("pulumi.export('r', aws.get_region_output().region)") == {"r": "eu-west-1"}


def test_warnings_of_the_program_are_passed_on(
    run_program: Callable[[str], dict[str, Any]], said: list[str]
) -> None:
    run_program("pulumi.log.warn('mind the gap'); pulumi.log.debug('not this')")
    assert said == ["warning: mind the gap"]


def test_a_process_can_run_a_program_twice(
    run_program: Callable[[str], dict[str, Any]], provider: Recording
) -> None:
    assert run_program("pulumi.export('a', aws.sqs.Queue('q').id)") == {"a": "q-id"}
    assert run_program("pulumi.export('b', aws.sqs.Queue('r').id)") == {"b": "r-id"}
    assert provider.created == ["q", "r"]


def test_a_run_error_of_the_program_is_a_line_for_each_problem(
    run_program: Callable[[str], dict[str, Any]],
) -> None:
    with pytest.raises(ProgramError) as raised:
        run_program("raise pulumi.RunError('stageName is wrong\\n so is  authMode')")
    assert str(raised.value) == "stageName is wrong\nso is authMode"


def test_any_other_error_of_the_program_names_its_line(run_program: Callable[[str], dict[str, Any]]) -> None:
    with pytest.raises(ProgramError) as raised:
        run_program("raise TypeError('no')")
    assert str(raised.value) == "TypeError: no (__main__.py:3)"


def test_an_error_inside_an_apply_ends_the_run(run_program: Callable[[str], dict[str, Any]]) -> None:
    with pytest.raises(ProgramError, match="ValueError: bad"):
        run_program("""
            def fail(_): raise ValueError('bad')
            pulumi.export('o', aws.sqs.Queue('q').id.apply(fail))
        """)


def test_a_refusal_by_the_provider_ends_the_run(run_program: Callable[[str], dict[str, Any]]) -> None:
    with pytest.raises(LookupError, match="aws:sns/topic:Topic"):
        run_program("aws.sns.Topic('t')")


def test_a_function_the_provider_refuses_ends_the_run(run_program: Callable[[str], dict[str, Any]]) -> None:
    with pytest.raises(LookupError, match="getAvailabilityZones"):
        run_program("pulumi.export('z', aws.get_availability_zones_output().names)")


def test_a_run_after_a_failed_one_is_not_disturbed(run_program: Callable[[str], dict[str, Any]]) -> None:
    with pytest.raises(LookupError):
        run_program("aws.sns.Topic('t')")
    assert run_program("pulumi.export('a', 1)") == {"a": 1}
