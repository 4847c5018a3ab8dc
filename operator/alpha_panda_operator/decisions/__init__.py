"""What is to be done, from what is and what should be: pure, the time among the inputs."""
