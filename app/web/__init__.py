"""What people see in a browser, and what machines ask of the process."""
