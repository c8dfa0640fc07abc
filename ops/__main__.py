"""`python -m ops` operates a stack: docs/ops.md, or `python -m ops --help`."""

from bootstrap import python_version  # first: refuses a Python in which the rest may not even parse

if __name__ == "__main__":
    python_version.refuse_without("boto3", "jwt", "rich")

# isort: split
from cli import interrupts

if __name__ == "__main__":
    interrupts.end_at_once()  # the SDK takes a second to import

# isort: split
import sys

from cli.ending import exit_status
from ops.command_line import main

if __name__ == "__main__":
    sys.exit(exit_status(main))
