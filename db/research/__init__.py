"""Studies read back with verdicts and models, for the researcher; the desk never imports it."""
