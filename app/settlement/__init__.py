"""What is owed and paid: the ledger, settlements, advances, payouts, statements."""
