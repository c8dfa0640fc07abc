"""Facts that the program, the handler, the GTM kit and the import share: names, limits and rules."""
