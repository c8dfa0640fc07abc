"""The arrows of the layout: who may import whom."""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
OWN = {
    "settings",
    "event_trigger_settings",
    "config_values",
    "filter_lists",
    "prerequisites",
    "python_version",
    "virtual_environment",
    "components",
    "handler",
    "local",
    "gtm",
    "migrate",
    "tests",
    "benchmarks",
}

ALLOWED = {
    "__main__.py": {"prerequisites", "python_version", "settings", "components"},
    "prerequisites.py": set[str](),
    "python_version.py": set[str](),
    "virtual_environment.py": {"python_version"},
    "settings.py": {"event_trigger_settings", "config_values", "components"},
    "event_trigger_settings.py": {"config_values", "components"},
    "config_values.py": set[str](),
    "filter_lists.py": set[str](),
    "components": {"components", "filter_lists"},
    "handler": {"handler"},
    "gtm": {"gtm", "filter_lists", "python_version"},
    "local": {"local", "gtm", "python_version"},
    "migrate": {"migrate", "python_version"},
}

PURE = [
    "filter_lists.py",
    "components/openapi.py",
    "components/profile_template.py",
    "handler/destinations/firehose_records.py",
    "handler/destinations/pinpoint_request.py",
    "handler/event_identity.py",
    "handler/events.py",
    "handler/missing_values.py",
    "handler/queue_message.py",
    "handler/request_tokens.py",
    "handler/resting.py",
    "handler/retry_schedule.py",
    "handler/settlement.py",
    "handler/text_length.py",
    "handler/token_refusal.py",
    "handler/update_policy.py",
    "migrate/domain_check.py",
    "migrate/endpoints.py",
    "migrate/missing_values.py",
    "migrate/profiles.py",
    "migrate/records.py",
    "migrate/summary.py",
]
IMPURE = {
    "boto3",
    "botocore",
    "os",
    "time",
    "logging",
    "random",
    "aws_lambda_powertools",
    "pulumi",
    "pulumi_aws",
}


def modules(part: str) -> list[Path]:
    path = PROJECT / part
    found = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    assert found, f"{part} is gone"
    return found


def imports(module: Path) -> set[str]:
    """Top-level packages that a module imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            names.add((node.module or "").split(".")[0])
    return names


@pytest.mark.parametrize(("part", "allowed"), ALLOWED.items())
def test_a_part_imports_only_what_it_may(part: str, allowed: set[str]) -> None:
    forbidden = {
        str(module.relative_to(PROJECT)): sorted(imports(module) & (OWN - allowed))
        for module in modules(part)
    }

    assert {module: names for module, names in forbidden.items() if names} == {}


def test_the_handler_never_imports_pulumi() -> None:
    assert [module for module in modules("handler") if imports(module) & {"pulumi", "pulumi_aws"}] == []


def test_only_what_calls_aws_imports_the_sdk() -> None:
    callers = {
        str(module.relative_to(PROJECT / "handler"))
        for module in modules("handler")
        if imports(module) & {"boto3", "botocore"}
    }

    assert callers == {"aws_calls.py"}


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_knows_no_clock_environment_logger_or_sdk(module: str) -> None:
    assert imports(PROJECT / module) & IMPURE == set()


def test_only_settings_reads_the_configuration() -> None:
    readers = [
        path.name
        for part in ("__main__.py", "components", "handler")
        for path in modules(part)
        if "pulumi.Config(" in path.read_text()
    ]

    assert readers == ["__main__.py"]  # hands it to settings.load
