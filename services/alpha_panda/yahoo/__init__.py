"""What is shared by all that asks Yahoo: its client, its names of instruments, and the pace at which it is asked."""
