"""Which figures a chart shows, and two ways to draw it."""
