"""The execution environment of a Lambda function: loads the handler and runs one invocation at a time.

Started by `lambda_runtime` as a process of its own with nothing but the standard library and the
function's archive to import from. Requests and answers are JSON lines on two pipes, whose descriptors are
the arguments; what the handler prints stays on stdout and stderr. Ends when the request pipe closes,
that is also when the parent dies.
"""

import importlib
import json
import os
import queue
import sys
import threading
import time
import traceback

END_OF_LOG = "\x1e"  # this and the request id, alone on a line of stdout, end the log of an invocation


class LambdaContext:
    """What a handler learns about its invocation, as far as the Python runtime of Lambda tells it."""

    identity = None
    client_context = None

    def __init__(self, request_id, arn, deadline):
        self.aws_request_id = request_id
        self.invoked_function_arn = arn
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]  # text there, too
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline = deadline

    def get_remaining_time_in_millis(self):
        return max(int((self._deadline - time.monotonic()) * 1000), 0)


def main(request_descriptor, answer_descriptor):
    requests = queue.SimpleQueue()
    threading.Thread(target=_read, args=(request_descriptor, requests), daemon=True).start()
    with os.fdopen(answer_descriptor, "w", encoding="utf-8") as answers:
        handler, failure = _load(os.environ["_HANDLER"])
        _answer(answers, failure or {"ready": True})
        while handler:
            request = requests.get()
            answer = _invoke(handler, request)
            sys.stdout.flush()
            sys.stderr.flush()
            os.write(1, f"\n{END_OF_LOG}{request['request_id']}\n".encode())
            _answer(answers, answer)


def _read(descriptor, requests):
    with os.fdopen(descriptor, "rb") as lines:
        for line in lines:
            requests.put(json.loads(line))
    os._exit(0)


def _load(name):
    """The handler function and None, or None and what is wrong with it."""
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    module, _, function = name.rpartition(".")
    try:
        return getattr(importlib.import_module(module), function), None
    except ImportError as error:
        return None, _failure(
            error, "Runtime.ImportModuleError", f"Unable to import module '{module}': {error}"
        )
    except AttributeError as error:
        return None, _failure(error, "Runtime.HandlerNotFound", f"Handler '{function}' missing on '{module}'")
    except Exception as error:
        return None, _failure(error, type(error).__name__, str(error))


def _invoke(handler, request):
    deadline = time.monotonic() + request["timeout"]
    try:
        payload = handler(request["event"], LambdaContext(request["request_id"], request["arn"], deadline))
    except Exception as error:
        return _failure(error, type(error).__name__, str(error))
    try:
        return {"payload": json.loads(json.dumps(payload))}
    except (TypeError, ValueError) as error:
        return _failure(error, "Runtime.MarshalError", f"Unable to marshal response: {error}")


def _failure(error, error_type, message):
    """An error as the parent wants it; the log gets it with its stack, as CloudWatch Logs would."""
    root = os.environ["LAMBDA_TASK_ROOT"] + os.sep
    stack = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in stack if frame.filename.startswith(root)]
    log = {"level": "ERROR", "errorType": error_type, "errorMessage": message, "stackTrace": stack.format()}
    sys.stderr.write(json.dumps(log) + "\n")
    sys.stderr.flush()
    place = f"{own[-1].filename.removeprefix(root)}:{own[-1].lineno}" if own else ""
    return {"error_type": error_type, "message": message, "place": place}


def _answer(answers, answer):
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
