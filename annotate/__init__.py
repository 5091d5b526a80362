"""The desk: where annotators and adjudicators read transcripts blind and label them."""
