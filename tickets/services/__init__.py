"""What the help desk does, one service for each noun; every method asks the table of rights."""
