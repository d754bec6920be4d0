"""What the service remembers: users, logins, keys, saved companies, history, jobs, files, audit."""
