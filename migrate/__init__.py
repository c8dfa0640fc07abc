"""Leaving Amazon Pinpoint: import its endpoint export into Amazon Connect Customer Profiles.

Reading the export:  pinpoint_export (files), records (JSON lines and CSV), endpoints (one endpoint)
Sorting it:          staging (by customer, on disk), profiles (one customer as a profile object)
Sending it:          customer_profiles (AWS calls), delivery (rates and retries), import_run, import_state
Reporting:           import_log (counts and skipped lines), spot_check, summary, domain_check
Command line:        __main__, commands/
"""
