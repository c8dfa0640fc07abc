"""Checks the version of the Pulumi CLI and the project's name before the program declares anything.

The engine creates resources that are declared before an error, so these checks come first.
"""

import re
from pathlib import Path
from typing import Final, cast

import pulumi
import yaml

_PROJECT_FILE = Path(__file__).parents[1] / "Pulumi.yaml"

# The one in C is ten times faster. Some builds of PyYAML lack it.
_Loader: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Amazon S3 bucket names have at most 63 characters. The longest name here is the bucket's,
# PROJECT-processor-firehose-bucket-1a2b3c4. Roles and functions may have 64, and their names are shorter.
LONGEST_PROJECT_NAME: Final = 63 - len("-processor-firehose-bucket-1a2b3c4")

# AWS CloudFormation stack names: letters, digits and hyphens, a letter first. Pulumi's project names may also
# have _ (not allowed in bucket names) and . (not allowed in names of queues and functions).
_PROJECT_NAME = re.compile(rf"[A-Za-z][A-Za-z0-9-]{{0,{LONGEST_PROJECT_NAME - 1}}}")


class PrerequisiteError(pulumi.RunError):
    """A prerequisite is missing. The message says in one line which, and how to fix it."""


def check(project_name: str) -> None:
    """Check the Pulumi CLI and the project's name. Raises PrerequisiteError."""
    _check_cli(cast("dict[str, str]", yaml.load(_PROJECT_FILE.read_text("utf-8"), _Loader)))  # noqa: S506 - a safe one
    if not _PROJECT_NAME.fullmatch(project_name):
        raise PrerequisiteError(
            f"Pulumi.yaml: name: {project_name!r} begins the names of buckets, functions and CloudFormation "
            f"stacks: a letter, then letters, digits and -, at most {LONGEST_PROJECT_NAME} of them. "
            "Set such a name."
        )


def _check_cli(project: dict[str, str]) -> None:
    """Check requiredPulumiVersion, which CLIs before 3.219 ignore."""
    required = project.get("requiredPulumiVersion")
    if required is None:
        return
    try:
        pulumi.require_pulumi_version(required)
    except Exception as error:
        raise PrerequisiteError(
            f"gtm-pixel needs the Pulumi CLI {required}: {str(error).removesuffix('.')}. Upgrade it: "
            "https://www.pulumi.com/docs/install/"
        ) from None
