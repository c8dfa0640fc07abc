"""What a command works with: its arguments, the stack, AWS and the screen."""

import argparse
import time
from collections.abc import Callable, Mapping
from functools import cached_property

from ops.aws import Aws
from ops.outputs import Source, read_source
from ops.screen import Screen
from ops.stack import Stack, stack_of


class Context:
    """Reads the stack's outputs when a command first asks for them; a command without a stack never does."""

    def __init__(
        self,
        options: argparse.Namespace,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`clock` counts seconds since 1970."""
        self.options = options
        self.screen = Screen(as_json=options.json)
        self.clock = clock
        self.sleep = sleep

    @property
    def dry_run(self) -> bool:
        return getattr(self.options, "dry_run", False)

    @cached_property
    def _source(self) -> Source:
        return read_source(self.options)

    @property
    def variables(self) -> Mapping[str, str] | None:
        """Those of a local run's AWS; None: AWS itself. Raises UsageError."""
        return None if self.options.local is None else self._source.variables

    @cached_property
    def stack(self) -> Stack:
        """Raises UsageError."""
        return stack_of(self._source.outputs)

    @cached_property
    def aws(self) -> Aws:
        """The account of the stack. Raises UsageError."""
        return Aws(self.stack.region, self._source.variables)

    @property
    def is_local(self) -> bool:
        """Whether the stack is a local run."""
        return self._source.variables is not None

    def close(self) -> None:
        if "aws" in vars(self):
            self.aws.close()
