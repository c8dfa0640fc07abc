"""Which packages may import which, and which modules are pure."""

import ast
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
OWN = {
    *("bootstrap", "settings", "contract", "components", "handler", "local", "gtm", "migrate", "ops"),
    *("cli", "policies", "tests", "benchmarks"),
}

ALLOWED = {
    "__main__.py": {"bootstrap", "settings", "components"},
    "bootstrap": {"bootstrap"},
    "contract": {"contract"},
    "cli": {"cli"},
    "policies": {"policies", "contract", "bootstrap"},
    "settings": {"settings", "components", "contract"},
    "components": {"components", "contract"},
    "handler": {"handler", "contract"},
    "gtm": {"gtm", "cli", "contract", "bootstrap"},
    "migrate": {"migrate", "cli", "contract", "bootstrap"},
    "ops": {"ops", "cli", "contract", "bootstrap", "handler"},
    # Runs __main__.py without importing it.
    "local": {"local", "cli", "gtm", "policies", "bootstrap", "contract"},
}

PURE = [
    "cli/printable.py",
    "contract",
    "components/openapi.py",
    "components/profile_template.py",
    "handler/delivery/batching.py",
    "handler/delivery/entry_results.py",
    "handler/delivery/resting.py",
    "handler/delivery/retry_schedule.py",
    "handler/delivery/settlement.py",
    "handler/delivery/splitting.py",
    "handler/destinations/firehose_records.py",
    "handler/destinations/pinpoint_request.py",
    "handler/event_identity.py",
    "handler/events.py",
    "handler/queue_message.py",
    "handler/tokens/finding.py",
    "handler/tokens/invalid.py",
    "handler/update_policy.py",
    "migrate/domain_check.py",
    "migrate/endpoints.py",
    "migrate/profiles.py",
    "migrate/records.py",
    "migrate/summary.py",
    "ops/attention.py",
    "ops/capacity.py",
    "ops/cost_model.py",
    "ops/dead_letters.py",
    "ops/durations.py",
    "ops/journey.py",
    "ops/prices.py",
    "ops/redrive.py",
    "ops/replay.py",
    "ops/stack.py",
    "policies/policy.py",
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
    """The top-level packages that a module imports, at its top or in a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            names.add((node.module or "").split(".")[0])
    return names


@pytest.mark.parametrize(("part", "allowed"), ALLOWED.items())
def test_a_package_imports_only_what_it_may(part: str, allowed: set[str]) -> None:
    forbidden = {
        str(module.relative_to(PROJECT)): sorted(imports(module) & (OWN - allowed))
        for module in modules(part)
    }

    assert {module: names for module, names in forbidden.items() if names} == {}


def test_of_the_local_run_only_the_words_of_traces_come_from_the_contract() -> None:
    """The fakes judge the handler: with its limits and names they would share its mistakes."""
    readers = [module for module in modules("local") if "contract" in imports(module)]

    assert {module.parent.name for module in readers} == {"traces"}
    taken = [re.findall(r"from contract\S* .+", module.read_text()) for module in readers]
    assert taken == [["from contract import reasons"]] * len(readers)


def test_the_handler_never_imports_pulumi() -> None:
    assert [module for module in modules("handler") if imports(module) & {"pulumi", "pulumi_aws"}] == []


def test_only_modules_that_call_aws_import_the_sdk() -> None:
    callers = {
        str(module.relative_to(PROJECT / "handler"))
        for module in modules("handler")
        if imports(module) & {"boto3", "botocore"}
    }

    assert callers == {"aws_calls.py"}


def test_one_module_of_the_operator_commands_calls_aws() -> None:
    callers = {module.name for module in modules("ops") if imports(module) & {"boto3", "botocore"}}

    assert callers == {"aws.py"}


def test_one_module_of_the_operator_commands_uses_the_authorizers_code() -> None:
    users = {module.name for module in modules("ops") if "handler" in imports(module)}
    text = (PROJECT / "ops/token_check.py").read_text()

    assert users == {"token_check.py"}
    taken = set(re.findall(r"from (handler\S*) import", text))
    assert {name for name in taken if not name.startswith("handler.tokens.")} == {
        "handler.authorizer_environment",
        "handler.variables",
    }


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_knows_no_clock_environment_logger_or_sdk(module: str) -> None:
    assert set[str]().union(*map(imports, modules(module))) & IMPURE == set()


def test_only_settings_reads_the_configuration() -> None:
    readers = [
        path.name
        for part in ("__main__.py", "components", "handler", "contract", "settings")
        for path in modules(part)
        if re.search(r"pulumi\.Config|runtime\.config", path.read_text())
    ]

    assert readers == ["stack_configuration.py"]


DOCSTRINGS = {
    str(module.relative_to(PROJECT)): ast.get_docstring(ast.parse(module.read_text())) or ""
    for part in ALLOWED
    for module in modules(part)
}


def test_every_module_says_what_it_is_for() -> None:
    assert [name for name, docstring in DOCSTRINGS.items() if not docstring] == []


def test_no_module_lists_its_imports_in_its_docstring() -> None:
    """The tests above check imports, and a list in prose becomes outdated."""
    assert [name for name, docstring in DOCSTRINGS.items() if re.search(r"\bImports\b", docstring)] == []
