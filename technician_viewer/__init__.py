"""The technician's side of a session: a headless client, a command line, and the browser viewer."""
