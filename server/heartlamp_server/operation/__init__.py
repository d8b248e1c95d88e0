"""What who runs the server needs: backups, restoring them, and a look at whether all is well."""
