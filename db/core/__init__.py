"""What everything else in db stands on: tables, engine, canonical JSON, codebook, transcript content, audit log, errors."""
