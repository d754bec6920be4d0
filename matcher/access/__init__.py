"""Who somebody is and what they may do: passwords, logins, keys, the gate, limits, the audit log."""
