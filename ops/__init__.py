"""Operator commands: what is going on in a stack, and what to do about it (`python -m ops`, docs/ops.md).

A command is one module in commands/, with one `COMMAND` that names it, adds its arguments and runs it. It
becomes part of the command line by its line in commands/__init__.py. It gets a Context: the stack (typed
outputs), AWS (errors as one line), and the screen (tables, progress, JSON). What can be decided without AWS
is in a pure module beside it: dead_letters, redrive, attention, journey.

    command, context             the parts that every command uses
    outputs, stack               where the outputs come from, and what they say
    aws, screen                  the only modules that call AWS or print
    confirmation                 a question before what cannot be undone
    interrupts, new_file         Ctrl-C between two steps, and files that are whole or not there
    durations, counts            `90s`, `2h`, `14d`; whole numbers from 1, `1 message`
    functions                    the functions and the event source, as they are deployed
    metrics                      numbers of CloudWatch, by metric and by its parts
    queues, logs, destinations   reading of the dead-letter queue, the logs, and what destinations have
    dead_letters, redrive        dead letters by reason; which to send again, and at what rate
    event_bucket, traffic        the files of recorded events, and how many there are of each event type
    replay, replay_position      records of the bucket as messages, and how far a replay is
    status_report, attention     what `status` shows, and what of it needs a person
    prices, cost_model           what a stack costs; cost_tables writes the tables of docs/costs.md
    stack_settings               a stack's settings file; cost_settings takes from it what costs depend on
    capacity                     how much a stack takes; capacity_tables writes those of docs/scaling.md
    journey, following           what became of a test event, hop by hop
    event_request                a request to the events URL
    domain_stats                 how many profiles a domain has, as it counts them
    token_file                   a token from a file or standard input
    examined, checks, one_event  what `doctor` looks at, before and after a deployment, and with one event
    finding, quota_checks        what a check of `doctor` has found, and the checks of quotas
    token_check                  what the authorizer would say of a token, with its own code (handler.tokens)
    profiles, remains            the profiles of a customer, and what no command deletes of one

A new command: write commands/NAME.py, add it to the list, describe it in docs/ops.md, and test it in
tests/ops/ against the local run under policies/operator.json. What changes something is `changes=True`, which
gives it `--dry-run`. Exit statuses are in errors.py.
"""
