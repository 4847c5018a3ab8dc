"""The events of Alpha Panda: their envelope, their ids, their shapes and the topics they travel on."""
