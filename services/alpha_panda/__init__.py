"""Alpha Panda: algorithmic trading for Indian markets on one Kafka log."""
