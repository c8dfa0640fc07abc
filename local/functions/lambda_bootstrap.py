"""Runs in the process of a Lambda function: loads the handler and runs one invocation at a time.

It can import only the standard library and the function's archive. Requests and responses are JSON lines on
two pipes, whose descriptors are the arguments; stdout and stderr are the handler's. The process ends when the
request pipe closes, so also when its parent dies.
"""

import importlib
import json
import os
import queue
import sys
import threading
import time
import traceback

END_OF_LOG = "\x1e"  # on a line of stdout with the request id, ends the log of an invocation


class LambdaContext:
    """The context object of the Python runtime of Lambda."""

    identity = None
    client_context = None

    def __init__(self, request_id, arn, deadline):
        self.aws_request_id = request_id
        self.invoked_function_arn = arn
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]  # a string on Lambda, too
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline = deadline

    def get_remaining_time_in_millis(self):
        return max(int((self._deadline - time.monotonic()) * 1000), 0)


def main(request_descriptor, response_descriptor):
    requests = queue.SimpleQueue()
    threading.Thread(target=_read, args=(request_descriptor, requests), daemon=True).start()
    with os.fdopen(response_descriptor, "w", encoding="utf-8") as responses:
        handler, failure = _load(os.environ["_HANDLER"])
        _respond(responses, failure or {"ready": True})
        while handler:
            request = requests.get()
            response = _invoke(handler, request)
            sys.stdout.flush()
            sys.stderr.flush()
            os.write(1, f"\n{END_OF_LOG}{request['request_id']}\n".encode())
            _respond(responses, response)


def _read(descriptor, requests):
    with os.fdopen(descriptor, "rb") as lines:
        for line in lines:
            requests.put(json.loads(line))
    os._exit(0)


def _load(name):
    """The handler function and None, or None and the error."""
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
    """The error for the parent. The log gets it with its stack trace, as on Lambda."""
    root = os.environ["LAMBDA_TASK_ROOT"] + os.sep
    stack = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in stack if frame.filename.startswith(root)]
    log = {"level": "ERROR", "errorType": error_type, "errorMessage": message, "stackTrace": stack.format()}
    sys.stderr.write(json.dumps(log) + "\n")
    sys.stderr.flush()
    place = f"{own[-1].filename.removeprefix(root)}:{own[-1].lineno}" if own else ""
    return {"error_type": error_type, "message": message, "place": place}


def _respond(responses, response):
    responses.write(json.dumps(response) + "\n")
    responses.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
