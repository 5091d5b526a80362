"""What the desk asks and writes through the blind connection: items, labels, drafts, stages."""
