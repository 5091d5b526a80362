"""What a report says, as typed blocks without any markup."""
