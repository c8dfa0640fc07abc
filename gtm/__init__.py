"""The Google Tag Manager kit: a container to import, a custom template, a stand-in that runs a container."""
