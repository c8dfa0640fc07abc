"""The Google Tag Manager kit: writes containers that GTM imports.

plan            the contents of a container: events, parameters, consent
plan_file       reads a plan from gtm.yaml
plan_sources    finds a plan: gtm.yaml, an earlier container, or flags
container       a plan as a container export, and back
custom_template template/template.tpl, allowed to call one host
__main__        the command line
fake_gtm.js     runs an exported container in a page, for tests and the local run
demo.html       a page on which to try your own container
"""
