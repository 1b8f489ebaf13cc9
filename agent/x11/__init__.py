"""The X11 platform: damage-driven capture, the pointer's shape, mouse and keyboard through XTEST."""
