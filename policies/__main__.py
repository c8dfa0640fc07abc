"""`python -m policies NAME` prints a policy, filled in from what Pulumi says of a stack on standard input."""

from bootstrap import python_version  # noqa: F401  # pyright: ignore[reportUnusedImport] - refuses an old Python

# isort: split
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from policies import deployer, policy

_USAGE_ERROR = 2

_PROJECT = Path(__file__).parents[1] / "Pulumi.yaml"


def main(arguments: Sequence[str]) -> int:
    match list(arguments):
        case [name, "--account", account] if name in deployer.POLICIES and re.fullmatch(r"\d{12}", account):
            source = "pulumi config --json"
        case [name] if name in policy.names() and name not in deployer.POLICIES:
            source, account = "pulumi stack output --json", ""
        case _:
            return _error(
                f"name one policy, {' or '.join(policy.names())}, and for a deployer's the account, "
                "as in: pulumi config --json | .venv/bin/python -m policies deployer --account 123456789012"
            )
    try:
        given = json.load(sys.stdin)
        filled_in = (
            policy.filled(policy.read(name), _deployment(given, account))
            if account
            else policy.fill_in(policy.read(name), given)
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        return _error(f"give the output of {source} on standard input")
    print(json.dumps(filled_in, indent=2))
    return 0


def _deployment(config: dict[str, Any], account: str) -> dict[str, str]:
    """The deployer's values; a secret setting has no value in the output of Pulumi."""
    clear = {key: str(entry["value"]) for key, entry in config.items() if "value" in entry}
    (project,) = re.findall(r"^name: *(\S+)", _PROJECT.read_text(encoding="utf-8"), re.MULTILINE)
    return deployer.values(clear, project=project, account=account)


def _error(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return _USAGE_ERROR


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
