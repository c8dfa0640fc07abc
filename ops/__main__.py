"""`python -m ops` operates a stack: docs/ops.md, or `python -m ops --help`."""

from bootstrap import python_version  # first: refuses a Python in which the rest may not even parse

if __name__ == "__main__":
    python_version.refuse_without("boto3", "jwt", "rich")

# isort: split
import sys

from ops.command_line import main

if __name__ == "__main__":
    sys.exit(main())
