"""The web side of the local run: `front` routes requests, `page/` is the page, `http_server` serves both.

`demo_container` makes the GTM containers that the page runs and offers, and `container_views` serves them.
"""
