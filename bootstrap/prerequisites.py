"""What has to hold before the program declares anything: the CLI's version, and the project's name.

What is declared before an error is created, so these come first.
"""

import re
from pathlib import Path
from typing import Final, cast

import pulumi
import yaml

_PROJECT_FILE = Path(__file__).parents[1] / "Pulumi.yaml"

# Amazon S3 bucket names have at most 63 characters. The longest name here is that of the bucket,
# PROJECT-processor-firehose-bucket-1a2b3c4; the names of roles and functions (64) end sooner.
LONGEST_PROJECT_NAME: Final = 63 - len("-processor-firehose-bucket-1a2b3c4")

# AWS CloudFormation stack names: letters, digits and hyphens, a letter first. Pulumi's project names may also
# hold _ and ., the first of which buckets cannot have, the second neither queues nor functions.
_PROJECT_NAME = re.compile(rf"[A-Za-z][A-Za-z0-9-]{{0,{LONGEST_PROJECT_NAME - 1}}}")


class PrerequisiteError(pulumi.RunError):
    """Something that has to be there is not; the message says what, and what to do, in one line."""


def check(project_name: str) -> None:
    """Check the Pulumi CLI and the project's name. Raises PrerequisiteError."""
    _check_cli(cast("dict[str, str]", yaml.safe_load(_PROJECT_FILE.read_text("utf-8"))))
    if not _PROJECT_NAME.fullmatch(project_name):
        raise PrerequisiteError(
            f"Pulumi.yaml: name: {project_name!r} begins the names of buckets, functions and CloudFormation "
            f"stacks: a letter, then letters, digits and -, at most {LONGEST_PROJECT_NAME} of them. "
            "Set such a name."
        )


def _check_cli(project: dict[str, str]) -> None:
    """The same check as the CLI's own of requiredPulumiVersion, which CLIs before 3.219 pass over."""
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
