"""Reads the export of somebody's own web container and writes the gtm.yaml that sends the same events.

Pure. Real exports differ, so nothing here trusts their shape: what cannot be read is passed over and named.

export_file     the text of an export as its parts, or an error of one line
parts           one object of an export, and how names are shown
triggers        the custom events on which a trigger fires
values          what {{a variable}} in a tag's field reads
ga4_tags        the settings of GA4 event tags and Google tags
sent_parameters what gtm-pixel's tag sends in place of a GA4 event tag
customer        which variable says who the customer is
passed_over     what was not read, each part named once
findings        what was found
reading         the whole container: what was found and what was passed over
plan_text       the gtm.yaml, with comments
report          what was found, for a terminal
"""
