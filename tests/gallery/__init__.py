"""Every page of the help desk, with a desk behind it that is being worked on."""
