"""The long frame, checked and coded; gold and the treatment of unsure."""
