"""PostgreSQL and Valkey of our own, for where nobody has set up servers."""
