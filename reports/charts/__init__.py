"""Which figures a chart shows, and the one drawer of charts."""
