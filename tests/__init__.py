"""The tests. Folders are named after the packages that they test; files here test several packages together.

Start with `runs` for local runs, `recording` for what the program declares, `hostile` and `forged_tokens` for
input that must do no harm. `kinds` sorts tests into unit, local and browser.
"""
