"""Long, resumable work: attempts and judgings."""
