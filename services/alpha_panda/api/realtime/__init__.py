"""What happens, told to browsers and programs as it happens: one hub, many listeners."""
