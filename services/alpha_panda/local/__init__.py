"""The embedded platform: Kafka, Redis and PostgreSQL as processes of this machine, made from a plan.

One run is one data directory (`Layout`). `Stores` finds or fetches the programs, starts all three on
127.0.0.1 and stops them; `provision` makes topics, users, permissions and tables what the plan says.
"""
