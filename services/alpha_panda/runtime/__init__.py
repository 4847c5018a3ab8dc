"""What every service is assembled with: settings, logs, metrics, stores and the stream loop."""
