"""Facts that the program, the handler, the GTM kit and the import share."""
