"""HTTP/1.1 from the asking side, as much of it as the county's gateway needs: bytes in, bytes out, no socket."""
