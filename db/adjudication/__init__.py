"""What an adjudicator sees and decides, through the blind connection."""
