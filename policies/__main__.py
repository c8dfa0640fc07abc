"""`python -m policies NAME` prints a policy, filled in from the stack outputs on standard input."""

from bootstrap import python_version  # noqa: F401  # pyright: ignore[reportUnusedImport] - refuses an old Python

# isort: split
import json
import sys
from collections.abc import Sequence

from policies import policy

_USAGE_ERROR = 2


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in policy.names():
        print(
            f"error: name one policy, {' or '.join(policy.names())}: "
            "pulumi stack output --json | .venv/bin/python -m policies NAME",
            file=sys.stderr,
        )
        return _USAGE_ERROR
    try:
        outputs = json.load(sys.stdin)
        filled_in = policy.fill_in(policy.read(arguments[0]), outputs)
    except (ValueError, LookupError, TypeError):
        print("error: give the output of pulumi stack output --json on standard input", file=sys.stderr)
        return _USAGE_ERROR
    print(json.dumps(filled_in, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
