"""Who: organisations, people, their roles, membership, consent and mandate, sign-in."""
