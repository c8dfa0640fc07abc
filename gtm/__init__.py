"""The Google Tag Manager kit: a container to import, a custom template, a fake GTM that runs a container."""
