"""`python -m migrate`: moves endpoints from Amazon Pinpoint to Amazon Connect Customer Profiles.

    python -m migrate check-domain --outputs outputs.json
    python -m migrate endpoints EXPORT --key endpoint-id --outputs outputs.json
    python -m migrate endpoints EXPORT --key user-id --attributes plan,loyalty_tier --dry-run
    python -m migrate endpoints EXPORT --key user-id --attributes plan,loyalty_tier --csv profiles.csv

Results go to standard output, everything else to standard error; neither shows an address, an id or a value
of an endpoint. Exit status: 0 done; 1 failed, or something was refused, missing or warned of; 2 wrong usage;
130 interrupted.
"""

from bootstrap import python_version  # first: refuses a Python in which the rest may not even parse

if __name__ == "__main__":
    python_version.refuse_without("tqdm")

# isort: split
import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from migrate.commands import check_domain, endpoints
from migrate.commands.errors import FAILED, INTERRUPTED, USAGE_ERROR, FailedError, UsageError
from migrate.customer_profiles import SetupError
from migrate.import_state import StateError
from migrate.pinpoint_export import ExportError
from migrate.staging import StagingError


class _Parser(argparse.ArgumentParser):
    """Reports a wrong argument in one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (python -m migrate --help)")


def main(arguments: Sequence[str] | None = None) -> int:
    try:
        options = _parser().parse_args(arguments)
        return options.run(options)
    except (UsageError, StateError) as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE_ERROR
    except (FailedError, ExportError, SetupError, StagingError) as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m migrate", description="Leave Amazon Pinpoint (docs/leaving-pinpoint.md)."
    )
    commands = parser.add_subparsers(required=True, metavar="endpoints|check-domain")
    endpoints.add_arguments(
        commands.add_parser("endpoints", help="import an endpoint export into Customer Profiles")
    )
    check_domain.add_arguments(
        commands.add_parser("check-domain", help="warn of settings that would cause trouble; changes nothing")
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
