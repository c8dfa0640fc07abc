"""The component resources that __main__.py composes.

They take plain arguments and import neither settings nor handler; handler files are packaged by path.
"""
