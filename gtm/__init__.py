"""The Google Tag Manager kit: writes containers that GTM imports.

plan             the contents of a container: events, parameters, consent
variables        where a parameter's value comes from
limits           what a stack's destinations accept of a tag
plan_warnings    what is allowed in a plan but probably not intended
stack_outputs    what a stack says of itself; stack_comparison holds a plan against it
plan_error       the error of a plan that would be invalid
ga4              the tags of Google Analytics 4's recommended events; ga4_docs writes their table
plan_file        reads a plan from gtm.yaml; tag_reader reads its events, yaml_document finds its problems
plan_sources     finds a plan: gtm.yaml, an earlier container, or flags
own_container    reads somebody's own container, and writes the gtm.yaml that sends the same events
command_files    reads and writes the files of the command line
inspect_command  the command line of own_container
container        a plan as a container export, and back; export_variables and export_parts are its parts
item_functions   the Custom JavaScript that makes lists and counts of items
functions_script a container's Custom JavaScript as a script file
custom_template  template/template.tpl, allowed to call one host
__main__         the command line
fake_gtm.js      runs an exported container in a page, for tests and the local run
demo.html        a page on which to try your own container
"""
