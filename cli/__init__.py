"""What the command lines of gtm, migrate, ops and the local run share. Standard library only.

errors         how a command ends early, and the exit statuses
ending         runs a command: errors become one line, and so do Ctrl-C, a closed pipe and a full disk
interrupts     Ctrl-C before a command runs, and after it
arguments      the parser of a command's arguments
output         lines for people, and content for files
printable      what a terminal may show
files          reads files, and standard input as one
stack_outputs  reads the output of `pulumi stack output --json`
"""
