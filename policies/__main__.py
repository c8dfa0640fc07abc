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
    # No match statement: an old Python has to read this file, to say that it is too old.
    name, option, account = (*arguments, "", "", "")[:3]
    is_deployers = name in deployer.POLICIES
    if len(arguments) == 3 and is_deployers and option == "--account" and re.fullmatch(r"\d{12}", account):
        source = "pulumi config --json"
    elif len(arguments) == 1 and not is_deployers and name in policy.names():
        source = "pulumi stack output --json"
    else:
        return _error(
            f"name one policy, {' or '.join(policy.names())}, and for a deployer's the account, "
            "as in: pulumi config --json | .venv/bin/python -m policies deployer --account 123456789012"
        )
    try:
        given = json.loads(sys.stdin.buffer.read())
        filled_in = (
            policy.filled(policy.read(name), _deployment(given, account))
            if account
            else policy.fill_in(policy.read(name), given)
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
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
