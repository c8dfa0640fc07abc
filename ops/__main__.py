"""`python -m ops` operates a stack: docs/ops.md, or `python -m ops --help`."""

from bootstrap import python_version  # first: refuses a Python in which the rest may not even parse

if __name__ == "__main__":
    python_version.refuse_without("boto3", "jwt", "rich")

# isort: split
import signal
import sys

from ops.errors import INTERRUPTED

try:
    from ops.command_line import main
except KeyboardInterrupt:  # the SDK takes a second
    print("interrupted", file=sys.stderr)
    sys.exit(INTERRUPTED)

if __name__ == "__main__":
    status = main()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # one that comes now would change the exit status
    sys.exit(status)
