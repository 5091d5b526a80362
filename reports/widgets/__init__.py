"""What pages and forms of the console share."""
