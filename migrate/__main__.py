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
from cli import interrupts

if __name__ == "__main__":
    interrupts.end_at_once()  # the SDK takes a second to import

# isort: split
import sys
from collections.abc import Sequence

from cli import ending
from cli.arguments import Parser
from cli.errors import FailedError, UsageError
from migrate.commands import check_domain, endpoints
from migrate.customer_profiles import SetupError
from migrate.import_state import StateError
from migrate.pinpoint_export import ExportError
from migrate.staging import StagingError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    return ending.run(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        options = _parser().parse_args(arguments)
        return options.run(options)
    except StateError as error:
        raise UsageError(str(error)) from None
    except (ExportError, SetupError, StagingError) as error:
        raise FailedError(str(error)) from None


def _parser() -> Parser:
    parser = Parser(prog="python -m migrate", description="Leave Amazon Pinpoint (docs/leaving-pinpoint.md).")
    commands = parser.add_subparsers(required=True, metavar="endpoints|check-domain")
    endpoints.add_arguments(
        commands.add_parser("endpoints", help="import an endpoint export into Customer Profiles")
    )
    check_domain.add_arguments(
        commands.add_parser("check-domain", help="warn of settings that would cause trouble; changes nothing")
    )
    return parser


if __name__ == "__main__":
    sys.exit(ending.exit_status(main))
