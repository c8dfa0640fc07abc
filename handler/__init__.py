"""The code of the Lambda functions: processor.py and authorizer.py are the entry points."""
